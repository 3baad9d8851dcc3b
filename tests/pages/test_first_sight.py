"""What ``course.py lab`` shows first to somebody who has never run Jupyter."""

import os
import socket
import subprocess
import sys
import time
import urllib.request

from tools.notebooks import ROOT

import pytest

pytestmark = pytest.mark.pages
READY = (
    "jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
)
DIRTY = "jupyterapp.shell.currentWidget.context.model.dirty"


@pytest.fixture(scope="module")
def address(tmp_path_factory, browser):
    """JupyterLab as the command starts it, from an empty home folder."""
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")}
    settings = kept | {"HOME": str(home), "COURSE_WORK_DIR": str(home / "work")}
    command = [sys.executable, "-m", "tools.lab", "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--IdentityProvider.token="]
    command += ["--LabApp.expose_app_in_browser=True"]
    server = subprocess.Popen(
        command, cwd=ROOT, env=settings, stderr=subprocess.DEVNULL
    )
    for _ in range(120):
        try:
            urllib.request.urlopen(f"http://localhost:{port}/api", timeout=1)
            break
        except OSError:
            time.sleep(0.5)
    yield f"http://localhost:{port}"
    server.terminate()
    server.wait(timeout=30)


def test_a_lesson_with_its_contents_and_nothing_else(address, page):
    page.goto(f"{address}/lab/tree/01_introduction_to_neural_networks.ipynb")
    page.wait_for_selector(".jp-Notebook h1:visible", timeout=60_000)
    page.wait_for_function(READY, timeout=60_000)
    page.wait_for_timeout(4_000)
    contents = page.locator(".jp-TableOfContents").first
    assert contents.is_visible()
    assert "1.1" in contents.inner_text()
    assert page.evaluate(DIRTY) is False, "only opened, and marked as changed"
    assert page.locator(".Toastify__toast, .jp-Dialog").count() == 0
    assert not [fault for fault in page.faults if "asked for" in fault]
    page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")
