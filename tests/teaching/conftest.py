"""An environment with the libraries of teachers and servers, made for these tests.

It is a copy of .venv by hard links, with more installed into it: .venv stays as it is.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.notebooks import ROOT

import filelock
import pytest

MORE = ["requirements-teaching.txt"]
# What reads the quizzes, and is not ours.
READERS = {"pip": ["qti2latex~=0.1.6"], "npm": ["gift-pegjs@1.0.2"]}


def link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # on another disk
        shutil.copy2(source, target)


def make_environment(folder: Path) -> None:
    shutil.copytree(sys.prefix, folder, symlinks=True, copy_function=link)
    for name in folder.glob("[Ll]ib/**/site-packages/course.pth"):
        name.unlink()  # a link: what it leads to stays
        name.write_text(f"{ROOT}\n", encoding="utf-8")
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet"]
    listed = [f"--requirement={ROOT / name}" for name in ["requirements.txt", *MORE]]
    npm = ["npm", "install", "--silent", "--prefix", folder / "node"]
    for command in [*pip, *listed, *READERS["pip"]], [*npm, *READERS["npm"]]:
        subprocess.run(command, check=True, cwd=ROOT, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """The folder of the environment; its programs are in bin, Node's in node."""
    if sys.platform == "win32" or not shutil.which("npm"):
        pytest.skip("needs Linux or macOS, and Node")
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = base / "environment"
    with filelock.FileLock(f"{folder}.lock"):
        if not folder.exists():
            try:
                make_environment(folder)
            except subprocess.CalledProcessError as error:
                (folder / "missing").write_text(str(error.cmd[0]), encoding="utf-8")
    if (folder / "missing").exists():
        pytest.skip(f"a package registry cannot be reached: {error_of(folder)}")
    return folder


def error_of(folder: Path) -> str:
    return (folder / "missing").read_text(encoding="utf-8")
