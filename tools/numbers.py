"""Numbers in prose: which there are, and whether something measured holds them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache

from tools.notebooks import ROOT, find_notebooks

import nbformat

NUMBER = re.compile(
    r"(?<![\w.,-])[-\u2212]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?: ?%)?(?![\w])"
)
# Names of places hold figures that measure nothing.
NAMES = re.compile(
    r"\b(?:Unit|Units|Lab|Labs|Exercise|Section|section|Figure|In|Erratum|erratum)"
    r"[\s\[]*[A-Z]?-?\d[\d.]*[a-z]?|\b[A-Z]+\d*-\d+|\b\d\.\d\b(?= [A-Z])"
)
SMALL, YEARS = 12, range(1700, 2100)


def numbers_of(text: str) -> Iterator[str]:
    """Yield the numbers of a text that claim something, as they are written."""
    for match in NUMBER.finditer(NAMES.sub(" ", text)):
        written = match[0].rstrip(",")
        value = re.sub(r"[,%\s]", "", written).replace("\u2212", "-")
        if not (value.isdigit() and (int(value) <= SMALL or int(value) in YEARS)):
            yield written


@cache
def measured(unit: int) -> frozenset[float]:
    """Return every number that the unit's outputs, code or tables hold."""
    texts: list[str] = []
    for path in find_notebooks():
        if not path.name.startswith(f"{unit:02}_"):
            continue
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type != "code":
                continue
            texts.append(cell.source)
            for output in cell.outputs:
                texts.append(output.get("text", ""))
                data = output.get("data", {})
                texts += [data[kind] for kind in data if kind.startswith("text/")]
                texts += [
                    m.get("alt", "")
                    for m in output.get("metadata", {}).values()
                    if isinstance(m, dict)
                ]
    for table in ("tests/contract.csv", "tests/figures.csv", "docs/errata.csv"):
        if (ROOT / table).exists():
            with (ROOT / table).open(encoding="utf-8", newline="") as file:
                texts += [" ".join(row) for row in csv.reader(file)]
    found = re.findall(r"\d[\d_,]*(?:\.\d+)?(?:e[-+]?\d+)?", " ".join(texts))
    return frozenset(float(re.sub(r"[_,]", "", number)) for number in found)


def held(written: str, unit: int) -> bool:
    """Whether a measured number, rounded as the written one is, equals it."""
    text = re.sub(r"[,%\s]|^[-\u2212]", "", written)
    digits = len(text.partition("e")[0].partition(".")[2])
    power = int(text.partition("e")[2] or 0)
    value, step = float(text), 0.5 * 10.0 ** (power - digits) * (1 + 1e-9)
    known = measured(unit)
    factors = (1, 100) if "%" in written else (1,)
    return any(abs(factor * one - value) <= step for factor in factors for one in known)
