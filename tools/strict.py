"""Strict comparison of the notebooks: nbval plus the tolerance a cell declares.

nbval re-executes every cell and compares its output to the stored one, letter
by letter. A cell whose numbers come out of training says in its metadata how
far each of them may move (``"tolerance": 0.005``, absolute); the text around
the numbers stays exact.

Pictures are compared as well, by tools/pictures.py: block by block, or by their
mean in a cell that declares a tolerance. A cell that only draws what training
has found, or needs more, declares it for its pictures (``"picture": 0.03``, a
share of the way from black to white). A pytest plugin; the conftest.py at the
top loads it.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tools import kernel, pictures
from tools.execute import at_once
from tools.notebooks import NOTEBOOKS, Unreadable, find_notebooks, length
from tools.numbers import COLOURS, PRINTED, words

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

TEXT_KINDS = {"stdout", "stderr", "text/plain"}
SAID = {"-": "stored in the notebook:  ", "+": "computed now:            "}
TRAINED = 0.03  # mean difference of a figure whose numbers come out of training
# The data is in the cache before a run starts: a lesson that opens a
# connection would fail in a lecture hall, so it fails here.
OFFLINE = """
def _offline(socket):
    connect, lookup = socket.socket.connect, socket.getaddrinfo
    local = {"localhost", "127.0.0.1", "::1", "", None}
    def guarded_connect(self, address):
        if isinstance(address, tuple) and address[0] not in local:
            raise OSError("A notebook must not open a network connection.")
        return connect(self, address)
    def guarded_lookup(host, *args, **kwargs):
        if host not in local:
            raise OSError("A notebook must not open a network connection.")
        return lookup(host, *args, **kwargs)
    socket.socket.connect, socket.getaddrinfo = guarded_connect, guarded_lookup
