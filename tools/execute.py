"""Execute the notebooks without a screen: ``python -m tools.execute [--save]``.

As many at once as this computer has cores and memory for, longest first. Each
runs in a fresh kernel with a single thread, so its numbers do not depend on what
runs beside it; the executed copy and a readable HTML page go to build/. At the
end the numbers that the notebooks compare with the course book are printed as
one table. ``--save`` also stores the outputs in notebooks/ and brings the results
in README.md and the pages in docs/ up to date.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from tools import kernel
from tools.docs import MATHJAX, write_docs
from tools.notebooks import (
    NOTEBOOKS,
    ROOT,
    Unreadable,
    collect_results,
    find_notebooks,
    length,
    read,
)
from tools.numbers import COLOURS

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal
from tqdm import tqdm

NEEDED_GB = 3  # measured: Unit 4 takes that, what runs beside it less than 2.5
ONE_THREAD = dict.fromkeys(
    ["TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"], "1"
)
# nbconvert's page without what it would load from elsewhere: it must open
# offline, mathematics included.
PAGE = """
{%- extends "lab/index.html.j2" -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}
<script>MathJax = {tex: {inlineMath: [["$", "$"]]}}</script>
<script src="{{ resources.mathjax_url }}"></script>
{%- endblock -%}
"""
# Asked of the kernel after the last cell. On Linux getrusage would also count
# the memory of the process that started the kernel; Windows has neither.
PEAK = """
import pathlib, sys
try:
    if sys.platform == "linux":
        text = pathlib.Path("/proc/self/status").read_text()
        print(text.split("VmHWM:")[1].split()[0])
    else:
        import resource
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
except ImportError:
    print(0)
