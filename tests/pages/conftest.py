"""A real browser for the decks, the site and JupyterLab."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request

from tools.notebooks import ROOT
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


@contextlib.contextmanager
def jupyterlab(module, *options, settings):
    """JupyterLab, started by a module; gives its address."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", module, "--no-browser", "--allow-root", *options]
    command += [f"--port={port}", "--IdentityProvider.token="]
    command += ["--LabApp.expose_app_in_browser=True"]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")}
    server = subprocess.Popen(
        command, cwd=ROOT, env=kept | settings, stderr=subprocess.DEVNULL
    )
    url = f"http://localhost:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{url}/api", timeout=1)
            break
        except OSError:
            time.sleep(0.5)
    yield url
    server.terminate()
    server.wait(timeout=30)


def barriers(page):
    """What axe finds that keeps people out, and where."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    return [
        (rule["id"], rule["nodes"][0]["html"][:120])
        for rule in axe.Axe().run(page).response["violations"]
        if rule["impact"] in ("serious", "critical")
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
