"""Tests of the strict comparison in the conftest.py at the top.

One pytest run over small notebooks, in a folder of its own, shows every case: a
cell's source and what the notebook has stored for it.
"""

import base64
import io
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import NamedTuple

from tests.conftest import SEES, SEES_NOTHING, write
from tools import strict

import pytest
from nbformat.v4 import new_code_cell, new_output
from PIL import Image

NO_NETWORK = "A notebook must not open a network connection."
ROOT = Path(__file__).parent.parent


class Case(NamedTuple):
    """A cell, its stored outputs and lines of the complaint (none: it passes)."""

    source: str
    stored: list
    says: tuple[str, ...] = ()


def differ(stored, computed, *more):
    return (
        *(f"stored in the notebook:  {line}" for line in stored),
        *(f"computed now:            {line}" for line in computed),
        *more,
    )


def apart(difference):
    return f"largest difference {difference}, tolerance 0.02"


def stream(text):
    return [new_output("stream", text=text)]


def value(text):
    data = {"text/plain": text}
    return [new_output("execute_result", data, execution_count=1)]


def table(text):
    return [new_output("display_data", {"text/plain": "table", "text/html": text})]


def display(shade, alt="A line.", kind="png"):
    """Cell source that shows a picture of one colour, with an alternative text."""
    (output,) = picture(shade, alt, kind)
    return f"display({output.data}, metadata={output.metadata}, raw=True)"


