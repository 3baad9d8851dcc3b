"""Pages kept current, decks and their handouts, student copies."""

import re
import shutil
import stat
import subprocess
import sys

from tools import docs, notebooks, slides, student

import nbformat
import pytest


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    return slides.make_slides(tmp_path_factory.mktemp("slides"))


def test_the_pages_are_current():
    for name, text in {
        "errata.md": docs.errata_page(),
        "results.md": docs.results_page(),
    }.items():
        stored = (docs.DOCS / name).read_text(encoding="utf-8")
        assert stored == text, "python3 course.py run --save brings it up to date"


def test_a_deck_asks_nothing_of_the_network(decks):
    assert len(decks) == len(notebooks.units())
    for deck in decks:
        page = deck.read_text(encoding="utf-8")
        needed = re.findall(r'<(?:script|link)[^>]* (?:src|href)="([^"]+)"', page)
        assert needed
        assert not [name for name in needed if not (deck.parent / name).exists()]
        assert "<section" in page
    styles = (decks[0].parent / "reveal/dist/theme/white.css").read_text()
    assert "http" not in re.sub(r"/\*.*?\*/", "", styles, flags=re.DOTALL)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_an_installed_browser_is_found(tmp_path, monkeypatch):
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert slides.find_browser() == str(browser)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_a_browser_that_does_not_start_costs_no_deck(tmp_path, monkeypatch):
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\nexit 3\n")
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(slides, "find_browser", lambda: str(browser))
    monkeypatch.setattr(slides, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match="decks are written, their PDF handouts not"):
        slides.main()
    assert len([*tmp_path.glob("build/slides/*.html")]) == len(notebooks.units())


def test_without_a_browser_a_sentence_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(slides, "find_browser", lambda: None)
    monkeypatch.setattr(slides, "ROOT", tmp_path)
    assert slides.main() == 0
    assert "install Chromium or Chrome" in capsys.readouterr().out
    assert not [*tmp_path.rglob("*.pdf")]


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
    command += ["tests/test_form.py", "tests/test_lessons.py", "tests/test_contract.py"]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def test_nothing_in_a_student_copy_speaks_of_solutions(student_copy):
    spoken = re.compile(r"(?i)\b(its|the|their|open|folded|worked) solutions?\b(?! of)")
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
