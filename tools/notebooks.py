"""The notebooks as files: where they are, their order, their titles, their results."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

import nbformat
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
# A notebook of the course: where it lies, how its file and its first heading
# begin. The number must be the same; whatever else lies there is somebody's own.
FOLDERS = {"Unit": "", "Lab": "labs", "Errata": "errata"}
NAME = re.compile(r"(\d\d)_[a-z0-9_]+\.ipynb")
TITLE = re.compile(r"((Unit|Lab|Errata) 0*(\d+)[a-z]?): ")


class Unreadable(SystemExit):
    """A notebook cannot be read; not caught, it ends a command with a sentence."""


def read(path: Path) -> nbformat.NotebookNode:
    """Read a notebook.

    Raises:
        Unreadable: the file holds no notebook, or marks of an unsettled merge.
    """
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises whatever its parts raise
        text = path.read_bytes() if path.is_file() else b""
        if b"<<<<<<<" in text and b">>>>>>>" in text:
            raise Unreadable(
                f"{path} holds both sides of a merge that git could not settle (marked "
                "<<<<<<< and >>>>>>>): take one side, as in 'git checkout --theirs "
                "FILE', and start again."
            ) from None
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:80]
        raise Unreadable(
            f"{path} is no notebook that can be read ({reason}): restore it, as in "
            "'git restore FILE', or move it elsewhere, and start again."
        ) from None


def find_notebooks() -> list[Path]:
    """Return every notebook of the course, each unit followed by its labs.

    Passed over is what people make beside them: Untitled.ipynb, duplicates,
    notes of their own.

    Raises:
        Unreadable: a file with the name of a notebook of the course holds none.
    """
    found: dict[str, Path] = {}
    paths = [p for f in FOLDERS.values() for p in (NOTEBOOKS / f).glob("*.ipynb")]
    # A copy has the same heading; its name is the original's and something more.
    for path in sorted(paths, key=lambda p: (len(p.name), p.name)):
        if number := NAME.fullmatch(path.name):
            known = TITLE.match(title(path))
            place = NOTEBOOKS / FOLDERS[known[2]] if known else None
            if place == path.parent and int(known[3]) == int(number[1]):
                found.setdefault(known[1], path)
    return sorted(
        found.values(),
        key=lambda path: (path.name[:2], path.parent != NOTEBOOKS, title(path)),
    )


def length(path: Path) -> tuple[bool, str]:
    """Return what compares as the running times of two notebooks do, roughly.

    Units are longer than labs, the last ones longer than the first. Whoever starts
    several notebooks at once begins with the longest: one that came last would
    keep a single core busy.
    """
    return path.parent.name not in {"labs", "errata"}, path.name


def title(path: Path) -> str:
    """Return the text of a notebook's first heading, such as "Lab 2a: ..."."""
    first = next(iter(read(path).cells), None)
    lines = first.source.splitlines() if first else []
    return lines[0].removeprefix("# ") if lines else ""


def units() -> list[Path]:
    """Return the notebooks of the units, which are the lectures."""
    return [path for path in find_notebooks() if path.parent == NOTEBOOKS]


def choose(names: Iterable[str], paths: Iterable[Path]) -> list[Path]:
    """Return the notebooks that names mean: paths, file names, or a unit, "1" or "01".

    Raises:
        SystemExit: a name means none of them; the sentence says which.
    """
    paths, chosen = [*paths], []
    for name in names:
        stem = Path(name).name.removesuffix(".ipynb").removesuffix(".md")
        found = [p for p in paths if stem == p.stem] or [
            p
            for p in paths
            if re.fullmatch(r"\d+", stem) and p.stem.startswith(f"{int(stem):02}_")
        ]
        if not found:
            known = ", ".join(path.stem for path in paths)
            sys.exit(f"{name} is none of the notebooks here: {known}.")
        chosen += [path for path in found if path not in chosen]
    return chosen


def collect_results(notebooks: Iterable[nbformat.NotebookNode]) -> pd.DataFrame:
    """Return what the notebooks compared with the book, a row per number.

    Columns: what, book, here, within.
    """
    rows = [
        row
        for notebook in notebooks
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        for row in output.get("metadata", {}).get("results", [])
    ]
    return pd.DataFrame(rows, columns=["what", "book", "here", "within"])


def results_markdown(table: pd.DataFrame) -> str:
    """Return the results as a Markdown table, as README.md holds it."""
    lines = ["| | book | here | within |", "|---|---|---|---|"]
    for row in table.itertuples():
        count = row.within == 0 and row.book.is_integer() and row.here.is_integer()
        form = ",.0f" if count else ".4f"
        values = f"{row.book:{form}} | {row.here:{form}} | {row.within:g}"
        lines.append(f"| {row.what} | {values} |")
    return "\n".join(lines)


def stored_results() -> pd.DataFrame:
    """Return the results stored in notebooks/."""
    return collect_results(map(read, find_notebooks()))
