"""What several test files need: a cell's display, and figures without a screen."""

import sys

import pytest


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
