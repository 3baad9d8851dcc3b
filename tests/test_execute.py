"""Tests of tools.execute: notebooks run, cleaned, stored and summed up."""

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import SEES, SEES_NOTHING
from tools import docs, execute, notebooks

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

README = """# Course

<!-- results:begin -->
an old table
<!-- results:end -->

The end.
"""
ROW = {"what": "accuracy", "book": 0.9785, "here": 0.98, "within": 0.005}
TABLE = """| | book | here | within |
|---|---|---|---|
| accuracy | 0.9785 | 0.9800 | 0.005 |"""
SOURCES = [
    # A line that moves, a warning, and a text that is written in two pieces.
    "import sys, uuid\n"
    "for step in range(3):\n"
    "    print('\\rstep', step, end='', flush=True)\n"
    "print('\\rdone  ')\n"
    "print('careful', file=sys.stderr)",
    "print('a', end='', flush=True); print('b')\n6 * 7",
    # What Results.compare and play display: rows, and a widget's random number.
    "widget = 'application/vnd.jupyter.widget-view+json'\n"
    "data = {'text/plain': 'a slider', widget: {'model_id': uuid.uuid4().hex}}\n"
    f"display(data, metadata={{'results': [{ROW}]}}, raw=True)",
]


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A course of its own in a temporary folder."""
    for module in docs, execute, notebooks:
        monkeypatch.setattr(module, "ROOT", tmp_path)
    for module in execute, notebooks:
        monkeypatch.setattr(module, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(docs, "README", tmp_path / "README.md")
    (tmp_path / "README.md").write_text(README, encoding="utf-8")
    monkeypatch.setattr(docs, "HIGHLIGHTS", {"accuracy": "accuracy"})
    monkeypatch.setattr(docs, "CITATION", tmp_path / "CITATION.cff")
    (tmp_path / "CITATION.cff").touch()
    monkeypatch.setattr(docs, "DOCS", tmp_path / "docs")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "errata.csv").write_text("id,kind,where,printed,right,rows")
    (tmp_path / "notebooks" / "labs").mkdir(parents=True)
    return tmp_path


def write(path, *sources):
    cells = [new_markdown_cell("# Title"), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def texts(cell):
    """What a cell has stored, as text."""
    return [o.text if "text" in o else o.data["text/plain"] for o in cell.outputs]


# --- the order ---------------------------------------------------------------


def test_each_unit_is_followed_by_its_labs(house):
    titles = {
        "01_first.ipynb": "Unit 1: First",
        "labs/01_beta.ipynb": "Lab 1a: Beta",
        "labs/01_alpha.ipynb": "Lab 1b: Alpha",
        "02_second.ipynb": "Unit 2: Second",
        "labs/02_alpha.ipynb": "Lab 2a: Alpha",
        "10_tenth.ipynb": "Unit 10: Tenth",
    }
    folder = house / "notebooks"
    (folder / "labs" / ".ipynb_checkpoints").mkdir()
    write(folder / "labs/.ipynb_checkpoints/01_alpha-checkpoint.ipynb")
    (folder / "labs" / "notes.txt").touch()
    for name, text in reversed(titles.items()):
        notebook = new_notebook(cells=[new_markdown_cell(f"# {text}\n\nMore.")])
        nbformat.write(notebook, folder / name)
    found = notebooks.find_notebooks()
    assert [p.relative_to(folder).as_posix() for p in found] == [*titles]
    assert [*map(notebooks.title, found)] == [*titles.values()]


# --- cleaning ----------------------------------------------------------------


def test_clean_drops_all_that_differs_between_runs():
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "3f2a"}}
    timing = {"execution": {"iopub.execute_input": "2025-01-01T00:00:00Z"}}
    kept = {"tags": ["U1-01"], "tolerance": 0.01}
    cell = new_code_cell(
        "a", execution_count=17, metadata={**timing, **kept}, id="abcd1234"
    )
    cell.outputs = [
        new_output("execute_result", {"text/plain": "1"}, execution_count=17),
        new_output("display_data", {"text/plain": "slider", **widget}),
        new_output("stream", text="words"),
    ]
    cells = [new_markdown_cell("text"), new_code_cell("b"), cell]
    notebook = new_notebook(cells=cells)
    notebook.metadata = {
        "language_info": {"name": "python", "version": "3.12.1"},
        "kernelspec": {"name": "my-env", "display_name": "mine", "language": "python"},
        "widgets": {"state": {}},
    }

    assert execute.clean(notebook) is notebook
    nbformat.validate(notebook)
    assert notebook.metadata == {
        "kernelspec": {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        },
        "language_info": {"name": "python"},
    }
    assert [c.execution_count for c in notebook.cells[1:]] == [1, 2]
    assert cell.metadata == kept and cell.id == "abcd1234"
    assert texts(cell) == ["1", "slider", "words"]
    assert cell.outputs[0].execution_count == 2
    assert [*cell.outputs[1].data] == ["text/plain"]


# --- results -----------------------------------------------------------------


def test_results_are_collected_in_the_order_of_the_notebooks():
    rows = [{**ROW, "what": name} for name in "abc"]

    def compared(*some):
        output = new_output("display_data", metadata={"results": [*some]})
        other = [new_output("stream", text="text"), new_output("display_data")]
        return new_code_cell(outputs=[*other, output])

    first = new_notebook(cells=[new_markdown_cell(), compared(*rows[:2])])
    second = new_notebook(cells=[compared(rows[2])])
    table = notebooks.collect_results([first, second])
    assert table.to_dict("records") == rows
    assert [*notebooks.collect_results([]).columns] == [*ROW]


def test_results_become_a_table_of_the_readme(house):
    table = pd.DataFrame([ROW])
    assert notebooks.results_markdown(table) == TABLE
    count = {"what": "parameters", "book": 39760.0, "here": 39760.0, "within": 0.0}
    line = notebooks.results_markdown(pd.DataFrame([count])).splitlines()[-1]
    assert line == "| parameters | 39,760 | 39,760 | 0 |"
    assert docs.readme_with(table) == README.replace("an old table", TABLE)


# --- whole runs --------------------------------------------------------------


def test_a_run_executes_writes_and_reports(house, capsys):
    path = write(house / "notebooks" / "labs" / "01_good.ipynb", *SOURCES)
    stored = path.read_bytes()

    assert execute.main([]) == 0
    lines = [line.rpartition("\r")[2] for line in capsys.readouterr().out.split("\n")]
    assert re.fullmatch(r"01_good  \d+ s  peak 0\.\d GB", lines[0])
    assert f"Executed copies and pages: {house / 'build'}" in lines
    assert "accuracy 0.9785  0.98   0.005" in lines

    build = house / "build"
    page = build / "labs" / "01_good.html"
    html = page.read_text(encoding="utf-8")
    assert "a slider" in html
    loaded = re.findall(r"<(?:script|link)\b[^>]*\b(?:src|href)=\"([^\"]+)", html)
    assert "../mathjax.js" in loaded, "mathematics is shown"
    assert all((page.parent / file).is_file() for file in loaded), "without a network"
    executed = nbformat.read(build / "labs" / "01_good.ipynb", as_version=4)
    assert [texts(cell) for cell in executed.cells[1:]] == [
        ["done  \n", "careful\n"],
        ["ab\n", "42"],
        ["a slider"],
    ]
    assert executed == execute.clean(executed)
    assert path.read_bytes() == stored
    assert docs.README.read_text(encoding="utf-8") == README


def test_a_failed_notebook_is_named_with_its_cell_and_the_others_run(house, capsys):
    write(house / "notebooks" / "01_raises.ipynb", "fine = 1", "1 / 0", "'never'")
    write(house / "notebooks" / "02_dies.ipynb", "import os", "os._exit(1)")
    write(house / "notebooks" / "03_good.ipynb", "1")

    assert execute.main(["--save"]) == 1
    said = capsys.readouterr().out
    first, second = re.split(r"^02_dies  failed", said, flags=re.MULTILINE)
    assert re.search(r"01_raises  In \[2/3\]  \d+ s \n01_raises  failed:\n", first)
    assert "ZeroDivisionError" in first and "01_raises  In [3/3]" not in first
    assert re.search(r"02_dies  In \[2/2\]  \d+ s \n$", first)
    assert second.startswith(":\nKernel died")
    written = [path.stem for path in (house / "build").glob("*.ipynb")]
    assert written == ["03_good"]
    assert notebooks.stored_results().empty


def test_save_stores_the_outputs_and_running_again_changes_nothing(house, capsys):
    path = write(house / "notebooks" / "01_good.ipynb", *SOURCES)
    other = write(house / "notebooks" / "02_other.ipynb", "raise SystemError")
    untouched = other.read_bytes()

    assert execute.main(["--save", str(path)]) == 0
    stored = path.read_bytes()
    assert texts(nbformat.reads(stored, as_version=4).cells[2]) == ["ab\n", "42"]
    assert docs.README.read_text(encoding="utf-8") == README.replace(
        "an old table", TABLE
    )
    assert notebooks.stored_results().to_dict("records") == [ROW]

    assert execute.main(["--save", str(path)]) == 0
    assert path.read_bytes() == stored
    assert other.read_bytes() == untouched


def test_a_timing_that_is_stored_stays_until_it_is_cleared(house):
    path = house / "notebooks" / "01_timed.ipynb"
    cell = new_code_cell("import uuid\nuuid.uuid4().hex")
    cell.metadata["tags"] = ["nbval-ignore-output"]
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Title"), cell]), path)

    def run():
        assert execute.main(["--save", str(path)]) == 0
        return nbformat.read(path, as_version=4)

    first, second = run(), run()
    assert first == second
    second.cells[1].outputs = []
    nbformat.write(second, path)
    assert texts(run().cells[1]) != texts(first.cells[1])


def test_nothing_of_the_user_gets_into_the_kernel(tmp_path, somebodys):
    path = write(tmp_path / "sees.ipynb", SEES)
    script = (
        "import sys, pathlib, tools.kernel, tools.execute as tool; "
        "tools.kernel.isolate(); notebook, _ = tool.execute(pathlib.Path(sys.argv[1]));"
        "print(notebook.cells[1].outputs[0].data['text/plain'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        cwd=Path(__file__).parents[1],
        env=somebodys,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stdout.splitlines()[-1:] == [SEES_NOTHING], done.stderr
