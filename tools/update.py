"""Bring the course up to date and keep what was written: ``tools.update [ARCHIVE]``.

A clone is updated with git. Otherwise the new course comes as an archive (.zip,
.tar.gz) or an unpacked folder, named in the call. Afterwards the notebooks in work/
follow, see tools.work.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from datetime import date
from pathlib import Path

from tools.notebooks import ROOT
from tools.work import refresh, report

# What the course does not bring: the student's own and what is made here.
OURS = {".git", ".venv", ".venv.lock", "work", "data", "build", "before_update"}


DATA_PAGE = Path("data/README.md")


class NoUpdate(Exception):
    """The course cannot be brought up to date; the message says what to do."""


def pull() -> str:
    """Bring a clone up to date with git; returns a sentence on what happened.

    Raises:
        NoUpdate: no clone, no git, no connection, or edited files in the way.
    """
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        raise NoUpdate(
            "This folder did not come from git: download the newest course as an "
            "archive and name it, as in 'course.py update Downloads/course.zip'; "
            "what you wrote stays."
        )
    asked = subprocess.run(
        [git, "pull", "--ff-only"],
        cwd=ROOT,
        env=os.environ | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if asked.returncode == 0:
        return asked.stdout.strip().splitlines()[-1]
    said = asked.stderr
    if "would be overwritten" in said:
        files = [line.strip() for line in said.splitlines() if line.startswith("\t")]
        raise NoUpdate(
            f"You have changed files of the course ({', '.join(files[:5])}): move them "
            "elsewhere under another name, run 'git restore' on them, and start again; "
            "your notebooks belong into work/."
        )
    if "no tracking information" in said or "does not appear to be" in said:
        raise NoUpdate(
            "This clone does not know where it came from: name the newest course as an "
            "archive, as in 'course.py update Downloads/course.zip'."
        )
    reason = (said.strip().splitlines() or ["no reason given"])[-1]
    raise NoUpdate(
        f"git could not fetch the newest course ({reason}): check the connection and "
        "start again; nothing was changed."
    )


def take_over(archive: Path) -> str:
    """Bring the course up to date from an archive or a folder.

    A file of the course that differs from the new one is put aside in
    before_update/ first, since it may hold something that somebody wrote.

    Raises:
        NoUpdate: there is no such archive, or it does not hold the course.
    """
    with tempfile.TemporaryDirectory() as scratch:
        new = _find_course(_unpack(archive, Path(scratch)), archive)
        files = [path for path in sorted(new.rglob("*")) if path.is_file()]
        names = [path.relative_to(new) for path in files]
        names = [n for n in names if n.parts[0] not in OURS or n == DATA_PAGE]
        changed = [n for n in names if not _same(new / n, ROOT / n)]
        aside = ROOT / "before_update" / f"{date.today()}"
        for name in changed:
            if (ROOT / name).exists():
                (aside / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, aside / name)
        for name in changed:
            (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
            partial = ROOT / name.with_name(name.name + ".partial")
            shutil.copyfile(new / name, partial)
            os.replace(partial, ROOT / name)
    return f"{len(changed)} files of the course brought up to date."


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and filecmp.cmp(one, other, shallow=False)


def _unpack(archive: Path, scratch: Path) -> Path:
    """Return the folder that an archive holds, unpacked; a folder is itself."""
    if archive.is_dir():
        return archive
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as file:
                file.extractall(scratch)  # never leaves the folder
        else:
            with tarfile.open(archive) as file:
                file.extractall(scratch, filter="data")
    except FileNotFoundError:
        raise NoUpdate(f"There is no {archive}: check its name.") from None
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise NoUpdate(
            f"{archive} is no archive that can be read ({error}): download it again."
        ) from error
    return scratch


def _find_course(folder: Path, archive: Path) -> Path:
    """Return the course inside a folder: itself, or the one folder in it."""
    for place in (folder, *sorted(p for p in folder.iterdir() if p.is_dir())):
        if (place / "course.py").is_file() and (place / "notebooks").is_dir():
            return place
    raise NoUpdate(f"{archive} does not hold the course: course.py is not in it.")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="course.py update", description=__doc__)
    parser.add_argument(
        "archive", nargs="?", type=Path, help="where the folder is no clone"
    )
    archive = parser.parse_args(arguments).archive
    try:
        print(take_over(archive) if archive else pull())
        report(refresh())
    except NoUpdate as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(
            f"A file cannot be written ({error}): make room or close what uses it, and "
            "start again; what you wrote is as it was."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
