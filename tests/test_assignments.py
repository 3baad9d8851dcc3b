"""The assignments as files: what exercises build on, what is asked, what is checked."""

import ast
import builtins
import tomllib

from tools import assignments
from tools.assignments import before, needed_cells

import nbformat
import pytest
from nbformat.v4 import new_code_cell

CHECKS = tomllib.loads(assignments.CHECKS.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course") / "new"
    assert assignments.make_course(folder) == len([*folder.glob("source/*/*.ipynb")])
    with pytest.raises(ValueError, match="not empty"):
        assignments.make_course(folder)
    return {path: nbformat.read(path, 4) for path in folder.glob("source/*/*.ipynb")}


def needed(wanted, *sources):
    cells = needed_cells([new_code_cell(s) for s in sources], {wanted}, set())
    return [sources.index(cell.source) for cell in cells]


def test_the_cells_that_a_name_hangs_on_are_found():
    assert needed("c", "a = 1", "b = 2", "c = a + 1", "d = c + b") == [0, 2]
    assert needed("x", "x = 1", "print(x)", "x = x + 1", "x = 5") == [3]
    assert needed("net", "net = make()", "net.fit(1)", "net.predict(2)") == [0, 1]
    train = "def train(network, rate):\n    network.fit(rate)"
    assert needed("net", "rate = 1", train, "net = 0", "train(net, rate)") == [
        0,
        1,
        2,
        3,
    ]
    assert needed("make", train, "def make(n):\n    return n", "train(make(1), 2)") == [
        1
    ]
    assert needed("f", "g = 1", "def f(a):\n    b = a\n    return b + g") == [0, 1]
    assert needed("n", "i = 7", "n = 0\nfor i in range(3):\n    n += i") == [1]
    assert needed("table", "table = {}", "table['a'] = 1", "table") == [0, 1]


def test_nothing_that_an_assignment_reads_is_missing(course):
    for path, notebook in course.items():
        nbformat.validate(notebook)
        code = [c.source for c in notebook.cells if c.cell_type == "code"]
        body = [s for source in code for s in assignments.statements(source)]
        bound = {n for s in ast.walk(ast.Module(body, [])) for n in names_bound(s)}
        missing = before(body, set()) - {*dir(builtins)} - bound
        assert not missing, (path.stem, missing)


def names_bound(node):
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler):
        yield node.name
    elif isinstance(node, ast.alias):
        yield node.asname or node.name.partition(".")[0]


def test_every_row_belongs_to_an_exercise_and_asks_for_what_it_checks(course):
    cells = {
        cell.metadata.nbgrader.grade_id: cell
        for notebook in course.values()
        for cell in notebook.cells
    }
    for number, check in CHECKS.items():
        name = number.replace(".", "-")
        assert check["ask"] in cells[f"text-{name}"].source, number
        test = cells[f"test-{name}"]
        assert test.metadata.nbgrader.points == assignments.POINTS["code"]
        answer = [*ast.walk(ast.parse(cells[f"answer-{name}"].source))]
        ours = {n for node in answer for n in names_bound(node)}
        theirs = {
            n for node in ast.walk(ast.parse(check["wrong"])) for n in names_bound(node)
        }
        asked = {n for n in ours & theirs if f"`{n}`" in check["ask"]}
        assert asked, f"exercise {number}: its answer has no name that is asked for"
        given = [c for k, c in cells.items() if k.startswith("given")]
        assert given and test.source.startswith("### BEGIN HIDDEN TESTS")


def test_each_name_of_nbgrader_is_used_once_in_a_notebook(course):
    for path, notebook in course.items():
        names = [cell.metadata.nbgrader.grade_id for cell in notebook.cells]
        assert len(names) == len({*names}), path.stem
