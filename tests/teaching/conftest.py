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

MORE = "requirements.txt", "requirements-teaching.txt", "deploy/hub/requirements.txt"
# What reads the quizzes, and is not ours; the proxy is that of deploy/hub/install.
READERS = {"pip": ["qti2latex~=0.1.6"], "npm": ["gift-pegjs@1.0.2"]}
PROXY = "configurable-http-proxy@5.3.0"
NO_REGISTRY = "a package registry cannot be reached"


def link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # on another disk
        shutil.copy2(source, target)


def copy_environment(folder: Path, leads_to: str) -> None:
    """Copy .venv; ``leads_to`` is where the copy finds utils and tools."""
    shutil.copytree(sys.prefix, folder, symlinks=True, copy_function=link)
    for script in (folder / "bin").iterdir():  # they name the Python of .venv
        text = script.read_bytes() if script.is_file() else b""
        first, _, rest = text.partition(b"\n")
        if first.startswith(b"#!") and b"python" in first and not script.is_symlink():
            script.unlink()
            script.write_bytes(f"#!{folder}/bin/python\n".encode() + rest)
            script.chmod(0o755)
    for place in folder.glob("[Ll]ib/**/site-packages"):
        for path in [*place.glob("__editable__*"), *place.glob("course.pth")]:
            path.unlink()  # a link: what it leads to stays
        if leads_to:
            (place / "course.pth").write_text(leads_to, encoding="utf-8")


def call(*command: object) -> None:
    """Run an installer; skip the test where it fails, as it does without a network."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    done = subprocess.run([*map(str, command)], cwd=ROOT, **quiet, check=False)
    if done.returncode:
        pytest.skip(f"{NO_REGISTRY}: {done.stderr.strip()[-200:]}")


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """The folder of the environment, with programs in bin and Node's packages."""
    if sys.platform == "win32" or not shutil.which("npm"):
        pytest.skip("needs Linux or macOS, and Node")
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, ready = base / "environment", base / "environment-ready"
    with filelock.FileLock(f"{folder}.lock"):
        if not ready.exists():
            shutil.rmtree(folder, ignore_errors=True)
            # First the course as it lies around it, in the trial of the hub.
            copy_environment(folder, f"../../../..\n{ROOT}\n")
            pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet"]
            listed = [f"--requirement={name}" for name in MORE]
            call(*pip, *listed, *READERS["pip"])
            npm = ["npm", "install", "--silent", "--no-save", "--prefix", folder]
            call(*npm, PROXY, *READERS["npm"])
            ready.touch()
    return folder
