"""The contract: every row of contract.csv and every erratum has its cells."""

import csv
import re
from pathlib import Path

from tools.notebooks import find_notebooks, read, units

import pytest

ROOT = Path(__file__).parent.parent
ID = re.compile(r"[UC]\d-\d+|[EF]-\d+")


def rows(name):
    with (ROOT / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ROWS, GOALS = rows("tests/contract.csv"), rows("tests/goals.csv")
FIGURES = rows("tests/figures.csv")
ERRATA = {row["id"] for row in rows("docs/errata.csv")}
TAGGED = [
    (path, tag, cell)
    for path in find_notebooks()
    for cell in read(path).cells
    for tag in cell.metadata.get("tags", [])
    if ID.fullmatch(tag)
]
CODE = [(path, tag, cell) for path, tag, cell in TAGGED if cell.cell_type == "code"]
SHOWN = {tag for _, tag, _ in CODE}


def test_the_contract_is_whole():
    assert len(ROWS) == len({row["id"] for row in ROWS}) == 417
    assert {e for row in ROWS for e in row["errata"].split()} == ERRATA


def test_every_row_has_a_code_cell_and_every_such_cell_an_output():
    assert not {row["id"] for row in ROWS} - SHOWN
    assert not [tag for _, tag, cell in CODE if not cell.outputs]
    known = {row["id"] for row in [*ROWS, *GOALS, *FIGURES]} | ERRATA
    assert not {tag for _, tag, _ in TAGGED} - known


def test_every_erratum_is_told_and_demonstrated():
    texts = [(tag, c.source) for _, tag, c in TAGGED if c.cell_type == "markdown"]
    said = {tag for tag, text in texts if re.search(rf"{tag}\b|rrata|Careful", text)}
    assert not ERRATA - said, "no text that names it"
    assert not ERRATA - SHOWN, "no demonstration"


@pytest.mark.parametrize("path", units(), ids=lambda path: path.stem)
def test_every_study_goal_is_linked_at_the_end(path):
    cells = read(path).cells
    goals = {row["id"] for row in GOALS if row["unit"] == path.name[1]}
    end = next(c for c in reversed(cells) if goals & set(c.metadata.get("tags", [])))
    assert goals <= set(end.metadata.tags)
    links = re.findall(r"\]\(#([^)]+)\)", end.source)
    text = "\n".join(c.source for c in cells if c.cell_type == "markdown")
    headings = re.findall(r"^#+ +(.+)", text, re.MULTILINE)
    assert len(links) >= len(goals)
    assert not {*links} - {name.strip().replace(" ", "-") for name in headings}


def test_every_figure_of_the_book_has_its_counterpart_in_its_unit():
    drawn = {
        (path.name[1], tag)
        for path, tag, cell in CODE
        if path.parent.name == "notebooks"
        if any("image/png" in output.get("data", {}) for output in cell.outputs)
    }
    assert not {(row["unit"], row["id"]) for row in FIGURES} - drawn
