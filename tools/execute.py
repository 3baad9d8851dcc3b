"""Execute the notebooks without a screen: ``python -m tools.execute [--save]``.

Every notebook is run in a fresh kernel; the executed copy and a readable HTML
page go to build/. At the end the numbers that the notebooks compare with the
course book are printed as one table. ``--save`` also stores the outputs in
notebooks/ and brings the results in README.md and the pages in docs/ up to date.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path

from tools import kernel
from tools.docs import write_docs
from tools.notebooks import NOTEBOOKS, ROOT, collect_results, find_notebooks

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError

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


def execute(path: Path) -> tuple[nbformat.NotebookNode, float]:
    """Run a notebook in a fresh kernel and return it clean, with peak memory.

    Returns:
        The executed notebook without timings, widget state or the version of
        the interpreter, and the kernel's peak memory in GB (0 where unknown).

    Raises:
        CellControlSignal: a cell raised or took too long.
        DeadKernelError: the kernel died, for example for want of memory.
    """
    notebook = nbformat.read(path, as_version=4)
    count = sum(cell.cell_type == "code" for cell in notebook.cells)
    started = time.perf_counter()

    def say(cell, cell_index) -> None:
        if cell.cell_type == "code":
            done = sum(c.cell_type == "code" for c in notebook.cells[: cell_index + 1])
            seconds = time.perf_counter() - started
            print(f"\r{path.stem}  In [{done}/{count}]  {seconds:.0f} s ", end="")
            sys.stdout.flush()

    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=600,
        coalesce_streams=True,
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_start=say,
    )
    # The kernel's own start-up notes would break into the progress line.
    with client.setup_kernel(stderr=subprocess.DEVNULL):
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
        client.on_cell_start = None
        probe = nbformat.v4.new_code_cell(PEAK)
        client.nb.cells.append(probe)
        client.execute_cell(probe, len(notebook.cells) - 1)
        client.nb.cells.pop()
    print("\r" + " " * 78 + "\r", end="")
    return clean(notebook), int(probe.outputs[0].text) / 1e6


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


def write_pages(path: Path, notebook: nbformat.NotebookNode) -> None:
    """Write an executed notebook and its HTML page, with mathematics, to build/."""
    from nbconvert import HTMLExporter

    build = ROOT / "build"
    target = build / path.relative_to(NOTEBOOKS)
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)
    mathjax = files("sphinx-mathjax-offline") / "static" / "mathjax" / "tex-svg.js"
    (build / "mathjax.js").write_bytes(mathjax.read_bytes())
    exporter = HTMLExporter(
        raw_template=PAGE, mathjax_url="../" * (path.parent != NOTEBOOKS) + "mathjax.js"
    )
    page, _ = exporter.from_notebook_node(notebook)
    target.with_suffix(".html").write_text(page, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns 1 where a notebook failed, else 0."""
    parser = argparse.ArgumentParser(prog="course.py run", description=__doc__)
    parser.add_argument("--save", action="store_true", help="store the outputs")
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all")
    options = parser.parse_args(arguments)
    kernel.isolate()
    executed, failed = [], 0
    for path in [path.absolute() for path in options.notebooks] or find_notebooks():
        started = time.perf_counter()
        try:
            notebook, peak = execute(path)
        except (CellControlSignal, DeadKernelError) as error:
            failed = 1
            print(f"\n{path.stem}  failed:\n{error}")
            continue
        seconds = time.perf_counter() - started
        memory = f"  peak {peak:.1f} GB" if peak else ""
        print(f"{path.stem}  {seconds:.0f} s{memory}")
        write_pages(path, notebook)
        executed.append(notebook)
        if options.save:
            keep_uncompared(notebook, nbformat.read(path, as_version=4))
            nbformat.write(notebook, path)
    print(f"\nExecuted copies and pages: {ROOT / 'build'}\n")
    table = collect_results(executed)
    if len(table):
        print(table.to_string(index=False))
    if options.save:
        write_docs()
    return failed


if __name__ == "__main__":
    sys.exit(main())
