"""The form of the notebooks: outputs that can be trusted, what readers are promised."""

import json
import re
import statistics
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from tools.assignments import before, binds, statements
from tools.notebooks import find_notebooks, units
from tools.numbers import held, measured

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = find_notebooks()
SOLVED = any('"solution"' in path.read_text(encoding="utf-8") for path in NOTEBOOKS)
# Cells and words that a reader is asked for at most.
MOST = {"notebooks": (165, 5000), "labs": (110, 5000), "errata": (60, 5000)}
LOCAL_PATH = re.compile(r"(?<![\w/:.])/(?:home|root|tmp|Users|work|opt|var)/|[A-Z]:\\")
# What stands in no code cell.
NOWHERE = {
    "an address": r"https?://|\burllib\b|\brequests\b|^\s*(?:!|%(?!env TF_))",
    "a way out of the comparison": r"NBVAL_|PYTEST_VALIDATE",
    "a seed of its own": r"seed=\d|set_random_seed\(\d|rng\(\d",
    "a semicolon at the end": r";\s*\Z",
}
DECIMAL = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.]*\d)")
# Places of the text where a point does not make a number, or where it claims
# nothing: headings, listings, addresses, the numbers of sections, exercises,
# versions and laws; what a question supposes.
NO_NUMBER = re.compile(
    r"^### Check yourself.*|^#+ [^\n]*|```.*?```|`[^`]*`|\]\([^)]*\)|<[^>]*>"
    r"|https?://\S+|\bdoi:\S+|arXiv:\S+"
    r"|(?i:sections?|lectures?|exercises?|labs?|units?|figures?|chapter|listing|keras"
    r"|tensorflow|numpy|python|version|cc by-sa|check yourself)[ -]+\d+\.\d+"
    r"(?:(?:,| and| to) \d+\.\d+)*",
    re.MULTILINE | re.DOTALL,
)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem, scope="module")
def path(request):
    return request.param


@pytest.fixture(scope="module")
def notebook(path):
    return nbformat.read(path, as_version=4)


@pytest.fixture(scope="module")
def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(scope="module")
def prose(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def tags(cell):
    return cell.metadata.get("tags", [])


def where(cell):
    return f"In [{cell.get('execution_count')}]"


def outputs(cells):
    return [(cell, output) for cell in cells for output in cell.outputs]


def texts(output):
    if output.output_type == "stream":
        return [output.text]
    return [v for k, v in output.get("data", {}).items() if k.startswith("text/")]


def test_every_cell_was_executed_from_top_to_bottom(code):
    assert [cell.execution_count for cell in code] == [*range(1, len(code) + 1)]


def test_no_stored_error_stderr_or_carriage_return(code):
    bad = [
        where(cell)
        for cell, output in outputs(code)
        if (output.output_type == "error" and "raises-exception" not in tags(cell))
        or output.get("name") == "stderr"
        or any("\r" in text for text in texts(output))
    ]
    assert not bad


def test_outputs_are_compared(code):
    ignored = [cell for cell in code if "nbval-ignore-output" in tags(cell)]
    if SOLVED:  # a student copy has fewer cells, and as many of these
        assert len(ignored) <= 0.03 * len(code)
    assert all("# Not compared:" in cell.source for cell in ignored), (
        "each such cell says why in a comment '# Not compared: ...'"
    )
    assert not [where(cell) for cell in code if "nbval-skip" in tags(cell)]


@pytest.mark.parametrize(
    ("name", "most", "free"), [("tolerance", 0.05, 0.02), ("picture", 0.1, 0.03)]
)
def test_what_may_move_is_small_and_a_large_one_says_why(name, most, free, code):
    declared = [cell for cell in code if name in cell.metadata]
    assert all(0 < cell.metadata[name] <= most for cell in declared)
    assert not [
        where(cell)
        for cell in declared
        if cell.metadata[name] > free and f"# {name.title()}:" not in cell.source
    ], f"above {free} the cell says why in a comment '# {name.title()}: ...'"


def test_one_title_and_no_skipped_heading_level(notebook, prose):
    text = re.sub(r"```.*?```", "", "\n".join(prose), flags=re.DOTALL)
    levels = [len(mark) for mark in re.findall(r"^(#{1,6}) .", text, re.MULTILINE)]
    assert notebook.cells[0].source.startswith("# ")
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))


def test_alternative_texts_tell_the_finding(code):
    faults = []
    for cell, output in outputs(code):
        data = output.get("data", {})
        for kind in filter(re.compile("image/").match, data):
            alt = output.metadata.get(kind, {}).get("alt", "")
            facts = data["text/plain"].removeprefix("<Figure: ").rstrip(">")
            if len(alt) < 40 or facts in alt:
                faults.append(f"{where(cell)}: {alt!r}")
    assert not faults


