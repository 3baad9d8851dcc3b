"""What several test files need: notebooks, figures without a screen, odd settings."""

import importlib.util
import json
import os
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

# What a cell sees of the settings below; nothing, where a tool runs it.
SEES = """
import importlib.util, os, pathlib
import matplotlib
import utils
folder = pathlib.Path(os.environ["KERAS_HOME"])
[
    "left" in globals(),
    importlib.util.find_spec("left_module") is not None,
    matplotlib.rcParams["lines.linewidth"] == 40,
    os.environ["KERAS_BACKEND"] != "tensorflow",
    (folder / "keras.json").exists() and "first" in (folder / "keras.json").read_text(),
    os.environ["CUDA_VISIBLE_DEVICES"] != "-1",
    not [*pathlib.Path(os.environ["MPLCONFIGDIR"]).glob("fontlist-*.json")],
]
""".strip()
SEES_NOTHING = str([False] * 7)
RC = "lines.linewidth: 40\nhatch.linewidth: 40"
KERAS = {
    "backend": "theano",
    "epsilon": 0.1,
    "floatx": "float64",
    "image_data_format": "channels_first",
}


def load_course(path):
    """Return course.py, where it lies, as a module of its own."""
    spec = importlib.util.spec_from_file_location("bootstrap", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write(path, *cells, title=None):
    """Write a notebook as if it had been executed; return its path.

    Args:
        path: its folder says whether it is a unit, a lab or errata.
        cells: code cells, or their sources.
        title: by default one that fits the path.
    """
    kind = {"labs": "Lab", "errata": "Errata"}.get(path.parent.name, "Unit")
    title = title or f"{kind} {path.name[:2]}: Title"
    code = [new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    for number, cell in enumerate(code, start=1):
        cell.execution_count = number
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = new_notebook(cells=[new_markdown_cell(f"# {title}"), *code])
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def shown(monkeypatch, tmp_path):
    """Collect in ``shown.outputs`` what is displayed, with data and metadata."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output
    from traitlets.config import Config

    # A shell takes the place of __main__ and likes to keep a history.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
    with capture_output(stdout=False, stderr=False) as captured:
        yield captured
    InteractiveShell.clear_instance()


@pytest.fixture
def figures():
    """Draw without a screen, and leave no figure open."""
    import matplotlib.pyplot as plt

    plt.switch_backend("agg")
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def somebodys(tmp_path_factory):
    """The environment of somebody whose other courses have left their settings."""
    home = tmp_path_factory.mktemp("somebody")

    def leave(path, text):
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text)
        return str(home / path)

    leave("ipython/profile_default/startup/00.py", "left = 1")
    leave("modules/left_module.py", "")
    leave("keras/keras.json", json.dumps(KERAS))
    # A kernel of the same name that cannot even start.
    kernel = {"argv": ["false"], "display_name": "old", "language": "python"}
    leave("jupyter/kernels/python3/kernel.json", json.dumps(kernel))
    folders = {
        "CUDA_VISIBLE_DEVICES": "0",
        "HOME": "/proc/nohome",
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_DATA_DIR": str(home / "jupyter"),
        "JUPYTER_PATH": str(home / "jupyter"),
        "KERAS_BACKEND": "torch",
        "KERAS_HOME": str(home / "keras"),
        "KERAS_MAX_EPOCHS": "1",
        "MATPLOTLIBRC": leave("matplotlibrc", RC),
        "PYTHONPATH": str(home / "modules"),
        "PYTHONSTARTUP": leave("startup.py", "left = 1"),
    }
    ours = "JUPYTER_CONFIG_DIR", "JUPYTER_PREFER_ENV_PATH", "MPLCONFIGDIR"
    return {k: v for k, v in os.environ.items() if k not in ours} | folders
