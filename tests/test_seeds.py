"""Tests of tools.seeds and tools.mutants, the questions to the notebooks."""

from tests.conftest import write
from tools import mutants, seeds

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

LESSON = """import os
seed = int(os.environ.get("COURSE_SEED", 42))
print("larger:", seed > 5)
print("a", seed)
print("b", 10)
print(f"Keras 3.15, seed {seed}")"""


def test_what_another_seed_turns_round_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(seeds.kernel, "isolate", lambda: None)
    monkeypatch.setenv("COURSE_SEED", "42")
    text = "larger: True\na 42\nb 10\nKeras 3.15, seed 42\n"
    path = write(
        tmp_path / "lesson.ipynb",
        new_code_cell(LESSON, outputs=[new_output("stream", text=text)]),
        "assert seed != 3, 'outside the band'",
        new_code_cell("seed", metadata={"tags": ["nbval-ignore-output"]}),
    )
    assert seeds.main([str(path), "--seeds", "3", "43"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "lesson, seed 3: 2 broken, 1 turned round",
        "  In [1] broken: larger: True   ->   larger: False",
        "  In [2] broken: AssertionError: outside the band",
        "  In [1] turned: number 1 of the lines: [42.0, 10.0] -> [3.0, 10.0]",
        "lesson, seed 43: 0 broken, 0 turned round",
    ]


def test_a_mutant_changes_one_number_or_operator_that_is_seen():
    cells = [
        new_code_cell("x = 2 * 0.5\ny = f'{x + 1:.2f}' < 'a'\nz = x[:-1] + 0.0"),
        new_code_cell("1", metadata={"tags": ["solution"]}),
    ]
    found = [*mutants.mutants(new_notebook(cells=[new_markdown_cell("1"), *cells]))]
    assert {(m.cell, m.number) for m in found} == {(1, 1)}
    assert {m.changed for m in found} == {
        "x = 3 * 0.5",
        "x = 2 / 0.5",
        "x = 2 * 1.0",
        "y = f'{x + 1:.2f}' <= 'a'",
        "z = x[:-2] + 0.0",
        "z = x[:-1] - 0.0",
        "z = x[:-1] + 1.0",
    }
    assert all(len(m.source.splitlines()) == 3 for m in found)


def test_a_change_that_nothing_shows_survives(tmp_path, capsys):
    shown = [
        new_output("execute_result", {"text/plain": "(3, int)"}, execution_count=2)
    ]
    cell = new_code_cell("x, type(y)", outputs=shown)
    path = write(tmp_path / "lesson.ipynb", "x = 3\ny = 4", cell)
    assert mutants.main([str(path)]) == 1
    *each, last = capsys.readouterr().out.splitlines()
    assert {line[4:] for line in each} == {
        "red      In [1]  x = 3   ->   x = 4",
        "SURVIVES In [1]  y = 4   ->   y = 5",
    }
    assert last == "1 of 2 changes turn red (50.0%)"
