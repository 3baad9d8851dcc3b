"""Run every cell that trains or compares twice: ``python -m tools.rerun [notebooks]``.

People run a cell again and expect something sensible. Each notebook runs once as
it is and once with such cells repeated, on short stand-ins: fit sees 64 examples.
What goes wrong only where cells are repeated is a finding, printed with its cell.
Numbers of a stand-in mean nothing, so a comparison outside its band counts
neither time.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

STAND_IN = """
import functools, keras, numpy
import utils.lesson
def _short(fit):
    @functools.wraps(fit)
    def short(self, x=None, y=None, **options):
        cut = lambda part: part[:64] if hasattr(part, "shape") else part
        if hasattr(x, "take"):
            x = x if hasattr(x, "shape") else x.take(2)
        x, y = cut(x), cut(y)
        if options.get("validation_data"):
            options["validation_data"] = tuple(map(cut, options["validation_data"]))
        options.pop("steps_per_epoch", None)
        return fit(self, x, y, **options)
    return short
keras.Model.fit = _short(keras.Model.fit)
def _cut(method):
    @functools.wraps(method)
    def short(self, x, *rest, **options):
        return method(self, x, *rest, **options) if len(x) < 2000 else method(
            self, x[:64], *[part[:64] for part in rest], **options)
    return short
keras.Model.evaluate = _cut(keras.Model.evaluate)
"""
AGAIN = re.compile(r"\bfit\(|\btrain\w*\(|\.compare\(|\.table\(")
SECONDS = 120


def errors_of(path: Path, twice: bool) -> tuple[dict[int, str], int]:
    """Cell number -> its error, and how many cells were repeated."""
    notebook = nbformat.read(path, as_version=4)
    cells = [nbformat.v4.new_code_cell(STAND_IN)]
    places = [-1]
    for number, cell in enumerate(notebook.cells):
        again = twice and cell.cell_type == "code" and AGAIN.search(cell.source)
        if cell.cell_type == "code":
            for _ in range(2 if again else 1):
                cells.append(nbformat.v4.new_code_cell(cell.source))
                places.append(number)
    # The set-up comes first: it chooses what TensorFlow reads when it is loaded.
    cells[:2] = cells[1::-1]
    places[:2] = places[1::-1]
    notebook.cells = cells
    NotebookClient(
        notebook,
        timeout=SECONDS,
        allow_errors=True,
        interrupt_on_timeout=True,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    found = {}
    for number, cell in zip(places, cells, strict=True):
        for output in cell.outputs:
            if output.output_type == "error" and number not in found:
                found[number] = f"{output.ename}: {output.evalue}".splitlines()[0]
    return found, len(places) - len(set(places))


def main(paths: list[Path]) -> int:
    """Print what repeated cells break; returns how many findings there are."""
    findings = 0
    for path in paths:
        once, _ = errors_of(path, twice=False)
        again, count = errors_of(path, twice=True)
        print(f"{path.stem}: {count} cells run twice, {len(once)} fail as stand-ins")
        for number, error in again.items():
            if number not in once and "expected, more than" not in error:
                findings += 1
                print(f"  cell {number}: {error}", flush=True)
    return findings


if __name__ == "__main__":
    given = [Path(name).resolve() for name in sys.argv[1:]]
    sys.exit(min(main(given or sorted(Path("notebooks").rglob("*.ipynb"))), 1))
