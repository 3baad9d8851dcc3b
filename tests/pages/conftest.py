"""A real browser for the decks, the site and JupyterLab."""

import sys

from tools.slides import find_browser

import pytest

playwright = pytest.importorskip("playwright.sync_api")
# Chromium looks for updates when it starts; a closed network makes that slow.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser():
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium, Chrome or Edge is installed")
    if sys.platform == "win32":
        pytest.skip("tried on Linux and macOS only")
    with playwright.sync_playwright() as tool:
        chromium = tool.chromium.launch(executable_path=path, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, request):
    """A page of 1280 x 720 that remembers in ``faults`` what went wrong on it."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.faults = []
    page.on("requestfailed", lambda r: page.faults.append(f"failed: {r.url}"))
    page.on(
        "request",
        lambda r: (
            r.url.startswith(("file:", "data:", "blob:"))
            or "//localhost" in r.url
            or page.faults.append(f"asked for: {r.url}")
        ),
    )
    page.on(
        "console",
        lambda m: m.type == "error" and page.faults.append(f"console: {m.text}"),
    )
    page.on("pageerror", lambda e: page.faults.append(f"error: {e}"))
    yield page
    page.close()
