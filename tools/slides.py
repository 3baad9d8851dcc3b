"""A deck of slides for every unit, and its handout: ``python -m tools.slides``.

Nothing is executed, and what is made here opens without a network.
"""

from __future__ import annotations

import os
import shutil
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from tools.docs import DOCS
from tools.notebooks import ROOT, read, title, units

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DECK = """
{%- extends "reveal/index.html.j2" -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}
<script>MathJax = {tex: {inlineMath: [["$", "$"]]}}</script>
<script src="mathjax.js"></script>
{%- endblock -%}
{%- block html_head_css -%}<link rel="stylesheet" href="slides.css">{%- endblock -%}
{%- block footer_js -%}
<script src="reveal/dist/reveal.js"></script>
<script src="reveal/plugin/notes/notes.js"></script>
<script src="slides.js"></script>
{%- endblock -%}
"""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")


def mathjax() -> Path:
    """Return the one file that typesets mathematics without a network."""
    return files("sphinx-mathjax-offline") / "static" / "mathjax" / "tex-svg.js"


def find_browser() -> str | None:
    """Return the path of an installed Chromium, Chrome or Edge, or None."""
    places = [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        os.path.expandvars(r"%ProgramFiles%\Google\Chrome\Application\chrome.exe"),
        os.path.expandvars(
            r"%ProgramFiles(x86)%\Microsoft\Edge\Application\msedge.exe"
        ),
    ]
    found = [path for name in BROWSERS if (path := shutil.which(name))]
    return next(iter(found + [path for path in places if Path(path).exists()]), None)


def make_slides(target: Path) -> list[Path]:
    """Write a deck of slides for every unit; returns their HTML files.

    Args:
        target: the folder for the decks; reveal.js and MathJax go beside them.
    """
    from nbconvert import SlidesExporter
    from traitlets.config import Config

    reveal = files("sphinx_revealjs") / "_static" / "revealjs"
    for part in ("dist", "plugin/notes"):
        shutil.copytree(reveal / part, target / "reveal" / part, dirs_exist_ok=True)
    shutil.copyfile(mathjax(), target / "mathjax.js")
    shutil.copytree(DOCS / "slides", target, dirs_exist_ok=True)
    config = Config()
    config.TagRemovePreprocessor.enabled = True
    config.TagRemovePreprocessor.remove_input_tags = {"hide-input"}
    exporter = SlidesExporter(
        config=config,
        raw_template=DECK,
        reveal_url_prefix="reveal",
        reveal_theme="white",
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    decks = []
    for path in units():
        notebook = read(path)
        notebook.metadata["title"] = title(path)
        page, _ = exporter.from_notebook_node(notebook)
        decks.append(target / f"{path.stem}.html")
        decks[-1].write_text(page, encoding="utf-8")
    return decks


def print_handout(deck: Path, browser: Browser) -> Path:
    """Print a deck as a PDF, one slide a page; returns the file.

    Args:
        deck: the HTML file of a deck.
        browser: a running Chromium, started by Playwright.

    Raises:
        playwright.sync_api.TimeoutError: the deck was not laid out in 5 minutes.
    """
    target = deck.with_suffix(".pdf")
    page = browser.new_page()
    page.set_default_timeout(300_000)
    page.goto(f"{deck.absolute().as_uri()}?print-pdf")
    page.wait_for_selector("body[data-printable]")
    page.pdf(path=target, prefer_css_page_size=True, print_background=True)
    page.close()
    return target


def main() -> int:
    """Write the decks and, where a browser is installed, their handouts."""
    decks = make_slides(ROOT / "build" / "slides")
    print(*decks, sep="\n")
    path = find_browser()
    if path is None:
        print("No PDF handouts: install Chromium or Chrome and start again.")
        return 0
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as tool:
            browser = tool.chromium.launch(executable_path=path)
            for deck in decks:
                print(print_handout(deck, browser))
    except (Error, OSError) as error:
        reason = str(error).splitlines()[0]
        sys.exit(f"The decks are written, their PDF handouts not: {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