import socket as _socket
_offline(_socket)
del _offline, _socket
"""


def within(stored: str, computed: str, tolerance: float) -> bool:
    """Tell whether two texts differ in nothing but numbers, each by a little.

    Args:
        stored, computed: the texts.
        tolerance: largest accepted absolute difference of two numbers.
    """
    apart = largest_difference(stored, computed)
    return words(stored) == words(computed) and apart <= tolerance * (1 + 1e-9)


def largest_difference(stored: str, computed: str) -> float:
    """Return the largest absolute difference between numbers at equal places."""
    pairs = zip(PRINTED.findall(stored), PRINTED.findall(computed), strict=False)
    return max((abs(float(a) - float(b)) for a, b in pairs), default=0.0)


def _texts(outputs) -> Iterator[str]:
    """The text of every output, each after its kind."""
    for output in outputs:
        data = output.get("data", {output.get("name"): output.get("text")})
        yield from (f"{key}: {data[key]}" for key in data.keys() & TEXT_KINDS)


class Notebook(IPyNbFile):
    """A notebook whose cells are run in one kernel that has no network."""

    raised: str | None = None

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.skip_compare += pictures.KINDS  # not byte by byte

    def setup(self) -> None:
        super().setup()
        message = self.kernel.execute_cell_input(OFFLINE, allow_stdin=False)
        self.kernel.await_reply(message, timeout=60)
        self.kernel.await_idle(message, timeout=60)

    def collect(self):
        for cell in super().collect():
            yield Cell.from_parent(
                self,
                name=f"In [{cell.cell_num + 1}]",
                cell_num=cell.cell_num,
                cell=cell.cell,
                options=cell.options,
            )


class Cell(IPyNbCell):
    """A code cell: run it, compare its output within its own tolerance."""

    def setup(self) -> None:
        if self.parent.raised:
            pytest.skip(f"not run, because {self.parent.raised} raised an error")

    def runtest(self) -> None:
        try:
            super().runtest()
        except NbCellError as error:
            if str(error) != "Cell outputs differ":
                self.parent.raised = self.name
            raise
        if self.options["check"]:
            kind = "tolerance" if "tolerance" in self.cell.metadata else "exact"
            self.user_properties.append(("compared", kind))

    def compare_outputs(self, test, ref, skip_compare=None) -> bool:
        tolerance = self.cell.metadata.get("tolerance")
        if tolerance is not None:
            for computed, stored in zip(test, ref, strict=False):
                self._settle(computed, stored, tolerance)
        equal = super().compare_outputs(test, ref, skip_compare)
        stored, computed = [*_texts(ref)], [*_texts(test)]
        if not equal and len(stored) != len(computed):
            # nbval would name the kind of output that is too many or missing.
            self.comparison_traceback.clear()
            self.format_output_compare("", "\n".join(stored), "\n".join(computed))
        if equal:
            says = self._compare_pictures(ref, test)
            self.comparison_traceback.extend(says)
            equal = not says
        return equal

    def _compare_pictures(self, stored, computed) -> list[str]:
        """What is wrong with the figures of the cell, and with their texts."""
        loose = {"tolerance", "picture"} & self.cell.metadata.keys()
        mean = self.cell.metadata.get("picture", TRAINED) if loose else None
        old, new = [*pictures.found(stored)], [*pictures.found(computed)]
        if len(old) != len(new):
            return [f"{len(old)} figures are stored, {len(new)} computed now"]
        says = []
        for number, (before, now) in enumerate(zip(old, new), start=1):
            if complaint := pictures.compare(before.frames, now.frames, mean):
                name = f"{self.path.stem}_In_{self.cell_num + 1}_figure_{number}.png"
                target = self.config.rootpath / "build" / "strict" / name
                pictures.draw_difference(before.frames, now.frames, target)
                says += [f"figure {number}: {complaint}", f"side by side: {target}"]
            texts = [PRINTED.sub("#", p.alt) if loose else p.alt for p in (before, now)]
            if texts[0] != texts[1]:
                says.append(f"figure {number}: another alternative text")
                says += [SAID["-"] + before.alt, SAID["+"] + now.alt]
        return says

    @staticmethod
    def _settle(computed, stored, tolerance: float) -> None:
        """Put the stored text in place of one that is within the tolerance."""
        for new, old in (
            (computed, stored),
            (computed.get("data", {}), stored.get("data", {})),
        ):
            for key in new.keys() & old.keys() & {"text", "text/plain", "text/html"}:
                if within(old[key], new[key], tolerance):
                    new[key] = old[key]

    def format_output_compare(self, key, left, right) -> None:
        lines = [
            SAID[line[0]] + line[2:]
            for line in difflib.ndiff(str(left).splitlines(), str(right).splitlines())
            if line[0] in SAID
        ]
        lines = lines[:40] or ["(the difference is in blanks or line ends)"]
        tolerance = self.cell.metadata.get("tolerance")
        if tolerance is not None and isinstance(left, str) and isinstance(right, str):
            apart = largest_difference(left, right)
            lines.append(f"largest difference {apart:.4g}, tolerance {tolerance}")
        self.comparison_traceback.extend(lines)

    def repr_failure(self, excinfo) -> str:
        error = excinfo.value
        if not isinstance(error, NbCellError):
            return super().repr_failure(excinfo)
        happened = {
            "Cell outputs differ": "the output is not the stored one",
            "Cell execution caused an exception": "the cell raised an error",
        }.get(str(error), str(error))
        name = self.path.relative_to(self.config.rootpath).as_posix()
        details = COLOURS.sub("", error.inner_traceback or "")
        return f"{name}, {self.name}: {happened}\n\n{self.cell.source}\n\n{details}"

    def reportinfo(self):
        name = self.path.relative_to(self.config.rootpath).as_posix()
        return self.path, 0, f"{name}, {self.name}"


def pytest_configure() -> None:
    kernel.isolate()
    share_cores()


def share_cores() -> None:
    """Give each worker its share of the cores.

    Two notebooks that both compute with all cores wait for each other most of
    the time. Every tolerance was measured with a single thread, too.
    """
    if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
        share = max(1, (os.cpu_count() or 1) // int(workers))
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(share))


@cache
def _lessons() -> set[Path]:
    return {*find_notebooks()}


def pytest_collect_file(file_path, parent):
    """Collect notebooks; of those in notebooks/ the course's, unless one is named."""
    if file_path.suffix != ".ipynb" or ".ipynb_checkpoints" in file_path.parts:
        return None
    if NOTEBOOKS in file_path.parents and not parent.session.isinitpath(file_path):
        try:
            if file_path not in _lessons():
                return None
        except Unreadable as error:
            raise parent.CollectError(str(error)) from None
    return Notebook.from_parent(parent, path=file_path)


def pytest_collection_modifyitems(items) -> None:
    """Put the notebooks first, the longest before the others."""

    def place(item) -> tuple[bool, bool, str]:
        if item.path.suffix == ".ipynb":
            return True, *length(item.path)
        return False, False, ""

    items.sort(key=place, reverse=True)


def pytest_xdist_auto_num_workers() -> int:
    return at_once()


def pytest_terminal_summary(terminalreporter) -> None:
    reports = [
        report
        for kind in ("passed", "failed")
        for report in terminalreporter.stats.get(kind, [])
        if ".ipynb::" in report.nodeid and report.when == "call"
    ]
    kinds = [dict(report.user_properties).get("compared") for report in reports]
    if reports:
        terminalreporter.write_line(
            f"notebooks: {len(reports)} cells run, {kinds.count('exact')} outputs "
            "equal to the letter, "
            f"{kinds.count('tolerance')} within a declared tolerance"
        )
        slowest = max(reports, key=lambda report: report.duration)
        terminalreporter.write_line(
            f"slowest cell: {slowest.duration:.0f} s, {slowest.nodeid}"
        )
