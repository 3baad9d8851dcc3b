"""How much the strict run sees: ``python -m tools.mutants NOTEBOOK``.

Changes one number or one operator in one visible cell of a copy of the notebook
and asks the strict comparison about it, many times over. What stays green is
named: either the change is harmless, or the cell shows too little.
"""

from __future__ import annotations

import argparse
import ast
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tools.notebooks import ROOT

import nbformat

OTHER = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"),
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
}
UNSEEN = {"hide-input", "nbval-ignore-output", "selfcheck", "solution"}
ENOUGH = 0.95


class Mutant(NamedTuple):
    """A change of one cell; ``cell`` counts all cells, ``number`` the code cells."""

    cell: int
    number: int
    line: str
    changed: str
    source: str


def mutants(notebook: nbformat.NotebookNode) -> Iterator[Mutant]:
    """Yield every change of one number or operator in a visible code cell."""
    number = 0
    for index, cell in enumerate(notebook.cells):
        number += cell.cell_type == "code"
        if cell.cell_type == "code" and not UNSEEN & {*cell.metadata.get("tags", [])}:
            lines = cell.source.splitlines()
            for row, start, stop, new in _changes(cell.source):
                line = lines[row]
                changed = line[:start] + new + line[stop:]
                source = "\n".join([*lines[:row], changed, *lines[row + 1 :]])
                yield Mutant(index, number, line.strip(), changed.strip(), source)


def _changes(source: str) -> Iterator[tuple[int, int, int, str]]:
    """Yield row, start, stop and new text of every change in a source.

    Nothing in a magic command, nor in an f-string, where Python tells no places
    before version 3.12.
    """
    lines = [
        line.replace("%", "#", line.startswith("%")) for line in source.splitlines()
    ]
    todo: list[ast.AST] = [ast.parse("\n".join(lines))]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.JoinedStr):
            continue
        todo += ast.iter_child_nodes(node)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            whole = isinstance(node.value, int) or not node.value  # 2 * 0.0 is 0.0
            new = node.value + 1 if whole else 2 * node.value
            yield node.lineno - 1, node.col_offset, node.end_col_offset, repr(new)
        elif isinstance(node, ast.BinOp):
            yield from _operator(lines, node.op, node.left, node.right)
        elif isinstance(node, ast.Compare):
            yield from _operator(lines, node.ops[0], node.left, node.comparators[0])


def _operator(lines, operator, left, right) -> Iterator[tuple[int, int, int, str]]:
    old, new = OTHER.get(type(operator), (None, None))
    if old and left.end_lineno == right.lineno:
        row = left.end_lineno - 1
        start = lines[row].find(old, left.end_col_offset, right.col_offset)
        if start >= 0:
            yield row, start, start + len(old), new


def survives(notebook: nbformat.NotebookNode, mutant: Mutant) -> bool:
    """Tell whether the strict run finds nothing wrong with a changed notebook."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mutant.ipynb")
        copy = nbformat.from_dict(notebook)
        copy.cells[mutant.cell].source = mutant.source
        nbformat.write(copy, path)
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0"]
        command += ["-c", "pyproject.toml", "-p", "tools.strict"]
        command += ["-p", "no:cacheprovider", "--rootdir", folder, str(path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stdout + done.stderr)
    return done.returncode == 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns 1 where too many changes go unseen."""
    parser = argparse.ArgumentParser(prog="tools.mutants", description=__doc__)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--count", type=int, default=40, help="how many changes")
    parser.add_argument("--seed", type=int, default=0, help="of their choice")
    options = parser.parse_args(arguments)
    notebook = nbformat.read(options.notebook, as_version=4)
    every = [*mutants(notebook)]
    chosen = random.Random(options.seed).sample(every, min(options.count, len(every)))
    green = 0
    for count, mutant in enumerate(chosen, start=1):
        alive = survives(notebook, mutant)
        green += alive
        verdict = "SURVIVES" if alive else "red"
        change = f"{mutant.line}   ->   {mutant.changed}"
        print(f"{count:3} {verdict:8} In [{mutant.number}]  {change}", flush=True)
    share = 1 - green / len(chosen)
    print(f"{len(chosen) - green} of {len(chosen)} changes turn red ({share:.1%})")
    return int(share < ENOUGH)


if __name__ == "__main__":
    sys.exit(main())
