"""A hosted notebook runs where such a service's usual packages are, and no others."""

import os
import subprocess

from tools.hosted import LACKING, make_hosted
from tools.notebooks import ROOT

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from .conftest import call, copy_environment

pytestmark = pytest.mark.teaching
KEPT = "tensorflow", "keras", "numpy", "ipykernel"
VERSIONS = f"from importlib.metadata import version\nprint(*map(version, {KEPT}))"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """Python with TensorFlow and the rest, but without utils and what Colab lacks."""
    folder = tmp_path_factory.mktemp("service") / "environment"
    copy_environment(folder, "")
    python = folder / "bin" / "python"
    names = [line.split(">")[0] for line in LACKING.read_text("utf-8").splitlines()]
    names = [name for name in names if name and not name.startswith("#")]
    uninstall = ["-m", "pip", "uninstall", "--quiet", "--yes", *names]
    subprocess.run([python, *uninstall], check=True, cwd=folder, capture_output=True)
    return python


def run(python, *arguments, cwd):
    settings = {"COURSE_DATA_DIR": str(ROOT / "data"), "TF_NUM_INTRAOP_THREADS": "1"}
    settings |= {"JUPYTER_PREFER_ENV_PATH": "1", "HOME": str(cwd)}
    command = [python, *arguments]
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, env=os.environ | settings
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_unit_1_runs_to_its_network_and_the_service_keeps_its_own(service, tmp_path):
    call(service, "-m", "pip", "download", "--no-deps", "--dest", tmp_path, "pooch")
    before = run(service, "-c", VERSIONS, cwd=tmp_path)
    make_hosted(tmp_path)
    (path,) = tmp_path.glob("01_*.ipynb")
    notebook = nbformat.read(path, as_version=4)
    fits = [i for i, c in enumerate(notebook.cells) if ".fit(" in c.source]
    source = "import utils; print(utils.__path__[0])"
    notebook.cells = [*notebook.cells[: fits[0] + 1], new_code_cell(source)]
    nbformat.write(notebook, path)
    convert = ["-m", "nbconvert", "--to=notebook", "--execute", "--output=done.ipynb"]
    run(service, *convert, path.name, cwd=tmp_path)
    done = nbformat.read(tmp_path / "done.ipynb", as_version=4)
    first, last = done.cells[2].outputs[-1].text, done.cells[-1].outputs[0].text
    assert last.strip() == str(tmp_path / "utils")
    assert "installed: filelock ipywidgets optuna>=4 pooch tqdm truststore" in first
    assert run(service, "-c", VERSIONS, cwd=tmp_path) == before
    assert f"numpy=={before.split()[2]}" in first
    assert "accuracy" in done.cells[fits[0]].outputs[-1].text
