"""Pages kept current, decks and their handouts, student copies."""

import re
import shutil
import subprocess
import sys

from tools import docs, notebooks, slides, student

import pytest


def test_the_pages_are_current():
    for name, text in {
        "errata.md": docs.errata_page(),
        "results.md": docs.results_page(),
        "instructors.md": docs.instructors_page(),
    }.items():
        stored = (docs.DOCS / name).read_text(encoding="utf-8")
        assert stored == text, "python3 course.py run --save brings it up to date"


def test_names_choose_notebooks():
    paths = notebooks.units()
    assert notebooks.choose(["2", "01"], paths) == [paths[1], paths[0]]
    assert notebooks.choose([str(paths[2]), "slides/03.md"], paths) == [paths[2]]
    with pytest.raises(SystemExit, match="9 is none of the notebooks here: 01_"):
        notebooks.choose(["9"], paths)


@pytest.mark.parametrize("name", ["chromium", "google-chrome-stable", "microsoft-edge"])
def test_an_installed_browser_is_found(name, tmp_path, monkeypatch):
    monkeypatch.setattr(slides.shutil, "which", {name: f"/opt/{name}"}.get)
    assert slides.find_browser() == f"/opt/{name}"


def test_a_browser_is_found_where_windows_and_macos_keep_it(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(slides.Path, "exists", lambda path: "Edge" in str(path))
    assert "Microsoft Edge.app" in slides.find_browser()
    monkeypatch.setattr(slides.Path, "exists", lambda path: "msedge" in str(path))
    monkeypatch.setenv("ProgramFiles(x86)", r"C:\Programs")
    found = r"C:\Programs\Microsoft\Edge\Application\msedge.exe"
    assert slides.find_browser() == found


def test_without_a_browser_that_starts_the_decks_are_written(
    tmp_path, monkeypatch, capsys
):
    deck, asked = tmp_path / "deck.html", []
    deck.write_text("<h1>A deck</h1>")
    monkeypatch.setattr(slides, "make_slides", lambda _, of: asked.extend(of) or [deck])
    monkeypatch.setattr(slides, "find_browser", lambda: None)
    assert slides.main(["2"]) == 0
    assert asked == [slides.find_decks()[1]]
    said = capsys.readouterr().out
    assert str(deck) in said and "install Chromium or Chrome" in said
    monkeypatch.setattr(slides, "find_browser", lambda: sys.executable)
    with pytest.raises(SystemExit, match="decks are written, their PDF handouts not"):
        slides.main([])


@pytest.fixture(scope="module")
def student_copy(tmp_path_factory):
    target = tmp_path_factory.mktemp("for students") / "notebooks"
    assert student.main([str(target)]) == 0
    return target


def test_a_student_copy_has_exercises_and_no_solutions(student_copy):
    copies = [*student_copy.rglob("*.ipynb")]
    assert len(copies) == len(notebooks.find_notebooks())
    cells = [cell for path in copies for cell in notebooks.read(path).cells]
    tags = {tag for cell in cells for tag in cell.metadata.get("tags", [])}
    assert {"exercise", "selfcheck"} <= tags and "solution" not in tags
    words = r"(?i)\b(its|worked|folded) solutions?\b|solutions? (below|are folded)"
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert not [text[:80] for text in prose if re.search(words, text)]


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


def test_a_student_copy_overwrites_nothing_and_stays_out_of_the_notebooks(tmp_path):
    (tmp_path / "mine.txt").write_text("my notes")
    inside = notebooks.NOTEBOOKS / "student"
    for target, said in {
        tmp_path: "name a new one",
        tmp_path / "mine.txt": "name a new one",
        inside: "inside the notebooks themselves",
    }.items():
        with pytest.raises(SystemExit, match=said):
            student.main([str(target)])
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert not inside.exists()
