"""The decks as pages and their handouts as PDF: ``python -m tools.slides [UNIT]``.

Nothing trains, and what is made here opens without a network.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from tools.docs import DOCS, MATHJAX
from tools.notebooks import ROOT, choose

from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DECKS = ROOT / "slides"
REVEAL = files("sphinx_revealjs") / "_static" / "revealjs"
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
    "brave",
    "brave-browser",
)
APPLICATIONS = (  # of macOS
    "Google Chrome",
    "Chromium",
    "Microsoft Edge",
    "Brave Browser",
)
PROGRAMS = (  # of Windows, below one of its folders for programs
    r"Google\Chrome\Application\chrome.exe",
    r"Microsoft\Edge\Application\msedge.exe",
)
FOLDERS = ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData")


def find_browser() -> str | None:
    """Return the path of an installed Chromium, Chrome, Edge or Brave, or None."""
    found = [path for name in BROWSERS if (path := shutil.which(name))]
    places = [
        f"{home}/Applications/{name}.app/Contents/MacOS/{name}"
        for home in ("", Path.home())
        for name in APPLICATIONS
    ]
    places += [
        rf"{os.environ[folder]}\{program}"
        for folder in FOLDERS
        if folder in os.environ
        for program in PROGRAMS
    ]
    return next(iter(found + [path for path in places if Path(path).exists()]), None)


def find_decks() -> list[Path]:
    """Return the written decks, in the order of the units."""
    return sorted(DECKS.glob("0?_*.md"))


def make_slides(target: Path, sources: Sequence[Path] | None = None) -> list[Path]:
    """Build decks with Sphinx; returns their HTML files.

    Args:
        target: the folder for the decks; what they need goes beside them.
        sources: the decks to build, all of them by default; each is a file
            of the folder slides/.

    Raises:
        RuntimeError: a deck asks for what the notebooks do not
            hold, or breaks a rule; the lines above say where. What could be
            built is written all the same.
    """
    sources = find_decks() if sources is None else sources
    if not sources:
        return []
    for source in sources:
        for old in target.glob(f"_images/{source.stem}-*"):
            old.unlink()
    static = target / "_static"
    for part in ("reset.css", "reveal.css", "reveal.js"):
        copy(REVEAL / "dist" / part, static / "reveal" / part)
    copy(REVEAL / "plugin" / "notes" / "notes.js", static / "reveal" / "notes.js")
    fonts = REVEAL / "dist" / "theme" / "fonts" / "source-sans-pro"
    for font in fonts.glob("*.woff"):
        copy(font, static / "reveal" / "fonts" / font.name)
    copy(MATHJAX, static / "mathjax.js")
    os.environ["DECKS"] = " ".join(path.stem for path in sources)
    folders = sources[0].parent, DOCS / "slides", target, target / ".doctrees"
    with patch_docutils(DOCS / "slides"), docutils_namespace():
        app = Sphinx(
            *folders,
            "deck",
            status=None,
            warning=sys.stderr,
            freshenv=True,
            warningiserror=True,
        )
        app.build()
    shutil.rmtree(target / ".doctrees", ignore_errors=True)
    if app.statuscode:
        raise RuntimeError("A deck is not in order: mend what the lines above name.")
    return [target / f"{path.stem}.html" for path in sources]


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def print_handout(deck: Path, browser: Browser) -> Path:
    """Print a deck as a PDF, two slides a page above their notes; returns it.

    Args:
        deck: the HTML file of a deck.
        browser: a running Chromium, started by Playwright.

    Raises:
        playwright.sync_api.TimeoutError: the deck was not laid out in 5 minutes.
    """
    target = deck.with_suffix(".pdf")
    page = browser.new_page()
    page.set_default_timeout(300_000)
    page.goto(f"{deck.absolute().as_uri()}?handout")
    page.wait_for_selector("body[data-printable]")
    page.emulate_media(media="screen")  # the rules of reveal.js for paper go astray
    page.pdf(
        path=target,
        prefer_css_page_size=True,
        print_background=True,
        tagged=True,
        outline=True,
    )
    page.close()
    return target


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the decks and, where a browser is installed, their handouts."""
    parser = argparse.ArgumentParser(prog="course.py slides", description=__doc__)
    parser.add_argument("units", nargs="*", help="units or their notebooks; all")
    names = parser.parse_args(arguments).units
    sources = choose(names, find_decks()) if names else find_decks()
    try:
        publish(ROOT / "build" / "slides", sources)
    except RuntimeError as error:
        sys.exit(str(error))
    return 0


def publish(target: Path, sources: Sequence[Path]) -> None:
    """Write decks and, where a browser is installed, their handouts.

    Raises:
        RuntimeError: a deck is not in order, or the browser does not start.
    """
    decks = make_slides(target, sources)
    print(*decks, sep="\n")
    path = find_browser()
    if path is None:
        print("No PDF handouts: install Chromium or Chrome and start again.")
        return
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as tool:
            browser = tool.chromium.launch(executable_path=path)
            for deck in decks:
                print(print_handout(deck, browser))
    except (Error, OSError) as error:
        reason = str(error).splitlines()[0]
        raise RuntimeError(
            f"The decks are written, their PDF handouts not: {reason}"
        ) from error


if __name__ == "__main__":
    sys.exit(main())
