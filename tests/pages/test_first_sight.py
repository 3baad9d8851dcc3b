"""What ``course.py lab`` shows first to somebody who has never run Jupyter."""

import pytest

from .conftest import jupyterlab, open_notebook

pytestmark = pytest.mark.pages
DIRTY = "jupyterapp.shell.currentWidget.context.model.dirty"


@pytest.fixture(scope="module")
def address(tmp_path_factory, browser):
    """JupyterLab as the command starts it, from an empty home folder."""
    home = tmp_path_factory.mktemp("home")
    settings = {"HOME": str(home), "COURSE_WORK_DIR": str(home / "work")}
    with jupyterlab("tools.lab", settings=settings) as url:
        yield url


def test_a_lesson_with_its_contents_and_nothing_else(address, page):
    open_notebook(page, address, "01_introduction_to_neural_networks.ipynb")
    page.wait_for_timeout(4_000)
    contents = page.locator(".jp-TableOfContents").first
    assert contents.is_visible()
    assert "1.1" in contents.inner_text()
    assert page.evaluate(DIRTY) is False, "only opened, and marked as changed"
    assert page.locator(".Toastify__toast, .jp-Dialog").count() == 0
    assert not [fault for fault in page.faults if "asked for" in fault]
    page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")