def test_no_path_of_one_machine(notebook, code):
    said = [cell.source for cell in notebook.cells]
    said += [text for _, output in outputs(code) for text in texts(output)]
    assert not [text for text in said if LOCAL_PATH.search(text)]


@pytest.mark.parametrize("what", NOWHERE)
def test_no_code_cell_holds(what, code):
    found = [c for c in code if re.search(NOWHERE[what], c.source, re.MULTILINE)]
    assert not [where(cell) for cell in found], "the seed comes from start(...)"


def test_only_the_set_up_cell_imports(code):
    pattern = re.compile(r"^\s*(?:import|from) \w", re.MULTILINE)
    assert [where(cell) for cell in code if pattern.search(cell.source)] == ["In [1]"]


def test_cells_are_small(code):
    lengths = [len(cell.source.splitlines()) for cell in code]
    assert max(lengths) <= 30
    assert statistics.median(lengths) <= 6
    assert sum(length < 16 for length in lengths) >= 0.9 * len(lengths)


def test_a_file_holds_no_empty_cell_no_id_twice_and_no_other_metadata(path):
    # As it is: nbformat would give one of two equal ids another name.
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells, metadata = notebook["cells"], notebook["metadata"]
    assert all("".join(cell["source"]).strip() for cell in cells)
    assert len({cell["id"] for cell in cells}) == len(cells)
    assert {*metadata} == {"kernelspec", "language_info"}
    assert metadata["kernelspec"]["name"] == "python3"
    unknown = {"execution", "slideshow"}
    assert not [cell["id"] for cell in cells if unknown & {*cell["metadata"]}]


def test_size(path, notebook, prose):
    most_cells, most_words = MOST[path.parent.name]
    assert path.stat().st_size < 1_500_000
    assert len(notebook.cells) <= most_cells
    assert sum(len(text.split()) for text in prose) <= most_words
    assert sum("**Careful.**" in text for text in prose) <= 8, "interruptions"


@pytest.mark.parametrize("path", units(), ids=lambda path: path.stem, scope="module")
def test_a_unit_has_self_checks_and_exercises(notebook):
    cells = notebook.cells
    assert sum("exercise" in tags(cell) for cell in cells) >= 5
    sections = sum(bool(re.match(r"## \d\.\d ", cell.source)) for cell in cells)
    assert sum("selfcheck" in tags(cell) for cell in cells) >= sections > 0


def test_every_exercise_has_a_place_for_an_answer_and_a_folded_solution(notebook):
    cells = notebook.cells
    numbers = [k for k, cell in enumerate(cells) if "exercise" in tags(cell)]
    for k in numbers:
        assert cells[k].cell_type == "markdown"
        assert tags(cells[k + 1]) == ["answer"], cells[k].source.splitlines()[0]
        assert cells[k + 1].source.startswith("# your answer")
        assert not cells[k + 1].outputs
        solved = "solution" in tags(cells[k + 2])
        assert solved or not SOLVED, cells[k].source.splitlines()[0]
    for cell in cells:
        if "solution" in tags(cell) and cell.cell_type == "code":
            folded = cell.metadata.get("jupyter", {})
            assert folded.get("source_hidden"), where(cell)
            assert folded.get("outputs_hidden"), where(cell)


@pytest.mark.skipif(not SOLVED, reason="a student copy: what a solution holds is gone")
def test_numbers_of_the_text_come_from_a_cell(notebook, prose):
    known = measured([notebook])
    typed = [
        f"{number} in {text[:60]!r}"
        for text in prose
        for number in DECIMAL.findall(NO_NUMBER.sub(" ", text))
        if not held(f"{number} %", known)  # it may stand for a fraction
    ]
    assert not typed


def test_outputs_are_more_than_true_and_false(code):
    said = [
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for _, output in outputs(code)
    ]
    assert len(re.findall(r"\b(?:True|False)\b", "\n".join(said))) <= 10


def test_no_folded_cell_defines_what_a_visible_one_uses(code):
    hidden, faults = set(), []
    for cell in code[1:]:
        body = statements(cell.source)
        names = {name for statement in body for name in binds(statement)}
        folded = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        if folded or "hide-input" in tags(cell):
            hidden |= names
            continue
        if used := before(body, set()) & hidden - names:
            faults.append(f"{where(cell)} uses {sorted(used)}")
        hidden -= names
    assert not faults


@pytest.mark.skipif(not SOLVED, reason="a student copy: imports wait for its answers")
@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_code_is_linted_and_formatted(command):
    ruff = [sys.executable, "-m", "ruff", *command, "."]
    done = subprocess.run(ruff, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
