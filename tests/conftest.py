"""What several test files need: a look at what a cell would store."""

import pytest


@pytest.fixture
def shown(monkeypatch, tmp_path):
    """Collect in ``shown.outputs`` what is displayed, with data and metadata."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    InteractiveShell.instance()
    with capture_output(stdout=False, stderr=False) as captured:
        yield captured
    InteractiveShell.clear_instance()


@pytest.fixture
def figures(monkeypatch):
    """Draw without a screen, and leave no figure open."""
    monkeypatch.setenv("MPLBACKEND", "agg")
    import matplotlib.pyplot as plt

    plt.switch_backend("agg")
    yield
    plt.close("all")
