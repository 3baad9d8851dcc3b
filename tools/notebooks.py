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


def find_notebooks() -> list[Path]:
    """Return every notebook of the course, each unit followed by its labs."""
    return sorted(
        (p for p in NOTEBOOKS.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts),
        key=lambda path: (path.name[:2], path.parent != NOTEBOOKS, title(path)),
    )


def title(path: Path) -> str:
    """Return the text of a notebook's first heading, such as "Lab 2a: ..."."""
    first = nbformat.read(path, as_version=4).cells[0]
    return first.source.splitlines()[0].removeprefix("# ")


def units() -> list[Path]:
    """Return the notebooks of the units, which are the lectures."""
    return [path for path in find_notebooks() if path.parent == NOTEBOOKS]


def choose(names: Iterable[str], paths: Iterable[Path]) -> list[Path]:
    """Return the notebooks that names mean: paths, file names, or "1", "01", "2a".

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
    return collect_results(nbformat.read(path, 4) for path in find_notebooks())
