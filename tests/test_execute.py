"""Tests of tools.execute: notebooks run, cleaned, stored and summed up."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

from tests.conftest import SEES, SEES_NOTHING, write
from tools import docs, execute, notebooks

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

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
TIMED = "uuid.uuid4().hex"


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
    (tmp_path / "docs" / "instructors.md").write_text("".join(docs.PLAN))
    (tmp_path / "docs" / "errata.csv").write_text("id,kind,where,printed,right,rows")
    for folder in "labs", "errata":
        (tmp_path / "notebooks" / folder).mkdir(parents=True)
    return tmp_path


def texts(cell):
    """What a cell has stored, as text."""
    return [o.text if "text" in o else o.data["text/plain"] for o in cell.outputs]


# --- which notebooks ---------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "Untitled.ipynb",
        "Untitled1.ipynb",
        "01_first-Copy1.ipynb",
        "01_first copy.ipynb",
        "01_first - Copy (2).ipynb",
        "01_first (1).ipynb",
        "01_first_old.ipynb",
        "02_first.ipynb",  # the number of another unit
        "labs/01_first.ipynb",  # a unit where the labs lie
        "mine/01_first.ipynb",
        "labs/.ipynb_checkpoints/01_alpha-checkpoint.ipynb",
        "notes.ipynb",
        ".~01_first.ipynb",
    ],
)
def test_what_people_make_beside_the_notebooks_is_passed_over(house, name):
    first = write(house / "notebooks" / "01_first.ipynb", title="Unit 1: First")
    copy = house / "notebooks" / name
    copy.parent.mkdir(exist_ok=True)
    copy.write_bytes(first.read_bytes())
    assert notebooks.find_notebooks() == [first]
    for cells in [], [new_code_cell("")], [new_markdown_cell("# My project")]:
        nbformat.write(new_notebook(cells=cells), copy)
        assert notebooks.find_notebooks() == [first]
    if not notebooks.NAME.fullmatch(copy.name):
        copy.write_text("<<<<<<< HEAD")
        assert notebooks.find_notebooks() == [first]
    if name != "01_first_old.ipynb":  # alone, it might be the original
        first.replace(copy)
        assert notebooks.find_notebooks() == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{\n<<<<<<< HEAD\n=======\n>>>>>>> theirs\n}", "both sides of a merge"),
        ("", "no notebook that can be read"),
        ("{}", "no notebook that can be read"),
    ],
)
def test_a_broken_notebook_of_the_course_is_named(house, text, says):
    path = house / "notebooks" / "01_first.ipynb"
    path.write_text(text)
    for call in notebooks.find_notebooks, lambda: execute.main(["--save"]):
        with pytest.raises(SystemExit, match=says) as stopped:
            call()
        assert str(path) in str(stopped.value)


# --- whole runs --------------------------------------------------------------


def test_a_run_executes_writes_and_reports(house, capsys):
    path = write(house / "notebooks" / "labs" / "01_good.ipynb", *SOURCES)
    stored = path.read_bytes()

    assert execute.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"01_good  \d+ s  peak 0\.\d GB", lines[0])
    assert lines[2].startswith("1 of 1 notebooks executed in ")
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
    folder = house / "notebooks"
    write(folder / "03_raises.ipynb", "fine = 1", "1 / 0", "'never'")
    write(folder / "02_dies.ipynb", "import os", "os._exit(1)")
    write(folder / "01_good.ipynb", "1")

    assert execute.main(["--save"]) == 1
    said = "\n" + re.sub(r"\d+ s", "9 s", capsys.readouterr().out)
    assert "\n03_raises  failed after 9 s in In [2] of 3:\n" in said
    assert "ZeroDivisionError: division by zero" in said and "\x1b" not in said
    died = (
        "02_dies  failed after 9 s in In [2] of 2:\nThe kernel ended with exit code 1."
    )
    assert died in said
    assert "1 of 3 notebooks executed in" in said
    assert "\nFailed: 02_dies, 03_raises\n" in said
    written = [path.stem for path in (house / "build").glob("*.ipynb")]
    assert written == ["01_good"]
    assert notebooks.stored_results().empty


@pytest.mark.parametrize(
    ("code", "says"),
    [(-9, "memory"), (137, "memory"), (-4, "AVX"), (0xC000001D, "AVX"), (-11, "-11")],
)
def test_the_end_of_a_kernel_is_explained(code, says):
    said = execute.why_it_died(code)
    assert says in said and ("memory" in said) == (says == "memory")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_notebooks_run_side_by_side_longest_first_with_one_thread(house, monkeypatch):
    """Each of the two units waits for the other, so they must run together.

    On a terminal each has a line, which counts while a cell computes.
    """
    meet = (
        "import os, pathlib, time\n"
        "pathlib.Path({mine!r}).touch()\n"
        "end = time.time() + 60\n"
        "while not pathlib.Path({other!r}).exists():\n"
        "    assert time.time() < end\n"
        "    time.sleep(0.05)\n"
        "time.sleep(2.5)\n"
        "os.environ['TF_NUM_INTRAOP_THREADS'], os.environ['OMP_NUM_THREADS']"
    )
    folder = house / "notebooks"
    write(folder / "labs" / "01_last.ipynb", "1")
    write(folder / "01_one.ipynb", "1", meet.format(mine="one", other="two"))
    write(folder / "02_two.ipynb", "1", meet.format(mine="two", other="one"))
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "100")
    assert execute.main(["-n", "2"]) == 0
    said = sys.stdout.getvalue()
    for name in "01_one", "02_two":
        assert f"{name}  cell 1 of 2  " in said
        assert len({*re.findall(rf"{name}  cell 2 of 2  (\d+) s", said)}) > 1
        assert said.index(f"{name}  cell 2") < said.index("01_last")
    assert "3 of 3 notebooks executed in" in said and ", 2 at once" in said
    executed = nbformat.read(house / "build" / "01_one.ipynb", as_version=4)
    if "TF_NUM_INTRAOP_THREADS" not in os.environ:
        assert texts(executed.cells[2]) == ["('1', '1')"]


@pytest.mark.parametrize(
    ("cores", "free_gb", "expected"),
    [(8, 64, 8), (8, 7, 2), (2, 64, 2), (4, 0.5, 1)],
)
def test_little_memory_means_fewer_at_once(cores, free_gb, expected, monkeypatch):
    monkeypatch.setattr(
        os, "sched_getaffinity", lambda process: range(cores), raising=False
    )
    free = SimpleNamespace(available=free_gb * 1e9)
    monkeypatch.setattr(execute.psutil, "virtual_memory", lambda: free)
    assert execute.at_once() == expected


def test_notebooks_from_elsewhere_have_pages_of_their_own(house, capsys):
    desks = [house.parent / f"{house.name}-{name}" for name in ("ann", "ben")]
    ann, ben = (str(write(d / "01_first.ipynb", f"'{d.name[-3:]}'")) for d in desks)
    course = str(write(house / "notebooks" / "01_first.ipynb", "'course'"))
    mine = str(write(house / "work" / "01_first.ipynb", "'mine'"))
    assert execute.main([ann, ben, course, mine, course]) == 0
    assert "4 of 4 notebooks" in capsys.readouterr().out
    pages = {desks[0].name: "ann", desks[1].name: "ben", ".": "course", "work": "mine"}
    for folder, says in pages.items():
        page = house / "build" / folder / "01_first.html"
        assert f"'{says}'" in page.read_text(encoding="utf-8")
    assert execute.main([ann]) == 0
    assert "'ann'" in (house / "build" / "01_first.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("notebooks/01_frist_steps.ipynb", "Did you mean notebooks/01_first_steps"),
        ("first_steps", "Did you mean notebooks/01_first_steps"),
        ("notebooks/lab/02_gates.ipynb", "Did you mean notebooks/labs/02_gates"),
        ("notebooks/06_transformers.ipynb", "There is no notebook notebooks/06_"),
        ("empty", "There is no notebook empty"),
    ],
)
def test_a_misspelt_name_is_answered(house, monkeypatch, name, hint):
    write(house / "notebooks" / "01_first_steps.ipynb")
    lab = write(house / "notebooks" / "labs" / "02_gates.ipynb")
    (house / "empty").mkdir()
    monkeypatch.chdir(house)
    with pytest.raises(SystemExit, match=re.escape(hint)):
        execute.main([name])
    assert execute.choose(["notebooks/labs"]) == [lab], "a folder means what it holds"


@pytest.mark.skipif(os.name != "posix", reason="sends a signal as a terminal does")
def test_ctrl_c_ends_every_kernel_with_one_sentence(house, tmp_path):
    """In a process of its own, as it is called."""
    wait = "import os, pathlib, time\npathlib.Path(str(os.getpid())).touch()\n"
    paths = [write(house / f"0{n}.ipynb", wait + "time.sleep(60)") for n in (1, 2)]
    command = [sys.executable, "-m", "tools.execute", "-n", "2", *map(str, paths)]
    # A shell's background jobs ignore the signal, and so would their children.
    process = subprocess.Popen(
        command,
        cwd=docs.__file__.rpartition("tools")[0],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    end = time.monotonic() + 60
    while len(kernels := [p for p in house.iterdir() if p.name.isdigit()]) < 2:
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.startswith("Stopped: every kernel is ended") and said.count("\n") == 1
    assert not [kernel for kernel in kernels if psutil.pid_exists(int(kernel.name))]


def test_save_stores_the_outputs_and_running_again_changes_nothing(house):
    path = write(house / "notebooks" / "01_good.ipynb", *SOURCES, TIMED)
    notebook = nbformat.read(path, as_version=4)
    kept = {"tags": ["nbval-ignore-output"], "tolerance": 0.01}
    notebook.cells[-1].metadata = kept
    notebook.metadata = {
        "kernelspec": {"name": "my-env", "display_name": "mine", "language": "python"},
        "widgets": {"state": {}},
    }
    nbformat.write(notebook, path)
    other = write(house / "notebooks" / "02_other.ipynb", "raise SystemError")
    untouched = other.read_bytes()

    def save():
        assert execute.main(["--save", str(path)]) == 0
        return nbformat.read(path, as_version=4)

    first, stored = save(), path.read_bytes()
    assert texts(first.cells[2]) == ["ab\n", "42"]
    assert first.cells[-1].metadata == kept
    assert [cell.execution_count for cell in first.cells[1:]] == [1, 2, 3, 4]
    assert {*first.metadata} == {"kernelspec", "language_info"}
    assert first.metadata.kernelspec.name == "python3"
    readme = docs.README.read_text(encoding="utf-8")
    assert readme == README.replace("an old table", TABLE)
    assert notebooks.stored_results().to_dict("records") == [ROW]

    assert save() == first and path.read_bytes() == stored
    assert other.read_bytes() == untouched
    notebook = nbformat.reads(stored, as_version=4)
    notebook.cells[-1].outputs = []
    nbformat.write(notebook, path)
    assert save() != first, "a timing that was cleared is stored anew"


def test_nothing_of_the_user_gets_into_the_kernel(house, somebodys, monkeypatch):
    for name, value in somebodys.items():
        monkeypatch.setenv(name, value)
    path = write(house / "notebooks" / "01_sees.ipynb", SEES)
    assert execute.main([str(path)]) == 0
    executed = nbformat.read(house / "build" / "01_sees.ipynb", as_version=4)
    assert texts(executed.cells[1]) == [SEES_NOTHING]