def picture(shade, alt="A line.", kind="png", written=None):
    """What is stored of a picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (32, 16), (shade, 0, 0)).save(buffer, written or kind)
    kind = f"image/{kind}"
    data = {kind: base64.b64encode(buffer.getvalue()).decode(), "text/plain": "fig"}
    return [new_output("display_data", data, metadata={kind: {"alt": alt}})]


LOSS = "print('loss 0.5')"
WARN = "import sys\nprint('0.5')\nprint('deprecated', file=sys.stderr)"
TABLE = "display({'text/plain': 'table', 'text/html': '<b>0.5</b>'}, raw=True)"
MOST = "difference of a block 0.2000, allowed 0.05; most at (0, 0)"
SHEET = "side by side: {folder}/build/strict/cases_In_{number}_figure_2.png"
EXACT = {
    "equal": Case(LOSS, stream("loss 0.5\n")),
    "no output": Case("x = 1", []),
    "progress line": Case("print('\\r50 %', end='\\rdone\\n')", stream("done\n")),
    "other bytes": Case(display(99), picture(99, written="tiff")),
    "other pixels": Case(
        f"{display(99)}\n{display(99)}",
        picture(99) + picture(150),
        (f"figure 2: {MOST}", SHEET),
    ),
    "a motion": Case(
        display(99, kind="gif"), picture(150, kind="gif"), (f"figure 1: {MOST}",)
    ),
    "a picture less": Case(
        "display({'text/plain': 'fig'}, raw=True)",
        picture(99),
        ("1 figures are stored, 0 computed now",),
    ),
    "other alternative text": Case(
        display(99),
        picture(99, alt="A bar."),
        ("figure 1: another alternative text", *differ(["A bar."], ["A line."])),
    ),
    "other text": Case(
        f"print('first')\n{LOSS}",
        stream("first\nloss 0.6\n"),
        differ(["loss 0.6"], ["loss 0.5"]),
    ),
    "last digit": Case("0.50001", value("0.5"), differ(["0.5"], ["0.50001"])),
    "line end": Case(
        "print('a')", stream("a"), ("(the difference is in blanks or line ends)",)
    ),
    "a warning more": Case(WARN, stream("0.5\n"), differ([], ["stderr: deprecated"])),
    "an output less": Case("x = 1", value("1"), differ(["text/plain: 1"], [])),
    "an output more": Case("display(1)\n2", value("2"), differ([], ["text/plain: 1"])),
}
# In cells that declare a tolerance of 0.02.
WITHIN = {
    "stream within": Case(LOSS, stream("loss 0.52\n")),
    "stream outside": Case(
        LOSS, stream("loss 0.53\n"), differ(["loss 0.53"], ["loss 0.5"], apart(0.03))
    ),
    "value within": Case("[1e-3, -0.5]", value("[0.02, -0.5]")),
    "table within": Case(TABLE, table("<b>0.51</b>")),
    "table outside": Case(TABLE, table("<b>0.55</b>"), (apart(0.05),)),
    "the second outside": Case(
        "display(0.5)\n0.7",
        value("0.5") + value("0.8"),
        differ(["0.8"], ["0.7"], apart(0.1)),
    ),
    "change of sign": Case("print('[ 0.01 1]')", stream("[-0.01 1]\n")),
    "text around": Case(
        LOSS, stream("mean 0.5\n"), differ(["mean 0.5"], ["loss 0.5"], apart(0))
    ),
    "a number more": Case("print(0.5, 1)", stream("0.5\n"), differ(["0.5"], ["0.5 1"])),
    "not a number": Case("print('nan')", stream("0.5\n"), differ(["0.5"], ["nan"])),
    "picture within": Case(display(99, "It is 0.5."), picture(101, "It is 0.6.")),
    "picture outside": Case(
        display(99),
        picture(110),
        ("figure 1: mean difference 0.0431, allowed 0.03; most at (0, 0)",),
    ),
    "warning within": Case(WARN, stream("0.51\n"), differ([], ["stderr: deprecated"])),
}
CASES = EXACT | WITHIN
RAISES = ["x = 1", "x / 0", "x"]
OFFLINE = [
    "import socket, urllib.request",
    # The machine itself may be asked: the kernel's own parts talk that way.
    "server = socket.create_server(('127.0.0.1', 0))\n"
    "socket.create_connection(server.getsockname()).close()",
    "try:\n"
    "    socket.socket().connect(('192.0.2.1', 80))\n"
    "except OSError as error:\n"
    f"    assert str(error) == {NO_NETWORK!r}",
    "urllib.request.urlopen('http://example.org')",
    "'never'",
]


@pytest.fixture(scope="module")
def run(tmp_path_factory, somebodys):
    """Run pytest on four notebooks; returns the text it prints and its report."""
    folder = tmp_path_factory.mktemp("strict")
    shutil.copy(ROOT / "conftest.py", folder)
    (folder / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT}\n")
    cases = [new_code_cell(c.source, outputs=c.stored) for c in CASES.values()]
    for cell in cases[len(EXACT) :]:
        cell.metadata["tolerance"] = 0.02
    ignored = new_code_cell("1", metadata={"tags": ["nbval-ignore-output"]})
    write(folder / "labs" / "cases.ipynb", *cases, ignored)
    write(folder / "raises.ipynb", *RAISES)
    write(folder / "offline.ipynb", *OFFLINE)
    sees = new_code_cell(SEES, outputs=value(SEES_NOTHING))
    write(folder / "settings.ipynb", sees)
    command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider"]
    command += ["--nbval-current-env", "--junitxml=report.xml"]
    finished = subprocess.run(
        command,
        cwd=folder,
        env=somebodys,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    return finished.stdout, ElementTree.parse(folder / "report.xml"), folder


def outcomes(run, notebook):
    """(outcome, message) of every cell of a notebook."""
    return [
        next(((found.tag, found.text) for found in cell if found.text), ("passed", ""))
        for cell in run[1].iter("testcase")
        if cell.get("classname").endswith(f"{notebook}.ipynb")
    ]


@pytest.mark.parametrize("name", CASES)
def test_a_cell_is_compared_to_what_is_stored(run, name):
    number, case = [*CASES].index(name), CASES[name]
    outcome, message = outcomes(run, "cases")[number]
    assert outcome == ("failure" if case.says else "passed"), message
    assert not case.says or message.startswith(
        f"labs/cases.ipynb, In [{number + 1}]: the output is not the stored one\n\n"
        f"{case.source}\n\n"
    )
    says = [line.format(folder=run[2], number=number + 1) for line in case.says]
    assert not [line for line in says if line not in message.splitlines()]
    for line in says:
        kind, _, path = line.partition(": ")
        assert kind != "side by side" or Path(path).is_file()


def test_nothing_of_the_user_gets_in_and_an_ignored_cell_only_has_to_run(run):
    assert outcomes(run, "settings") == [("passed", "")]
    assert outcomes(run, "cases")[len(CASES) :] == [("passed", "")]


def test_after_an_error_the_rest_is_not_run(run):
    before, raised, after = outcomes(run, "raises")
    assert before == ("passed", "")
    assert raised[0] == "failure" and "ZeroDivisionError: division" in raised[1]
    assert raised[1].startswith("raises.ipynb, In [2]: the cell raised an error\n")
    assert after[0] == "skipped"
    assert "not run, because In [2] raised an error" in after[1]


def test_a_network_connection_is_an_error(run):
    *allowed, opened, after = outcomes(run, "offline")
    assert allowed == [("passed", "")] * 3
    assert opened[0] == "failure" and NO_NETWORK in opened[1]
    assert after[0] == "skipped"


def test_the_last_lines_count_what_was_compared(run):
    equal = sum(not case.says for case in EXACT.values())
    equal += 1 + 3 + 1  # RAISES, OFFLINE, SEES
    within = sum(not case.says for case in WITHIN.values())
    assert (
        f"notebooks: {len(CASES) + 1 + 2 + 4 + 1} cells run, {equal} outputs equal to "
        f"the letter, {within} within a declared tolerance\n"
    ) in run[0]
    assert re.search(r"slowest cell: \d+ s, \S+\.ipynb::In \[\d+\]\n", run[0])


@pytest.mark.parametrize(
    ("workers", "chosen", "threads"),
    [("2", None, "4"), ("16", None, "1"), ("2", "3", "3"), (None, None, None)],
)
def test_each_worker_has_its_share_of_the_cores(workers, chosen, threads, monkeypatch):
    given = {"PYTEST_XDIST_WORKER_COUNT": workers, "TF_NUM_INTRAOP_THREADS": chosen}
    known = {name: value for name, value in given.items() if value}
    monkeypatch.setattr(os, "environ", known)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    strict.share_cores()
    assert known.get("TF_NUM_INTRAOP_THREADS") == threads
