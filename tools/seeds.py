"""What a notebook owes to its seed: ``python -m tools.seeds [NOTEBOOKS] --seeds 1 2``.

Executes notebooks with other seeds (COURSE_SEED) and reports what does not
survive: an error, such as a number outside its band; a line whose words change,
such as True that becomes False; two numbers that change places, among the lines
of a table or within a line. A changed place may be a tie; whether a sentence of
the lesson leans on it is for a reader to judge, all else must not happen.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from tools import kernel
from tools.notebooks import find_notebooks
from tools.numbers import COLOURS, PRINTED, words

import nbformat
from nbclient import NotebookClient

SET_UP = re.compile(r", seed \d+$")  # the line of start()


def execute(path: Path, seed: int) -> nbformat.NotebookNode:
    """Run a notebook from another seed, to its end whatever happens."""
    os.environ["COURSE_SEED"] = str(seed)
    notebook = nbformat.read(path, as_version=4)
    folder = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=None,
        allow_errors=True,
        coalesce_streams=True,
        resources=folder,
    )
    return client.execute(stderr=subprocess.DEVNULL)


def texts(cell: nbformat.NotebookNode) -> list[str]:
    """Return the lines that a cell has printed or shown as text."""
    found = []
    for output in cell.outputs:
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        found += [line for line in text.splitlines() if not SET_UP.search(line)]
    return found


def broken(stored: nbformat.NotebookNode, now: nbformat.NotebookNode) -> Iterator[str]:
    """Say which words of a cell's outputs are others now, and which error came."""
    for output in now.outputs:
        if output.output_type == "error":
            yield f"{output.ename}: {COLOURS.sub('', output.evalue)}"
            return
    old, new = texts(stored), texts(now)
    if len(old) != len(new):
        yield f"{len(old)} lines are stored, {len(new)} come now"
    for before, after in zip(old, new, strict=False):
        if words(before) != words(after):
            yield f"{before.strip()}   ->   {after.strip()}"


def turned(stored: nbformat.NotebookNode, now: nbformat.NotebookNode) -> Iterator[str]:
    """Say where two numbers of a cell's outputs have changed places."""
    rows = [
        [[float(n) for n in PRINTED.findall(line)] for line in texts(cell)]
        for cell in (stored, now)
    ]
    lines = texts(now)
    if [*map(len, rows[0])] != [*map(len, rows[1])]:
        return
    for line, before, after in zip(lines, *rows):
        if _changed(before, after):
            yield f"within a line: {line.strip()}"
    for size in sorted({*map(len, rows[0])} - {0}):
        table = [[r for r in side if len(r) == size] for side in rows]
        for column, (before, after) in enumerate(zip(*(zip(*t) for t in table))):
            if _changed(before, after):
                yield f"number {column + 1} of the lines: {[*before]} -> {[*after]}"


def _changed(before, after) -> bool:
    pairs = combinations(range(len(before)), 2)
    return any((before[i] - before[j]) * (after[i] - after[j]) < 0 for i, j in pairs)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns 1 where more than an order has changed."""
    parser = argparse.ArgumentParser(prog="tools.seeds", description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2])
    options = parser.parse_args(arguments)
    kernel.isolate()
    failed = 0
    for path in [path.absolute() for path in options.notebooks] or find_notebooks():
        stored = nbformat.read(path, as_version=4)
        for seed in options.seeds:
            now = execute(path, seed)
            found = {"broken": [], "turned": []}
            pairs = [p for p in zip(stored.cells, now.cells) if "outputs" in p[0]]
            for number, (before, after) in enumerate(pairs, start=1):
                if "nbval-ignore-output" in before.metadata.get("tags", []):
                    continue
                for name, tell in ("broken", broken), ("turned", turned):
                    found[name] += [
                        f"  In [{number}] {name}: {what}"
                        for what in tell(before, after)
                    ]
            failed |= bool(found["broken"])
            print(
                f"{path.stem}, seed {seed}: {len(found['broken'])} broken, "
                f"{len(found['turned'])} turned round",
                *found["broken"],
                *found["turned"],
                sep="\n",
                flush=True,
            )
    return failed


if __name__ == "__main__":
    sys.exit(main())
