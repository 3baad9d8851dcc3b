"""A copy of the notebooks without solutions: ``python -m tools.student FOLDER``."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tools import folder
from tools.execute import clean
from tools.notebooks import NOTEBOOKS, find_notebooks, read

import nbformat


def make_student_copy(target: Path) -> int:
    """Copy the notebooks without their worked solutions; returns their number.

    Exercises, places for answers and self-checks stay; cells are counted anew.

    Raises:
        ValueError: the folder is a file, is not empty or lies in notebooks/.
    """
    target = target.resolve()
    if target.is_relative_to(NOTEBOOKS):
        raise ValueError(
            f"{target} lies inside the notebooks themselves: name a folder elsewhere."
        )
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ValueError(
            f"{target} is there already and not an empty folder: name a new one."
        )
    for path in find_notebooks():
        notebook = read(path)
        notebook.cells = [
            cell
            for cell in notebook.cells
            if "solution" not in cell.metadata.get("tags", [])
        ]
        copy = target / path.relative_to(NOTEBOOKS)
        copy.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(clean(notebook), copy)
    shutil.copyfile(NOTEBOOKS / "ruff.toml", target / "ruff.toml")
    return len(find_notebooks())


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    folder.write(make_student_copy, "notebooks without solutions", __doc__, arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
