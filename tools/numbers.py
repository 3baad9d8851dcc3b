"""Numbers, in outputs and in prose: which there are, what stands around them.

And whether something measured holds a number of the prose.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

from tools.notebooks import ROOT

import nbformat

PRINTED = re.compile(r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")  # in an output
COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # of a terminal
NUMBER = re.compile(
    r"(?<![\w.,-])[-\u2212]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?: ?%)?(?![\w])"
)
# Names of places hold figures that measure nothing.
NAMES = re.compile(
    r"\b(?:Unit|Units|Lab|Labs|Exercise|Section|section|Figure|In|Erratum|erratum)"
    r"[\s\[]*[A-Z]?-?\d[\d.]*[a-z]?|\b[A-Z]+\d*-\d+|\b\d\.\d\b(?= [A-Z])"
)
SMALL, YEARS = 12, range(1700, 2100)


def words(text: str) -> str:
    """Return what stands around the numbers of an output.

    Blanks do not count, because a table grows wider with a minus sign.
    """
    return "".join(PRINTED.sub("#", text).split())


def numbers_of(text: str) -> Iterator[str]:
    """Yield the numbers of a text that claim something, as they are written."""
    for match in NUMBER.finditer(NAMES.sub(" ", text)):
        written = match[0].rstrip(",")
        value = re.sub(r"[,%\s]", "", written).replace("\u2212", "-")
        if not (value.isdigit() and (int(value) <= SMALL or int(value) in YEARS)):
            yield written


def measured(notebooks: Iterable[nbformat.NotebookNode]) -> frozenset[float]:
    """Return every number that outputs and code hold, or a table of the texts."""
    texts: list[str] = []
    for notebook in notebooks:
        for cell in notebook.cells:
            if cell.cell_type != "code":
                continue
            texts.append(cell.source)
            for output in cell.outputs:
                texts.append(output.get("text", ""))
                data, facts = output.get("data", {}), output.get("metadata", {})
                texts += [data[kind] for kind in data if kind.startswith("text/")]
                texts += [one["alt"] for one in facts.values() if "alt" in one]
    for table in ("tests/contract.csv", "tests/figures.csv", "docs/errata.csv"):
        if (ROOT / table).exists():
            with (ROOT / table).open(encoding="utf-8", newline="") as file:
                texts += [NAMES.sub(" ", " ".join(row)) for row in csv.reader(file)]
    found = re.findall(r"\d[\d_,]*(?:\.\d+)?(?:e[-+]?\d+)?", " ".join(texts))
    return frozenset(float(re.sub(r"[_,]", "", number)) for number in found)


def held(written: str, known: Iterable[float]) -> bool:
    """Whether a known number, rounded as the written one is, equals it."""
    text = re.sub(r"[,%\s]|^[-\u2212]", "", written)
    digits = len(text.partition("e")[0].partition(".")[2])
    power = int(text.partition("e")[2] or 0)
    value, step = float(text), 0.5 * 10.0 ** (power - digits) * (1 + 1e-9)
    factors = (1, 100) if "%" in written else (1,)
    return any(abs(factor * one - value) <= step for factor in factors for one in known)
