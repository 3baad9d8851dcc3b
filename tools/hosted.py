"""Notebooks for Google Colab, Kaggle and the like: ``python -m tools.hosted FOLDER``.

Such a service opens a single file. So each notebook gets a first cell that holds
utils, lays it beside the notebook and installs what the service lacks; the service's
own TensorFlow, Keras, NumPy and ipykernel stay as they are.
"""

from __future__ import annotations

import base64
import io
import sys
import textwrap
import zipfile
from pathlib import Path

from tools import folder
from tools.notebooks import NOTEBOOKS, ROOT, find_notebooks, read

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

LACKING = ROOT / "requirements-colab.txt"
NOTE = """\
> **On a hosted service.** Run the next cell first, each time that the service gives
> you a new machine; it takes a minute. On Kaggle switch the internet on (*Settings*),
> for the data. The service has its own versions of TensorFlow and Keras: the last
> digits of trained networks may differ from the stored ones, and a few numbers may
> leave the "within" of a table, which then says so."""
FIRST = '''\
#@title Get the helpers of the course, and what this service lacks
import base64
import importlib.util
import io
import os
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version

if importlib.util.find_spec("tensorflow") is None:
    raise SystemExit("This service has no TensorFlow: choose one that has.")
kept = []
for name in "tensorflow", "keras", "numpy", "ipykernel":
    try:
        kept.append(f"{{name}}=={{version(name)}}")
    except PackageNotFoundError:  # under another name, as tensorflow-cpu
        pass
with open("kept.txt", "w") as file:
    file.write("\\n".join(kept))
lacking = [
    line
    for line in {lacking}
    if importlib.util.find_spec(line.split(">")[0]) is None
]
if lacking:
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--constraint", "kept.txt", *lacking], check=True)
# The helpers, as a ZIP archive in letters.
packed = """
{packed}
"""
with zipfile.ZipFile(io.BytesIO(base64.b64decode(packed.replace("\\n", "")))) as file:
    file.extractall()
sys.path.insert(0, os.getcwd())
importlib.invalidate_caches()
print("kept:", *kept)
print("installed:", *(lacking or ["nothing"]))
'''


def packed_utils() -> str:
    """Return utils as a ZIP archive in letters, the same for the same content."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path in sorted((ROOT / "utils").rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                info = zipfile.ZipInfo(path.relative_to(ROOT).as_posix())
                info.compress_type = zipfile.ZIP_DEFLATED
                file.writestr(info, path.read_bytes())
    letters = base64.b64encode(archive.getvalue()).decode("ascii")
    return "\n".join(textwrap.wrap(letters, 88))


def make_hosted(target: Path) -> int:
    """Write the notebooks for hosted services; returns their number."""
    lines = LACKING.read_text(encoding="utf-8").splitlines()
    lacking = [line.strip() for line in lines if line and not line.startswith("#")]
    source = FIRST.format(lacking=lacking, packed=packed_utils())
    for path in find_notebooks():
        notebook = read(path)
        cell = new_code_cell(source, id="hosted-first")
        cell.metadata = {"cellView": "form", "jupyter": {"source_hidden": True}}
        notebook.cells[1:1] = [new_markdown_cell(NOTE, id="hosted-note"), cell]
        copy = target / path.relative_to(NOTEBOOKS)
        copy.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, copy)
    return len(find_notebooks())


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    folder.write(make_hosted, "notebooks for hosted services", __doc__, arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
