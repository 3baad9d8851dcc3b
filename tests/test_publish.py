"""Pages kept current, decks and their handouts, student copies."""

import re
import stat
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


def test_a_student_copy_has_exercises_and_no_solutions(tmp_path, capsys):
    target = tmp_path / "for students"
    assert student.main([str(target)]) == 0
    copies = [*target.rglob("*.ipynb")]
    assert len(copies) == len(notebooks.find_notebooks())
    tags = [
        tag
        for path in copies
        for cell in nbformat.read(path, as_version=4).cells
        for tag in cell.metadata.get("tags", [])
    ]
    assert "exercise" in tags and "selfcheck" in tags
    assert "solution" not in tags


def test_a_student_copy_overwrites_nothing(tmp_path):
    (tmp_path / "mine.txt").write_text("my notes")
    with pytest.raises(SystemExit, match="is not empty: name a new folder"):
        student.main([str(tmp_path)])
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_student_copy_needs_a_folder(capsys):
    with pytest.raises(SystemExit):
        student.main([])
    assert "required: folder" in capsys.readouterr().err
