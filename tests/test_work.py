"""The student's own copy: made, kept, brought up to date, and looked through."""

import io
import json
import shutil
import subprocess
import tarfile
import zipfile

from tools import progress, update, work

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output


def write(path, *sources):
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [new_markdown_cell("# Title"), *map(new_code_cell, sources)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, path)
    return path


def source(path):
    return [cell.source for cell in nbformat.read(path, as_version=4).cells[1:]]


def edit(path, text):
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].source = text
    nbformat.write(notebook, path)


def run(path):
    """Leave outputs, as somebody who runs a notebook and saves it."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].execution_count = 7
    notebook.cells[1].outputs = [new_output("stream", text="mine\n")]
    nbformat.write(notebook, path)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A course of two notebooks in a folder with a blank and an umlaut."""
    root = tmp_path / "Ünits & more"
    write(root / "notebooks/01_first.ipynb", "old")
    write(root / "notebooks/labs/01_lab.ipynb", "old")
    write(root / "notebooks/Untitled.ipynb", "a stray")
    write(root / "notebooks/01_first-Copy1.ipynb", "a duplicate")
    (root / "course.py").write_text("old")
    live_in(root, monkeypatch)
    return root


def live_in(root, monkeypatch):
    for module in work, update:
        monkeypatch.setattr(module, "ROOT", root)
    monkeypatch.setattr(update, "refresh", lambda: refresh(root))


def refresh(root):
    return work.refresh(root / "notebooks", root / "work")


def files(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*.ipynb")}


# --- the copy ----------------------------------------------------------------


def test_the_first_call_copies_the_course(root):
    assert refresh(root) == [("01_first.ipynb", "new"), ("labs/01_lab.ipynb", "new")]
    assert files(root / "work") == {"01_first.ipynb", "labs/01_lab.ipynb"}
    assert refresh(root) == []


def test_a_copy_names_the_kernel_as_jupyterlab_would(root):
    refresh(root)
    metadata = json.loads((root / "work/01_first.ipynb").read_text())["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"
    assert metadata["language_info"]["version"]


def test_an_untouched_copy_follows_and_a_changed_one_is_kept(root):
    refresh(root)
    mine = root / "work/01_first.ipynb"
    edit(mine, "my answer")
    kept = mine.read_bytes()
    for name in "01_first.ipynb", "labs/01_lab.ipynb":
        edit(root / "notebooks" / name, "new")
    said = dict(refresh(root))
    assert said["01_first.ipynb"] == (
        "yours is kept; the new version is 01_first_new_version.ipynb"
    )
    assert mine.read_bytes() == kept
    assert source(root / "work/01_first_new_version.ipynb") == ["new"]
    assert source(root / "work/labs/01_lab.ipynb") == ["new"]
    assert said["labs/01_lab.ipynb"] == "brought up to date"
    assert not (root / "work/before_update").exists(), "nothing was lost"
    assert refresh(root) == [], "told once"


def test_a_copy_that_was_only_run_follows_and_its_outputs_are_put_aside(root):
    refresh(root)
    mine = root / "work/01_first.ipynb"
    run(mine)
    before = mine.read_bytes()
    assert refresh(root) == []
    edit(root / "notebooks/01_first.ipynb", "new")
    [(_, said)] = refresh(root)
    assert source(mine) == ["new"]
    aside = root / "work" / said.rpartition(": ")[2]
    assert aside.read_bytes() == before


def test_nothing_is_ever_overwritten(root):
    refresh(root)
    mine = root / "work/01_first.ipynb"
    for text in "one", "two", "three":
        edit(mine, f"my {text}")
        edit(root / "notebooks/01_first.ipynb", text)
        refresh(root)
    beside = {name for name in files(root / "work") if "new_version" in name}
    assert [source(root / "work" / name) for name in sorted(beside)] == [
        ["one"],
        ["two"],
        ["three"],
    ]
    assert source(mine) == ["my three"]


def test_a_lost_list_costs_nothing(root):
    refresh(root)
    edit(root / "work/01_first.ipynb", "my answer")
    edit(root / "notebooks/01_first.ipynb", "new")
    (root / "work" / work.KNOWN).write_text("{]")
    refresh(root)
    assert source(root / "work/01_first.ipynb") == ["my answer"]
    assert source(root / "work/01_first_new_version.ipynb") == ["new"]


@pytest.mark.parametrize("state", ["", "{]", "<<<<<<< HEAD", '{"cells": 3}'])
def test_a_broken_copy_is_kept(root, state):
    refresh(root)
    (root / "work/01_first.ipynb").write_text(state)
    edit(root / "notebooks/01_first.ipynb", "new")
    refresh(root)
    assert (root / "work/01_first.ipynb").read_text() == state
    assert source(root / "work/01_first_new_version.ipynb") == ["new"]


def test_a_deleted_copy_comes_back(root):
    refresh(root)
    (root / "work/01_first.ipynb").unlink()
    assert refresh(root) == [("01_first.ipynb", "new")]


def test_a_full_disk_ends_in_one_sentence(root, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    copy = work.refresh
    monkeypatch.setattr(work.os, "replace", full)
    monkeypatch.setattr(work, "refresh", lambda: copy(root / "notebooks", root / "w"))
    with pytest.raises(SystemExit, match=r"make room on the disk.*nothing of yours"):
        work.main()
    assert not [*(root / "w").rglob("*.partial")]


# --- an update ---------------------------------------------------------------


def newer(root, folder):
    """A newer course beside the old one, as it lies in an archive."""
    shutil.copytree(root, folder / "course-main", dirs_exist_ok=True)
    edit(folder / "course-main/notebooks/01_first.ipynb", "new")
    (folder / "course-main/course.py").write_text("new")
    (folder / "course-main/tools").mkdir()
    (folder / "course-main/tools/added.py").write_text("added")
    return folder


@pytest.fixture(params=["zip", "gztar", "folder"])
def archive(request, root, tmp_path):
    folder = newer(root, tmp_path / "new")
    if request.param == "folder":
        return folder
    return shutil.make_archive(tmp_path / "download", request.param, folder)


def test_an_archive_brings_the_course_and_the_copies_up_to_date(root, archive, capsys):
    refresh(root)
    edit(root / "work/labs/01_lab.ipynb", "my answer")
    assert update.main([str(archive)]) == 0
    assert "3 files of the course brought up to date." in capsys.readouterr().out
    assert (root / "course.py").read_text() == "new"
    assert (root / "tools/added.py").read_text() == "added"
    assert source(root / "work/01_first.ipynb") == ["new"]
    assert source(root / "work/labs/01_lab.ipynb") == ["my answer"]
    [aside] = (root / "before_update").rglob("course.py")
    assert aside.read_text() == "old"


def test_an_archive_writes_nothing_elsewhere(root, tmp_path):
    path = tmp_path / "evil.tar.gz"
    with tarfile.open(path, "w:gz") as file:
        info = tarfile.TarInfo("../outside.txt")
        info.size = 1
        file.addfile(info, io.BytesIO(b"x"))
    with pytest.raises(SystemExit, match="no archive that can be read"):
        update.main([str(path)])
    assert not (tmp_path / "outside.txt").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "There is no"), (b"not an archive", "no archive"), ("empty", "course.py")],
)
def test_what_is_no_course_is_refused(root, tmp_path, content, said):
    path = tmp_path / "download.zip"
    if content == "empty":
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("readme.txt", "nothing")
    elif content:
        path.write_bytes(content)
    with pytest.raises(SystemExit, match=said):
        update.main([str(path)])
    assert (root / "course.py").read_text() == "old"


