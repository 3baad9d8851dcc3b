"""The form of a lesson: what the notebooks of a unit promise their readers.

It holds for a unit, its labs and its errata companion as soon as the companion
exists.
"""

import ast
import csv
import re
from pathlib import Path

from tools.notebooks import find_notebooks

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = ROOT / "notebooks"
UNITS = {p.name[:2] for p in find_notebooks() if p.parent.name == "errata"}
PATHS = [path for path in sorted(find_notebooks()) if path.name[:2] in UNITS]
# Cells and words that a reader is asked for at most.
MOST = {"notebooks": (165, 5000), "labs": (110, 5000), "errata": (60, 5000)}
DECIMAL = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.]*\d)")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?")
# Places of the text where a point does not make a number: headings, listings,
# addresses, the numbers of sections, exercises, versions and laws.
NO_NUMBER = re.compile(
    r"^#+ .*|```.*?```|`[^`]*`|\]\([^)]*\)|<[^>]*>|https?://\S+|\bdoi:\S+|arXiv:\S+"
    r"|(?i:sections?|exercises?|labs?|units?|figures?|chapter|listing|keras|tensorflow"
    r"|numpy|python|version|cc by-sa|check yourself)[ -]+\d+\.\d+(?:(?:,| and| to)"
    r" \d+\.\d+)*",
    re.MULTILINE | re.DOTALL,
)


@pytest.fixture(params=PATHS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def path(request):
    return request.param


@pytest.fixture
def cells(path):
    return nbformat.read(path, as_version=4).cells


@pytest.fixture
def code(cells):
    return [cell for cell in cells if cell.cell_type == "code"]


def tags(cell):
    return cell.metadata.get("tags", [])


def where(cell):
    return f"In [{cell.get('execution_count')}]"


def is_hidden(cell):
    return "hide-input" in tags(cell) or cell.metadata.get("jupyter", {}).get(
        "source_hidden", False
    )


def texts(cell):
    """Return what a code cell prints, as text."""
    kinds = "text/plain", "text/html", "text/markdown"
    found = [output.get("text", "") for output in cell.outputs]
    found += [
        output.get("data", {}).get(k, "") for output in cell.outputs for k in kinds
    ]
    return found


def known_numbers(code):
    """Return the numbers of a notebook's code and outputs and of the book's tables."""
    sources = [cell.source for cell in code] + [t for c in code for t in texts(c)]
    for table in ("tests/contract.csv", "tests/figures.csv", "docs/errata.csv"):
        with (ROOT / table).open(encoding="utf-8", newline="") as file:
            sources += [value for row in csv.DictReader(file) for value in row.values()]
    found = {n for text in sources for n in NUMBER.findall(text or "")}
    return [float(number.replace(",", "")) for number in found]


def is_known(number, known):
    """Tell whether a number in the text is one of the known ones, rounded.

    A percentage may stand for its fraction.
    """
    digits = len(number.split(".")[1])
    half = 0.5000001 * 10**-digits
    value = float(number)
    return any(
        abs(value - other) <= half or abs(value - 100 * other) <= half
        for other in known
    )


def test_numbers_of_the_text_come_from_a_cell(cells, code):
    known = known_numbers(code)
    typed = [
        f"{number} in {cell.source[:60]!r}"
        for cell in cells
        if cell.cell_type == "markdown"
        for number in DECIMAL.findall(NO_NUMBER.sub(" ", cell.source))
        if not is_known(number, known)
    ]
    assert not typed


def test_outputs_are_more_than_true_and_false(path, code):
    printed = sum(
        len(re.findall(r"\b(?:True|False)\b", output.get("text", "")))
        + len(
            re.findall(
                r"\b(?:True|False)\b", output.get("data", {}).get("text/plain", "")
            )
        )
        for cell in code
        for output in cell.outputs
    )
    assert printed <= 10


def test_length(path, cells):
    most_cells, most_words = MOST[path.parent.name]
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert len(cells) <= most_cells
    assert sum(len(text.split()) for text in prose) <= most_words
    if path.parent == NOTEBOOKS:
        assert sum("**Careful.**" in text for text in prose) <= 8, "interruptions"


def names(tree, context):
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, context)
    }


def defined(tree):
    """Return the names that a cell gives to the cells below it."""
    found = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        else:
            found |= names(node, ast.Store)
    return found


def test_no_folded_cell_defines_what_a_visible_one_uses(code):
    hidden, faults = set(), []
    for cell in code[1:]:
        tree = ast.parse(cell.source)
        if is_hidden(cell):
            hidden |= defined(tree)
            continue
        used = names(tree, ast.Load) & hidden
        if used - defined(tree):
            faults.append(f"{where(cell)} uses {sorted(used)}")
        hidden -= defined(tree)
    assert not faults


def test_alternative_texts_tell_the_finding(code):
    faults = []
    for cell in code:
        for output in cell.outputs:
            data = output.get("data", {})
            for kind in {"image/png", "image/gif"} & data.keys():
                alt = output.metadata.get(kind, {}).get("alt", "")
                facts = data["text/plain"].removeprefix("<Figure: ").rstrip(">")
                if len(alt) < 40 or facts in alt:
                    faults.append(f"{where(cell)}: {alt!r}")
    assert not faults


def test_no_cell_knows_of_slides(cells):
    assert not [cell.id for cell in cells if "slideshow" in cell.metadata]


def test_one_seed(code):
    seeds = [
        cell
        for cell in code
        if re.search(r"seed=\d|set_random_seed\(\d|rng\(\d", cell.source)
    ]
    assert not [where(cell) for cell in seeds], "derive it from seed = start(...)"
