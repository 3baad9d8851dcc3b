"""The form every stored notebook keeps, so that its outputs can be trusted."""

import re
import statistics
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from tools.notebooks import find_notebooks

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = find_notebooks()
SOLVED = any('"solution"' in path.read_text(encoding="utf-8") for path in NOTEBOOKS)
LOCAL_PATH = re.compile(r"(?<![\w/:.])/(?:home|root|tmp|Users|work|opt|var)/|[A-Z]:\\")
OUTSIDE = re.compile(
    r"https?://|\burllib\b|\brequests\b|^\s*(?:!|%(?!env TF_))", re.MULTILINE
)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem, scope="module")
def notebook(request):
    return nbformat.read(request.param, as_version=4)


@pytest.fixture(scope="module")
def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


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


def headings(notebook):
    """Heading levels and texts in order; a # inside a code fence is none."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            source = re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL)
            for line in source.splitlines():
                if match := re.match(r"(#{1,6}) (.+)", line):
                    yield len(match[1]), match[2]


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
    escapes = ("nbval-skip", "NBVAL_", "PYTEST_VALIDATE")
    assert not [
        where(cell)
        for cell in code
        if any(word in cell.source or word in tags(cell) for word in escapes)
    ]


def test_tolerances_are_small_and_a_large_one_says_why(code):
    declared = [cell for cell in code if "tolerance" in cell.metadata]
    assert all(0 < cell.metadata["tolerance"] <= 0.05 for cell in declared)
    assert not [
        where(cell)
        for cell in declared
        if cell.metadata["tolerance"] > 0.02 and "# Tolerance:" not in cell.source
    ], "above 0.02 the cell says why in a comment '# Tolerance: ...'"


def test_a_picture_that_may_move_far_says_why(code):
    declared = [cell for cell in code if "picture" in cell.metadata]
    assert all(0 < cell.metadata["picture"] <= 0.1 for cell in declared)
    assert not [
        where(cell)
        for cell in declared
        if cell.metadata["picture"] > 0.03 and "# Picture:" not in cell.source
    ], "above 0.03 the cell says why in a comment '# Picture: ...'"


def test_one_title_and_no_skipped_heading_level(notebook):
    levels = [level for level, _ in headings(notebook)]
    assert notebook.cells[0].source.startswith("# ")
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))


def test_every_image_has_alternative_text(code):
    images = [
        (where(cell), output.metadata.get(kind, {}).get("alt", ""))
        for cell, output in outputs(code)
        for kind in output.get("data", {})
        if kind.startswith("image/")
    ]
    assert not [place for place, alt in images if len(alt) < 20]


def test_no_path_of_one_machine(notebook, code):
    found = [LOCAL_PATH.findall(cell.source) for cell in notebook.cells]
    found += [
        LOCAL_PATH.findall(text)
        for _, output in outputs(code)
        for text in texts(output)
    ]
    assert not [match for matches in found for match in matches]


def test_no_cell_reaches_outside(code):
    assert not [where(cell) for cell in code if OUTSIDE.search(cell.source)]


def test_only_the_set_up_cell_imports(code):
    pattern = re.compile(r"^\s*(?:import|from) \w", re.MULTILINE)
    assert [where(cell) for cell in code if pattern.search(cell.source)] == ["In [1]"]


def test_cells_are_small(code):
    lengths = [len(cell.source.splitlines()) for cell in code]
    wide = [where(c) for c in code if any(len(x) > 80 for x in c.source.splitlines())]
    assert not wide, "lines over 80 characters are clipped on slides"
    assert max(lengths) <= 30
    assert statistics.median(lengths) <= 6
    assert sum(length < 16 for length in lengths) >= 0.9 * len(lengths)


def test_no_empty_cell_and_unique_ids(notebook):
    assert all(cell.source.strip() for cell in notebook.cells)
    ids = [cell.id for cell in notebook.cells]
    assert len(ids) == len(set(ids))


def test_no_trailing_semicolon(code):
    assert not [where(cell) for cell in code if cell.source.rstrip().endswith(";")]


def test_metadata_is_clean(notebook):
    assert notebook.metadata.kernelspec.name == "python3"
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert not any("execution" in cell.metadata for cell in notebook.cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_stored_size(path):
    assert path.stat().st_size < 1_500_000


@pytest.mark.parametrize(
    "path",
    [path for path in NOTEBOOKS if path.parent.name == "notebooks"],
    ids=lambda path: path.stem,
)
def test_a_unit_has_self_checks_and_solved_exercises(path):
    cells = nbformat.read(path, as_version=4).cells
    if not SOLVED:
        pytest.skip("this is a student copy: its exercises are to be solved")
    exercises = [
        c for c in cells if "exercise" in tags(c) and c.cell_type == "markdown"
    ]
    solutions = [c for c in cells if "solution" in tags(c) and c.cell_type == "code"]
    assert len(exercises) >= 5
    assert len(solutions) >= len(exercises)
    sections = [c for c in cells if re.match(r"## \d\.\d ", c.source)]
    assert len([c for c in cells if "selfcheck" in tags(c)]) >= len(sections) > 0


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


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_code_is_linted_and_formatted(command):
    if not SOLVED:
        pytest.skip("this is a student copy: some imports wait for its answers")
    ruff = [sys.executable, "-m", "ruff", *command, "."]
    done = subprocess.run(ruff, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
