"""The assignments as files: what exercises build on, what is asked, what is checked."""

import builtins
import shlex
import tomllib

from tools import assignments
from tools.assignments import before, binds, needed_cells, statements

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


def test_the_line_to_go_on_with_can_be_pasted(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(assignments, "make_course", lambda folder: 22)
    assert assignments.main([str(tmp_path / "for the class")]) == 0
    words = shlex.split(capsys.readouterr().out.splitlines()[-1])
    assert f"{tmp_path / 'for the class'};" in words


def test_the_cells_that_a_name_hangs_on_are_found():
    train = "def train(network, rate):\n    network.fit(rate)"
    make = "def make(n):\n    return n"
    for wanted, sources, found in [
        ("c", ["a = 1", "b = 2", "c = a + 1", "d = c + b"], [0, 2]),
        ("x", ["x = 1", "print(x)", "x = x + 1", "x = 5"], [3]),
        ("net", ["net = make()", "net.fit(1)", "net.predict(2)"], [0, 1]),
        ("net", ["rate = 1", train, "net = 0", "train(net, rate)"], [0, 1, 2, 3]),
        ("make", [train, make, "train(make(1), 2)"], [1]),
        ("f", ["g = 1", "def f(a):\n    b = a\n    return b + g"], [0, 1]),
        ("n", ["i = 7", "n = 0\nfor i in range(3):\n    n += i"], [1]),
        ("table", ["table = {}", "table['a'] = 1", "table"], [0, 1]),
    ]:
        cells = needed_cells([new_code_cell(s) for s in sources], {wanted}, set())
        assert [sources.index(cell.source) for cell in cells] == found


def names(body):
    return {name for statement in body for name in binds(statement)}


def test_an_assignment_is_whole(course):
    for path, notebook in course.items():
        nbformat.validate(notebook)
        code = [c.source for c in notebook.cells if c.cell_type == "code"]
        body = [s for source in code for s in statements(source)]
        missing = before(body, set()) - {*dir(builtins)} - names(body)
        assert not missing, (path.stem, missing)
        ids = [cell.metadata.nbgrader.grade_id for cell in notebook.cells]
        assert len(ids) == len({*ids}), path.stem


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
        ours = names(statements(cells[f"answer-{name}"].source))
        theirs = names(statements(check["wrong"]))
        asked = {n for n in ours & theirs if f"`{n}`" in check["ask"]}
        assert asked, f"exercise {number}: its answer has no name that is asked for"
        assert test.source.startswith("### BEGIN HIDDEN TESTS")
    assert any(name.startswith("given") for name in cells)
