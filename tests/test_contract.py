"""The contract: every row of contract.csv and every erratum has its cells."""

import csv
import re
from pathlib import Path

from tools.notebooks import find_notebooks, units

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
ID = re.compile(r"[UC]\d-\d+|[EF]-\d+")


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ROWS = read(ROOT / "tests" / "contract.csv")
GOALS = read(ROOT / "tests" / "goals.csv")
ERRATA = {row["id"]: row for row in read(ROOT / "docs" / "errata.csv")}
FIGURES = read(ROOT / "tests" / "figures.csv")
UNITS = {path.name[1]: path for path in units()}


def tagged_cells():
    """All (id, cell) pairs of all notebooks."""
    return [
        (tag, cell)
        for path in sorted(find_notebooks())
        for cell in nbformat.read(path, as_version=4).cells
        for tag in cell.metadata.get("tags", [])
        if ID.fullmatch(tag)
    ]


TAGGED = tagged_cells()


def code_cells(identifier):
    return [c for tag, c in TAGGED if tag == identifier and c.cell_type == "code"]


def need_notebook(unit):
    if unit not in UNITS:
        count = sum(row["unit"] == unit for row in ROWS)
        pytest.skip(f"unit {unit} is not built: {count} rows without a notebook")


def test_the_contract_is_whole():
    assert len(ROWS) == len({row["id"] for row in ROWS}) == 417
    assert {e for row in ROWS for e in row["errata"].split()} == set(ERRATA)


@pytest.mark.parametrize("unit", "12345")
def test_every_row_has_a_code_cell(unit):
    need_notebook(unit)
    rows = [row["id"] for row in ROWS if row["unit"] == unit]
    assert not [identifier for identifier in rows if not code_cells(identifier)]


@pytest.mark.parametrize("unit", "12345")
def test_every_erratum_is_told_and_demonstrated(unit):
    need_notebook(unit)
    named = {e for row in ROWS if row["unit"] == unit for e in row["errata"].split()}
    texts = [(tag, c.source) for tag, c in TAGGED if c.cell_type == "markdown"]
    said = {tag for tag, text in texts if re.search(rf"{tag}\b|rrata|Careful", text)}
    assert not sorted(named - said), "no text that names it"
    assert not [e for e in named if not code_cells(e)], "no demonstration"


@pytest.mark.parametrize("unit", "12345")
def test_every_study_goal_is_linked_at_the_end(unit):
    need_notebook(unit)
    cells = nbformat.read(UNITS[unit], as_version=4).cells
    goals = {row["id"] for row in GOALS if row["unit"] == unit}
    end = next(c for c in reversed(cells) if goals & set(c.metadata.get("tags", [])))
    assert goals <= set(end.metadata.tags)
    links = re.findall(r"\]\(#([^)]+)\)", end.source)
    anchors = {
        re.match(r"#+ (.+)", line)[1].strip().replace(" ", "-")
        for cell in cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if re.match(r"#+ .", line)
    }
    assert len(links) >= len(goals)
    assert not [link for link in links if link not in anchors]


def test_every_figure_of_the_book_has_its_counterpart_in_its_unit():
    for figure in FIGURES:
        cells = nbformat.read(UNITS[figure["unit"]], as_version=4).cells
        drawn = [
            cell
            for cell in cells
            if figure["id"] in cell.metadata.get("tags", [])
            and cell.cell_type == "code"
            and any("image/png" in output.get("data", {}) for output in cell.outputs)
        ]
        assert drawn, f"{figure['id']}: {figure['what']}"


def test_no_unknown_id():
    known = {row["id"] for row in [*ROWS, *GOALS, *FIGURES]} | set(ERRATA)
    assert not {tag for tag, _ in TAGGED} - known


def test_every_tagged_code_cell_has_an_output():
    silent = [tag for tag, c in TAGGED if c.cell_type == "code" and not c.outputs]
    assert not silent
