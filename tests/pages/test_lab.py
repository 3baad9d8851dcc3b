"""JupyterLab in a real browser: what is seen first, units run, widgets move."""

import re
import shutil

from tools import notebooks

import nbformat
import pytest

from .conftest import jupyterlab

pytestmark = pytest.mark.pages
WIDGETS = [
    (path, index)
    for path in notebooks.find_notebooks()
    for index, cell in enumerate(nbformat.read(path, as_version=4).cells)
    if cell.cell_type == "code" and re.search(r"^play\(", cell.source, re.M)
]
IDLE = (
    "jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
)
COUNTS = """() => {
  const cells = jupyterapp.shell.currentWidget.content.widgets;
  return cells.filter((cell) => cell.promptNode?.textContent === "[*]:").length;
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory, browser):
    """A JupyterLab with settings of its own, on a copy of the notebooks."""
    folder = tmp_path_factory.mktemp("lab")
    settings = {"JUPYTER_CONFIG_DIR": str(tmp_path_factory.mktemp("settings"))}
    shutil.copytree(notebooks.NOTEBOOKS, folder / "notebooks")
    root = f"--ServerApp.root_dir={folder}"
    with jupyterlab("jupyterlab", root, settings=settings) as url:
        yield url


def open_notebook(page, address):
    page.goto(address)
    page.wait_for_selector(".jp-Notebook h1:visible", timeout=60_000)
    page.wait_for_function(IDLE, timeout=60_000)


def open_unit(page, address, path):
    name = path.relative_to(notebooks.ROOT).as_posix()
    open_notebook(page, f"{address}/lab/tree/{name}?reset")


@pytest.fixture(autouse=True)
def no_kernel_is_left(page):
    """A kernel keeps its networks in memory, and the next test waits for it."""
    yield
    page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")


@pytest.fixture(scope="module")
def first(tmp_path_factory, browser):
    """JupyterLab as the command starts it, from an empty home folder."""
    home = tmp_path_factory.mktemp("home")
    settings = {"HOME": str(home), "COURSE_WORK_DIR": str(home / "work")}
    with jupyterlab("tools.lab", settings=settings) as url:
        yield f"{url}/lab/tree/{notebooks.units()[0].name}"


def test_somebody_new_sees_a_lesson_with_its_contents_and_nothing_else(first, page):
    open_notebook(page, first)
    page.wait_for_timeout(4_000)
    assert "1.1" in page.locator(".jp-TableOfContents:visible").first.inner_text()
    dirty = "jupyterapp.shell.currentWidget.context.model.dirty"
    assert page.evaluate(dirty) is False, "only opened, and marked as changed"
    assert page.locator(".Toastify__toast, .jp-Dialog").count() == 0
    assert not [fault for fault in page.faults if "asked for" in fault]


def run(page, command, timeout):
    page.evaluate("(name) => jupyterapp.commands.execute(name)", command)
    page.wait_for_function(f"({COUNTS})() === 0", timeout=timeout)


def select(page, index):
    page.evaluate(
        "(k) => { const book = jupyterapp.shell.currentWidget.content;"
        " book.activeCellIndex = k; book.deselectAll(); }",
        index,
    )


@pytest.mark.parametrize("path", notebooks.units(), ids=lambda path: path.stem)
def test_a_unit_opens_and_its_first_cells_run(path, address, page):
    open_unit(page, address, path)
    select(page, 4)
    run(page, "notebook:run-all-above", timeout=120_000)
    assert page.locator(".jp-OutputArea-output").count() > 0
    assert page.locator('[data-mime-type*="error"]').count() == 0


@pytest.mark.parametrize(
    ("path", "index"), WIDGETS, ids=[f"{path.stem}-{i}" for path, i in WIDGETS]
)
def test_a_widget_moves(path, index, address, page):
    open_unit(page, address, path)
    select(page, index + 1)
    run(page, "notebook:run-all-above", timeout=1_200_000)
    picture = page.locator(".widget-image").first
    for _ in range(30):  # figures that come late push the cell out of sight again
        page.evaluate(
            "(k) => jupyterapp.shell.currentWidget.content.scrollToItem(k)", index
        )
        page.wait_for_timeout(2_000)
        if picture.is_visible():
            break
    assert picture.is_visible()
    before = picture.get_attribute("src")
    handles = page.locator(".noUi-handle, .widget-text input, .widget-dropdown select")
    handle = handles.first
    if handle.evaluate("x => x.tagName") == "INPUT":
        handle.fill("a wonderful and moving film")
        handle.press("Enter")
    elif handle.evaluate("x => x.tagName") == "SELECT":
        handle.select_option(index=1)
    else:
        handle.focus()
        handle.press("ArrowRight")
    page.wait_for_function(
        "(old) => document.querySelector('.widget-image').src !== old", arg=before
    )