def git(folder, *command):
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
    done = subprocess.run(
        ["git", *identity, *command], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def clone(root, tmp_path, monkeypatch):
    """A student's clone of the course, which has since been changed."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    git(root, "init", "-b", "main")
    (root / ".gitignore").write_text("work/\n")
    git(root, "add", ".")
    git(root, "commit", "-m", "one")
    git(tmp_path, "clone", str(root), "clone")
    edit(root / "notebooks/01_first.ipynb", "new")
    git(root, "commit", "-am", "two")
    clone = tmp_path / "clone"
    live_in(clone, monkeypatch)
    return clone


def test_a_clone_is_brought_up_to_date_with_git(clone):
    refresh(clone)
    edit(clone / "work/labs/01_lab.ipynb", "my answer")
    assert update.main([]) == 0
    assert source(clone / "work/01_first.ipynb") == ["new"]
    assert source(clone / "work/labs/01_lab.ipynb") == ["my answer"]


def test_edited_files_of_the_course_are_named_and_kept(clone):
    edit(clone / "notebooks/01_first.ipynb", "mine")
    with pytest.raises(SystemExit, match=r"You have changed .*01_first\.ipynb"):
        update.main([])
    assert source(clone / "notebooks/01_first.ipynb") == ["mine"]


def test_without_a_network_nothing_is_changed(clone):
    git(clone, "remote", "set-url", "origin", "https://127.0.0.1:9/course")
    with pytest.raises(SystemExit, match="check the connection"):
        update.main([])


def test_a_folder_that_is_no_clone_says_what_to_do(root):
    with pytest.raises(SystemExit, match="download the newest course as an archive"):
        update.main([])


# --- progress ----------------------------------------------------------------


def test_progress_counts_passed_checks_and_given_answers(root):
    path = write(root / "notebooks/01_first.ipynb", 'check("1.1", {1: ...})')
    notebook = nbformat.read(path, as_version=4)
    for number in "12":
        notebook.cells.append(
            new_markdown_cell(f"## Exercises\n\n### Exercise 1.{number} - Try")
        )
        answer = new_code_cell("# your answer", metadata={"tags": ["answer"]})
        notebook.cells.append(answer)
    nbformat.write(notebook, path)
    refresh(root)

    def row():
        return progress.progress(root / "work").to_dict("records")[0]

    first = row()
    assert first["sections passed"] == "0 of 1"
    assert first["exercises answered"] == "0 of 2"
    assert first["next"] == "1.1, exercise 1.1"
    mine = nbformat.read(root / "work/01_first.ipynb", as_version=4)
    said = new_output("stream", text="1 of 1 right (100%). Passed.\n")
    mine.cells[1].outputs = [said]
    mine.cells[3].source = "1 + 1"
    nbformat.write(mine, root / "work/01_first.ipynb")
    second = row()
    assert second["sections passed"] == "1 of 1"
    assert second["exercises answered"] == "1 of 2"
    assert second["next"] == "exercise 1.2"


def test_without_a_copy_progress_says_how_to_get_one(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "progress", lambda: progress.pd.DataFrame())
    with pytest.raises(SystemExit, match=r"'course\.py lab' makes it"):
        progress.main()