"""


@dataclass
class Run:
    """What became of a notebook: executed, or the reason why not."""

    path: Path
    notebook: nbformat.NotebookNode | None = None
    failure: str = ""
    seconds: float = 0.0
    peak_gb: float = 0.0  # memory of the kernel; 0 where unknown

    def __str__(self) -> str:
        if self.failure:
            return f"{self.path.stem}  failed after {self.seconds:.0f} s{self.failure}"
        memory = f"  peak {self.peak_gb:.1f} GB" if self.peak_gb else ""
        return f"{self.path.stem}  {self.seconds:.0f} s{memory}"


def at_once() -> int:
    """Return how many notebooks this computer can execute at once.

    One a core that this process may use, but no more than find 3 GB each in the
    memory that is free now.
    """
    affinity = getattr(os, "sched_getaffinity", None)  # Linux
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(cores, int(psutil.virtual_memory().available / 1e9 / NEEDED_GB)))


async def execute(path: Path, line: tqdm) -> Run:
    """Run a notebook in a fresh kernel of its own, ended in any case.

    Args:
        path: the notebook; its folder is the kernel's.
        line: counts the cells.
    """
    started = time.perf_counter()
    run, where = Run(path), ""
    try:
        run.notebook = read(path)
        places = [i for i, c in enumerate(run.notebook.cells) if c.cell_type == "code"]
        line.total = len(places)
        client = NotebookClient(
            run.notebook,
            kernel_name="python3",
            timeout=600,
            coalesce_streams=True,
            record_timing=False,
            store_widget_state=False,
            resources={"metadata": {"path": str(path.parent)}},
        )
        manager = client.create_kernel_manager()
        try:
            # The kernel's own start-up notes would break into the lines here.
            await client.async_start_new_kernel(
                stderr=subprocess.DEVNULL, env=ONE_THREAD | os.environ
            )
            await client.async_start_new_kernel_client()
            for number, index in enumerate(places, start=1):
                line.update()
                where = f" in In [{number}] of {len(places)}"
                await client.async_execute_cell(run.notebook.cells[index], index)
            probe = nbformat.v4.new_code_cell(PEAK)
            client.nb.cells.append(probe)
            await client.async_execute_cell(probe, len(client.nb.cells) - 1)
            run.peak_gb = int(client.nb.cells.pop().outputs[0].text) / 1e6
            clean(run.notebook)
        except RuntimeError as error:  # the kernel died, or was not born
            if asyncio.current_task().cancelling():
                raise asyncio.CancelledError from None  # nbclient takes it for dead
            left = await manager.provisioner.poll() if manager.provisioner else None
            run.failure = f"{where}:\n{why_it_died(left) or error}"
        finally:
            if client.kc is not None:
                client.kc.stop_channels()
            if manager.provisioner is not None:
                await manager.shutdown_kernel(now=True)
    except (CellControlSignal, Unreadable) as error:
        run.failure = f"{where}:\n{COLOURS.sub('', str(error))}"
    run.seconds = time.perf_counter() - started
    return run


def why_it_died(code: int | None) -> str:
    """Return a sentence on the end of a kernel, from its exit code; "" if unknown."""
    if code in (-4, 0xC000001D):  # SIGILL, and the same on Windows
        return (
            "The kernel died of an instruction that this processor does not have: "
            "TensorFlow needs AVX, which some old and some virtual computers lack."
        )
    if code in (-9, 137):  # SIGKILL
        return (
            "The kernel was killed, most likely for want of memory: close other "
            "programs, or run one notebook at a time with '--jobs 1'."
        )
    return "" if code is None else f"The kernel ended with exit code {code}."


def clean(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Drop from an executed notebook, in place, all that differs between runs."""
    notebook.metadata = {
        "kernelspec": {
            "display_name": "Python 3",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(
        (cell for cell in notebook.cells if cell.cell_type == "code"), start=1
    ):
        cell.execution_count = number
        cell.metadata.pop("execution", None)
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number
            # A widget is known by a random number; its text stays.
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    return notebook


def keep_uncompared(
    notebook: nbformat.NotebookNode, stored: nbformat.NotebookNode
) -> None:
    """Give cells that are not compared, such as timings, their stored outputs back.

    So a run without a change leaves no difference in a notebook's file. Clear the
    output of such a cell to have it stored anew. Changes ``notebook`` in place.
    """
    kept = {cell.source: cell.outputs for cell in stored.cells if "outputs" in cell}
    for cell in notebook.cells:
        ignored = "nbval-ignore-output" in cell.metadata.get("tags", [])
        if ignored and kept.get(cell.source):
            cell.outputs = kept[cell.source]


def write_pages(target: Path, notebook: nbformat.NotebookNode) -> None:
    """Write an executed notebook, and beside it its HTML page with mathematics."""
    from nbconvert import HTMLExporter

    build = ROOT / "build"
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)
    (build / "mathjax.js").write_bytes(MATHJAX.read_bytes())
    up = "../" * (len(target.relative_to(build).parts) - 1)
    exporter = HTMLExporter(raw_template=PAGE, mathjax_url=f"{up}mathjax.js")
    page, _ = exporter.from_notebook_node(notebook)
    target.with_suffix(".html").write_text(page, encoding="utf-8")


def place(paths: Sequence[Path]) -> dict[Path, Path]:
    """Return where in build/ the executed copy of each notebook goes.

    One that lies outside the course keeps as much of its folder's name as tells
    it from the others: a whole class may have handed in files of one name.
    """
    outside = [path.parent for path in paths if not path.is_relative_to(ROOT)]
    shared = Path(os.path.commonpath(outside)) if outside else ROOT
    return {
        path: ROOT / "build" / path.relative_to(base)
        for path in paths
        for base in [
            next(b for b in (NOTEBOOKS, ROOT, shared) if path.is_relative_to(b))
        ]
    }


async def run_all(paths: Iterable[Path], jobs: int, save: bool) -> list[Run]:
    """Execute notebooks, some at once; a line says what became of each.

    On a terminal each of them also has a line of its own while it runs.
    """
    targets = place([*paths])
    waiting = sorted(targets, key=length, reverse=True)
    lines: set[tqdm] = set()
    runs: list[Run] = []

    async def work(position: int) -> None:
        while waiting:
            path = waiting.pop(0)
            line = tqdm(
                desc=path.stem,
                position=position,
                leave=False,
                disable=not sys.stdout.isatty(),
                file=sys.stdout,
                mininterval=0,
                miniters=1,
                bar_format="{desc}  cell {n_fmt} of {total_fmt}  {elapsed_s:.0f} s",
            )
            lines.add(line)
            try:
                run = await execute(path, line)
            finally:
                lines.remove(line)
                line.close()
            runs.append(run)
            with tqdm.external_write_mode(sys.stdout):
                print(run, flush=True)
            if not run.failure:
                # In a thread: the other kernels must not wait for their next cell.
                await asyncio.to_thread(write_pages, targets[path], run.notebook)
                if save:
                    keep_uncompared(run.notebook, read(path))
                    nbformat.write(run.notebook, path)

    async def keep_time() -> None:
        while True:
            for line in lines:
                line.refresh()
            await asyncio.sleep(0.5)

    clock = asyncio.create_task(keep_time())
    async with asyncio.TaskGroup() as group:
        for position in range(min(jobs, len(waiting))):
            group.create_task(work(position))
    clock.cancel()
    return sorted(runs, key=lambda run: [*targets].index(run.path))


def choose(names: Sequence[str]) -> list[Path]:
    """Return the notebooks that were named, or all of the course.

    A name may be a file anywhere or a folder of the course.

    Raises:
        SystemExit: there is no such notebook; the sentence names the nearest.
    """
    if not names:
        return find_notebooks()
    chosen: dict[Path, None] = {}  # each once, in this order
    for name in names:
        path = Path(name).absolute()
        if path.is_file():
            chosen[path] = None
            continue
        course = find_notebooks()
        inside = [p for p in course if path in p.parents]
        if not inside:
            known = {p.stem: p.relative_to(ROOT).as_posix() for p in course}
            near = get_close_matches(path.stem, known, 1)
            hint = f" Did you mean {known[near[0]]}?" if near else ""
            sys.exit(f"There is no notebook {name}.{hint}")
        chosen |= dict.fromkeys(inside)
    return [*chosen]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns 1 where a notebook failed, else 0."""
    parser = argparse.ArgumentParser(prog="course.py run", description=__doc__)
    parser.add_argument("--save", action="store_true", help="store the outputs")
    parser.add_argument(
        "-n",
        "--jobs",
        type=int,
        default=at_once(),
        help="how many notebooks at once; default: one a core, fewer where less than "
        f"{NEEDED_GB} GB of memory are free for each (here: %(default)s)",
    )
    parser.add_argument("notebooks", nargs="*", help="default: all")
    options = parser.parse_args(arguments)
    if options.jobs < 1:
        parser.error("--jobs must be 1 or more")
    started = time.perf_counter()
    kernel.isolate()
    paths = choose(options.notebooks)
    try:
        # Its event loop, unlike Windows' own, can wait for a kernel's messages.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runs = runner.run(run_all(paths, options.jobs, options.save))
    except KeyboardInterrupt:
        print("Stopped: every kernel is ended; what has a line above was finished.")
        return 130
    failed = [run.path.stem for run in runs if run.failure]
    took, own = time.perf_counter() - started, sum(run.seconds for run in runs)
    print(
        f"\n{len(runs) - len(failed)} of {len(runs)} notebooks executed in "
        f"{took:.0f} s, {min(options.jobs, len(runs))} at once "
        f"(their own times add up to {own:.0f} s)"
    )
    if failed:
        print(f"Failed: {', '.join(failed)}")
    print(f"Executed copies and pages: {ROOT / 'build'}\n")
    table = collect_results(run.notebook for run in runs if not run.failure)
    if len(table):
        print(table.to_string(index=False))
    if options.save:
        write_docs()
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
