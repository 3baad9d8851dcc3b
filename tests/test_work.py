"""The student's own copy: made, kept, brought up to date, and looked through."""

import io
import json
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path
from unittest.mock import Mock

from tests.conftest import write
from tools import progress, update, work

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

COURSE, MINE = Path("notebooks/01_first.ipynb"), Path("work/01_first.ipynb")
LAB, MY_LAB = Path("notebooks/labs/01_lab.ipynb"), Path("work/labs/01_lab.ipynb")
NEWER = Path("work/01_first_new_version.ipynb")


def source(path):
    return [cell.source for cell in nbformat.read(path, as_version=4).cells[1:]]


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Work in a course of two notebooks, its folder with a blank and an umlaut."""
    root = tmp_path / "Ünits & more"
    for name in COURSE, LAB, "notebooks/Untitled.ipynb", "notebooks/01_a-Copy1.ipynb":
        write(root / name, "old")
    (root / "course.py").write_text("old")
    live_in(root, monkeypatch)
    return root


def live_in(root, monkeypatch):
    monkeypatch.chdir(root)
    monkeypatch.setattr(update, "ROOT", root)
    monkeypatch.setattr(update, "refresh", refresh)


def refresh():
    return work.refresh(Path("notebooks").absolute(), Path("work").absolute())


# --- the copy ----------------------------------------------------------------


def test_the_course_is_copied_and_what_is_deleted_comes_back(root):
    assert refresh() == [("01_first.ipynb", "new"), ("labs/01_lab.ipynb", "new")]
    assert {*Path("work").rglob("*.ipynb")} == {MINE, MY_LAB}
    assert refresh() == []
    metadata = json.loads(MINE.read_text())["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"
    assert metadata["language_info"]["version"], "JupyterLab would put it in"
    MINE.unlink()
    assert refresh() == [("01_first.ipynb", "new")]


def test_an_untouched_copy_follows_and_a_changed_one_is_kept(root):
    refresh()
    write(MINE, "my answer")
    kept = MINE.read_bytes()
    write(COURSE, "new")
    write(LAB, "new")
    said = "yours is kept; the new version is 01_first_new_version.ipynb"
    lab = ("labs/01_lab.ipynb", "brought up to date")
    assert refresh() == [("01_first.ipynb", said), lab]
    assert MINE.read_bytes() == kept
    assert source(NEWER) == source(MY_LAB) == ["new"]
    assert not Path("work/before_update").exists(), "nothing was lost"
    assert refresh() == [], "told once"


def test_a_copy_that_was_only_run_follows_and_its_outputs_are_put_aside(root):
    refresh()
    write(MINE, new_code_cell("old", outputs=[new_output("stream", text="mine\n")]))
    before = MINE.read_bytes()
    assert refresh() == []
    write(COURSE, "new")
    [(_, said)] = refresh()
    assert source(MINE) == ["new"]
    assert Path("work", said.rpartition(": ")[2]).read_bytes() == before


def test_nothing_is_ever_overwritten(root):
    refresh()
    for text in "one", "two", "three":
        write(MINE, f"my {text}")
        write(COURSE, text)
        refresh()
    beside = sorted(Path("work").glob("*new_version*"))
    assert [*map(source, beside)] == [["one"], ["two"], ["three"]]
    assert source(MINE) == ["my three"]


@pytest.mark.parametrize(
    ("name", "content"),
    [(work.KNOWN, "{]")]
    + [(MINE.name, text) for text in ("", "{]", "<<<<<<< HEAD", '{"cells": 3}')],
)
def test_a_broken_list_or_copy_costs_nothing(root, name, content):
    refresh()
    write(MINE, "my answer")
    Path("work", name).write_text(content)
    kept = MINE.read_bytes()
    write(COURSE, "new")
    refresh()
    assert MINE.read_bytes() == kept
    assert source(NEWER) == ["new"]


def test_a_full_disk_ends_in_one_sentence(root, monkeypatch):
    full = Mock(side_effect=OSError(28, "No space left on device"))
    monkeypatch.setattr(work.os, "replace", full)
    copy = work.refresh
    monkeypatch.setattr(work, "refresh", lambda: copy(root / "notebooks", root / "w"))
    with pytest.raises(SystemExit, match=r"make room on the disk.*nothing of yours"):
        work.main()
    assert not [*(root / "w").rglob("*.partial")]


# --- an update ---------------------------------------------------------------


@pytest.mark.parametrize("form", ["zip", "gztar", "folder"])
def test_an_archive_brings_the_course_and_the_copies_up_to_date(
    root, tmp_path, form, capsys
):
    new = tmp_path / "new" / "course-main"
    shutil.copytree(root, new)
    write(new / COURSE, "new")
    (new / "course.py").write_text("new")
    (new / "tools").mkdir()
    (new / "tools/added.py").write_text("added")
    archive = new.parent
    if form != "folder":
        archive = shutil.make_archive(tmp_path / "download", form, new.parent)
    refresh()
    write(MY_LAB, "my answer")
    assert update.main([str(archive)]) == 0
    assert "3 files of the course brought up to date." in capsys.readouterr().out
    assert Path("course.py").read_text() == "new"
    assert Path("tools/added.py").read_text() == "added"
    assert source(MINE) == ["new"] and source(MY_LAB) == ["my answer"]
    [aside] = Path("before_update").rglob("course.py")
    assert aside.read_text() == "old"


def test_what_is_no_course_is_refused_and_writes_nothing_elsewhere(root, tmp_path):
    (tmp_path / "bytes.zip").write_bytes(b"not an archive")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as file:
        file.writestr("readme.txt", "nothing")
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as file:
        info = tarfile.TarInfo("../outside.txt")
        info.size = 1
        file.addfile(info, io.BytesIO(b"x"))
    before = {*tmp_path.rglob("*")}
    for name, said in {
        "none.zip": "There is no",
        "bytes.zip": "no archive that can be read",
        "empty.zip": r"does not hold the course: course\.py is not in it",
        "evil.tar.gz": "no archive that can be read",
    }.items():
        with pytest.raises(SystemExit, match=said):
            update.main([str(tmp_path / name)])
    assert {*tmp_path.rglob("*")} == before


def git(folder, *command):
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
    done = subprocess.run(["git", *identity, *command], cwd=folder, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_a_clone_is_brought_up_to_date_with_git(root, tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match="download the newest course as an archive"):
        update.main([])
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    git(root, "init", "-b", "main")
    Path(".gitignore").write_text("work/\n")
    git(root, "add", ".")
    git(root, "commit", "-m", "one")
    git(tmp_path, "clone", root, "clone")
    write(COURSE, "new")
    git(root, "commit", "-am", "two")

    live_in(tmp_path / "clone", monkeypatch)
    refresh()
    write(MY_LAB, "my answer")
    write(COURSE, "mine")
    with pytest.raises(SystemExit, match=r"You have changed .*01_first\.ipynb"):
        update.main([])
    assert source(COURSE) == ["mine"]
    git(".", "restore", ".")
    git(".", "remote", "set-url", "origin", "https://127.0.0.1:9/course")
    with pytest.raises(SystemExit, match="check the connection"):
        update.main([])
    git(".", "remote", "set-url", "origin", root)
    assert update.main([]) == 0
    assert source(MINE) == ["new"] and source(MY_LAB) == ["my answer"]


# --- progress ----------------------------------------------------------------


def test_progress_counts_passed_checks_and_given_answers(root, monkeypatch, capsys):
    table = progress.progress
    monkeypatch.setattr(progress, "progress", lambda: table(Path("work")))

    def told():
        progress.main()
        return " ".join(capsys.readouterr().out.split())

    def answered(*answers, said=()):
        cells = [new_code_cell('check("1.1", {1: ...})', outputs=[*said])]
        for number, answer in enumerate(answers, start=1):
            cells.append(new_markdown_cell(f"## More\n\n### Exercise 1.{number} - Try"))
            cells.append(new_code_cell(answer, metadata={"tags": ["answer"]}))
        nbformat.write(new_notebook(cells=cells), MINE)

    with pytest.raises(SystemExit, match=r"'course\.py lab' makes it"):
        told()
    MINE.parent.mkdir()
    answered("# your answer", "# your answer")
    assert told().endswith("01_first 0 of 1 0 of 2 1.1, exercise 1.1")
    passed = new_output("stream", text="1 of 1 right (100%). Passed.\n")
    answered("1 + 1", "# your answer", said=[passed])
    assert told().endswith("01_first 1 of 1 1 of 2 exercise 1.2")
