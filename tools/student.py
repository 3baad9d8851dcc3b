"""A copy of the notebooks without solutions: ``python -m tools.student FOLDER``."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

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
    parser = argparse.ArgumentParser(prog="course.py student", description=__doc__)
    parser.add_argument("folder", type=Path, help="a new folder for the copy")
    folder = parser.parse_args(arguments).folder
    try:
        count = make_student_copy(folder)
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    print(f"{count} notebooks without solutions: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
