"""Pages kept current, decks and their handouts, student copies."""

import re
import shutil
import subprocess
import sys

from tools import docs, notebooks, slides, student

import nbformat
import pytest


def test_the_pages_are_current():
    for name, text in {
        "errata.md": docs.errata_page(),
        "results.md": docs.results_page(),
        "instructors.md": docs.instructors_page(),
    }.items():
        stored = (docs.DOCS / name).read_text(encoding="utf-8")
        assert stored == text, "python3 course.py run --save brings it up to date"


def test_a_plan_is_read_from_a_deck(tmp_path):
    deck = tmp_path / "deck.md"
    deck.write_text(
        "# A deck\n\n### First\n\n:::{notes} 2\nSay.\n:::\n\n## 9.1 A section\n\n"
        ":::{notes} 0.5\nSay.\n:::\n\n### Second\n\n::::{columns} 1 1\n"
        ":::{poll} 9.1/1\nWhy?\n+++\nBecause.\n:::\n+++\nmore\n::::\n\n"
        ":::{live} id\nTurn it.\n:::\n\n:::{notes} 1\nSay.\n:::\n",
        encoding="utf-8",
    )
    assert docs.read_plan(deck) == (
        "A deck",
        [
            {"section": "opening", "minutes": 2},
            {
                "section": "9.1 A section",
                "minutes": 1.5,
                "poll": ["Why?"],
                "live": ["Turn it."],
            },
        ],
    )


def test_names_choose_notebooks():
    paths = notebooks.units()
    assert notebooks.choose(["2", "01"], paths) == [paths[1], paths[0]]
    assert notebooks.choose([str(paths[2]), "slides/03.md"], paths) == [paths[2]]
    with pytest.raises(SystemExit, match="9 is none of the notebooks here: 01_"):
        notebooks.choose(["9"], paths)


def stand_in(path, code):
    """A program that ends at once."""
    if sys.platform == "win32":
        pytest.skip("the stand-in is a shell script")
    path.write_text(f"#!/bin/sh\nexit {code}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("name", ["chromium", "google-chrome-stable", "microsoft-edge"])
def test_an_installed_browser_is_found(name, tmp_path, monkeypatch):
    browser = stand_in(tmp_path / name, 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert slides.find_browser() == str(browser)


def test_a_browser_is_found_where_windows_and_macos_keep_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(slides.Path, "exists", lambda path: "Edge" in str(path))
    assert "Microsoft Edge.app" in slides.find_browser()
    monkeypatch.setattr(slides.Path, "exists", lambda path: "msedge" in str(path))
    monkeypatch.setenv("ProgramFiles(x86)", r"C:\Programs")
    found = r"C:\Programs\Microsoft\Edge\Application\msedge.exe"
    assert slides.find_browser() == found


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Stands for a deck and what was asked for: building is tested elsewhere."""
    deck = tmp_path / "deck.html"
    deck.write_text("<h1>A deck</h1>")
    asked = []

    def make(target, sources):
        asked.extend(sources)
        return [deck]

    monkeypatch.setattr(slides, "make_slides", make)
    return deck, asked


def test_a_browser_that_does_not_start_costs_no_deck(written, tmp_path, monkeypatch):
    browser = stand_in(tmp_path / "chromium", 3)
    monkeypatch.setattr(slides, "find_browser", lambda: str(browser))
    with pytest.raises(SystemExit, match="decks are written, their PDF handouts not"):
        slides.main([])


def test_without_a_browser_a_sentence_says_so(written, monkeypatch, capsys):
    monkeypatch.setattr(slides, "find_browser", lambda: None)
    assert slides.main(["2"]) == 0
    deck, asked = written
    assert asked == [slides.find_decks()[1]]
    said = capsys.readouterr().out
    assert str(deck) in said and "install Chromium or Chrome" in said
    assert not deck.with_suffix(".pdf").exists()


@pytest.fixture(scope="module")
def student_copy(tmp_path_factory):
    target = tmp_path_factory.mktemp("for students") / "notebooks"
    assert student.main([str(target)]) == 0
    return target


def test_a_student_copy_has_exercises_and_no_solutions(student_copy):
    copies = [*student_copy.rglob("*.ipynb")]
    assert len(copies) == len(notebooks.find_notebooks())
    tags = [
        tag
        for path in copies
        for cell in nbformat.read(path, as_version=4).cells
        for tag in cell.metadata.get("tags", [])
    ]
    assert "exercise" in tags and "selfcheck" in tags
    assert "solution" not in tags


def test_a_student_copy_passes_the_tests_of_the_form(student_copy, tmp_path):
    """As the notebooks of a course: what is tested here is what students would see."""
    course = tmp_path / "course"
    kept = shutil.ignore_patterns(".git", ".venv", "data", "build", "work", "notebooks")
    shutil.copytree(notebooks.ROOT, course, ignore=kept)
    shutil.copytree(student_copy, course / "notebooks")
    command = [sys.executable, "-m", "pytest", "-n0", "-q", "-p", "no:cacheprovider"]
    command += ["tests/test_form.py", "tests/test_contract.py"]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def test_nothing_in_a_student_copy_speaks_of_solutions(student_copy):
    words = r"(?i)\b(its|worked|folded) solutions?\b|solutions? (below|are folded)"
    spoken = re.compile(words)
    faults = [
        f"{path.stem}: {cell.source[:80]!r}"
        for path in student_copy.rglob("*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "markdown" and spoken.search(cell.source)
    ]
    assert not faults


def test_a_student_copy_overwrites_nothing(tmp_path):
    (tmp_path / "mine.txt").write_text("my notes")
    with pytest.raises(SystemExit, match="name a new one"):
        student.main([str(tmp_path)])
    with pytest.raises(SystemExit, match="name a new one"):
        student.main([str(tmp_path / "mine.txt")])
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_student_copy_stays_out_of_the_notebooks():
    with pytest.raises(SystemExit, match="inside the notebooks themselves"):
        student.main([str(notebooks.NOTEBOOKS / "student")])
    assert not (notebooks.NOTEBOOKS / "student").exists()
