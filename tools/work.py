"""The student's own copy of the notebooks in work/: made, kept, brought up to date.

A copy that nobody has touched follows the course. One that somebody has written in
is never changed: what is new is laid beside it. A copy that was only run follows,
too, and its outputs are put aside. Nothing is ever overwritten. COURSE_WORK_DIR names
another folder for the copy, where many people share one course.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from datetime import date
from pathlib import Path

from tools.notebooks import NAME, NOTEBOOKS, ROOT

from ipykernel.ipkernel import IPythonKernel
from jupyter_client.kernelspec import get_kernel_spec

WORK = Path(os.environ.get("COURSE_WORK_DIR", ROOT / "work")).absolute()
KNOWN = ".course.json"  # what each copy was made from, and what was laid beside it
ASIDE = "before_update"  # outputs of copies that were only run


def written(path: Path) -> str:
    """Return a digest of what is written in a notebook: its cells, not its outputs."""
    content = path.read_bytes()
    try:
        cells = json.loads(content)["cells"]
        kept = [
            (cell["cell_type"], "".join(cell["source"]), cell.get("attachments"))
            for cell in cells
        ]
        content = json.dumps(kept).encode()
    except (ValueError, KeyError, TypeError):
        pass  # no notebook any more: any change counts
    return _digest(content)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def refresh(course: Path = NOTEBOOKS, work: Path = WORK) -> list[tuple[str, str]]:
    """Make the copy in ``work``, or bring it up to date with ``course``.

    Returns:
        Name of a notebook and what became of its copy, for each that is new, was
        brought up to date or has a newer version laid beside it.

    Raises:
        OSError: the folder cannot be written; every copy is as it was, or new.
    """
    work.mkdir(exist_ok=True)
    known = _read_known(work)
    news = []
    try:
        for source in sorted(course.rglob("*.ipynb")):
            if not NAME.fullmatch(source.name):  # a duplicate or a checkpoint
                continue
            name = source.relative_to(course).as_posix()
            entry = known.setdefault(name, {})
            if said := _follow(source, work / name, entry, work):
                news.append((name, said))
    finally:
        text = json.dumps(known, indent=1)
        _write(work / KNOWN, text.encode())
    return news


def _copy(source: Path, target: Path) -> None:
    """Copy a notebook, with the kernel's description as it is on this computer.

    JupyterLab would put it in on opening and show the notebook as changed.
    """
    notebook = json.loads(source.read_text(encoding="utf-8"))
    spec = get_kernel_spec("python3")
    kernel = {"display_name": spec.display_name, "language": spec.language}
    notebook["metadata"]["kernelspec"] = kernel | {"name": "python3"}
    notebook["metadata"]["language_info"] = IPythonKernel.language_info
    _write(target, json.dumps(notebook, ensure_ascii=False, indent=1).encode())


def _give(source: Path, copy: Path, entry: dict[str, str]) -> None:
    """Copy a notebook and note what the copy was made from and what it is."""
    _copy(source, copy)
    entry["given"] = entry["laid beside"] = written(source)
    entry["bytes"] = _digest(copy.read_bytes())


def _follow(source: Path, copy: Path, entry: dict[str, str], work: Path) -> str:
    """Bring one copy up to date; returns what was done, "" for nothing."""
    newest = written(source)
    if not copy.exists():
        _give(source, copy, entry)
        return "new"
    here = written(copy)
    if newest in (here, entry.get("given"), entry.get("laid beside")):
        if here == newest:
            entry |= {"given": newest, "laid beside": newest}
        return ""
    if _digest(copy.read_bytes()) == entry.get("bytes"):
        _give(source, copy, entry)
        return "brought up to date"
    if here == entry.get("given"):
        aside = _free_name(work / ASIDE / f"{date.today()}" / copy.relative_to(work))
        aside.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(copy, aside)
        _give(source, copy, entry)
        return f"brought up to date; as it was: {aside.relative_to(work).as_posix()}"
    beside = _free_name(copy.with_name(f"{copy.stem}_new_version.ipynb"))
    _copy(source, beside)
    entry["laid beside"] = newest
    return f"yours is kept; the new version is {beside.relative_to(work).as_posix()}"


def _free_name(path: Path) -> Path:
    """Return the path, or the next one with a number that is not taken."""
    number, free = 2, path
    while free.exists():
        free = path.with_name(f"{path.stem}_{number}{path.suffix}")
        number += 1
    return free


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _read_known(work: Path) -> dict[str, dict[str, str]]:
    """Return what is known of the copies; nothing where the list is unreadable."""
    try:
        known = json.loads((work / KNOWN).read_text(encoding="utf-8"))
        return {name: dict(entry) for name, entry in known.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def report(news: list[tuple[str, str]], work: Path = WORK) -> None:
    """Print what became of the copies; those that are new share a line."""
    new = sum(said == "new" for _, said in news)
    if new:
        print(f"{new} notebooks copied to {work}: write in them as you like.")
    for name, said in news:
        if said != "new":
            print(f"{name}: {said}")


def main() -> int:
    """Make or refresh the copy; the exit code is 1 where it cannot be written."""
    try:
        report(refresh())
    except OSError as error:
        sys.exit(
            f"Your copy of the notebooks cannot be written ({error}): make room on "
            "the disk, or copy the course to a folder of your own, and start again; "
            "nothing of yours was changed."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
