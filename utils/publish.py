"""Slides, a site and a student's copy, all made from the stored notebooks.

``python -m utils.publish slides | site | student FOLDER``. Nothing is executed,
and nothing that is made here asks for a network: it can be opened from a folder,
a memory stick or any static host.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from utils.execute import (
    NOTEBOOKS,
    ROOT,
    collect_results,
    find_notebooks,
    results_markdown,
    title,
)

import nbformat
from nbformat import NotebookNode

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BUILD = ROOT / "build"
DOCS = ROOT / "docs"
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
# Errata of these kinds matter to a reader; the others are slips of wording.
SHOWN = {
    "breaks": "Listings that do not run as printed",
    "formula": "Formulas and numbers",
    "misleads": "Statements that mislead",
    "trap": "Traps",
}
TEXTS = {
    "000": "Neural networks (chapter 8 of a machine-learning text)",
    "001": "book",
    "002": "Tendulkar's slides",
    "003": "Atikuzzaman's slides",
    "004": "Landwehr's slides",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")


def units() -> list[Path]:
    """Return the notebooks of the units, which are the lectures."""
    return [path for path in find_notebooks() if path.parent == NOTEBOOKS]


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
        notebook = nbformat.read(path, as_version=4)
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


def anchor(heading: str) -> str:
    """Return the address of a heading within its page, as JupyterLab makes it."""
    return heading.strip().replace(" ", "-")


def stage(target: Path) -> None:
    """Lay out what Sphinx reads: the notebooks, the pages of docs/, the README.

    Args:
        target: the folder to fill; what it held is removed.
    """
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(DOCS, target / "docs", ignore=shutil.ignore_patterns("conf.py"))
    entries = []
    for path in find_notebooks():
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                prepare_for_site(cell)
        copy = target / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, copy)
        entries.append(path.relative_to(ROOT).with_suffix("").as_posix())
    entries += ["docs/results", "docs/errata", "docs/glossary", "docs/instructors"]
    entries.append("data/README")
    (target / "data").mkdir()
    for name in ("data/README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, target / name)
    tree = "\n".join(["```{toctree}", ":hidden:", "", *entries, "```"])
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (target / "index.md").write_text(f"{readme}\n{tree}\n", encoding="utf-8")


def prepare_for_site(cell: NotebookNode) -> None:
    """Tell myst-nb, in place, what to fold and how a picture is described."""
    if cell.metadata.get("jupyter", {}).get("source_hidden"):
        cell.metadata.setdefault("tags", []).append("hide-input")
    texts = [
        output.metadata["image/png"]["alt"]
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    if texts:
        cell.metadata["mystnb"] = {"image": {"alt": " ".join(texts)}}


def make_site(target: Path) -> Path:
    """Build the site with Sphinx; returns its first page.

    Raises:
        subprocess.CalledProcessError: Sphinx found a fault, such as a dead link.
    """
    source = BUILD / "site-source"
    stage(source)
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going"]
    command += ["-c", str(DOCS), "-d", str(BUILD / "site-cache"), str(source)]
    subprocess.run([*command, str(target)], check=True)
    return target / "index.html"


def make_student_copy(target: Path) -> int:
    """Copy the notebooks without their worked solutions; returns their number.

    Raises:
        FileExistsError: the folder exists and is not empty.
    """
    if target.exists() and any(target.iterdir()):
        raise FileExistsError(
            f"{target} is not empty: name a new folder for the student copy."
        )
    for path in find_notebooks():
        notebook = nbformat.read(path, as_version=4)
        notebook.cells = [
            cell
            for cell in notebook.cells
            if "solution" not in cell.metadata.get("tags", [])
        ]
        copy = target / path.relative_to(NOTEBOOKS)
        copy.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, copy)
    return len(find_notebooks())


def demonstrations() -> dict[str, str]:
    """Return for every erratum the address, seen from docs/, where it is shown."""
    places: dict[str, str] = {}
    for path in find_notebooks():
        heading = ""
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                heading = [heading, *re.findall(r"^#+ (.+)", cell.source, re.M)][-1]
            for tag in cell.metadata.get("tags", []):
                if cell.cell_type == "code" and tag.startswith("E-"):
                    notebook = path.relative_to(ROOT).as_posix()
                    places.setdefault(tag, f"../{notebook}#{anchor(heading)}")
    return places


def literally(text: str) -> str:
    """Return a text so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_<>\[\]$|#])", r"\\\1", text)


def errata_page() -> str:
    """Return docs/errata.md: what matters to a reader, each linked to its proof."""
    with (DOCS / "errata.csv").open(encoding="utf-8", newline="") as file:
        errata = [*csv.DictReader(file)]
    places = demonstrations()
    lines = [
        "# Errata of the course texts",
        "",
        "What does not run, is computed wrongly or misleads in the course book and "
        "in the lecture notes beside it, and what is right. Every entry is "
        "demonstrated by a cell that runs: follow its link.",
    ]
    for unit in "12345":
        for kind, heading in SHOWN.items():
            rows = [
                row
                for row in errata
                if row["kind"] == kind
                and row["rows"].startswith(f"U{unit}-")
                and row["id"] in places
            ]
            if rows:
                lines += ["", f"## Unit {unit}: {heading}", ""]
            for row in rows:
                where = re.sub(r"\b00[0-4]\b", lambda m: TEXTS[m[0]], row["where"])
                lines.append(
                    f"- **{row['id']}**, {literally(where)}: "
                    f"{literally(row['printed'])}. Right: {literally(row['right'])}. "
                    f"[Shown here]({places[row['id']]})"
                )
    return "\n".join(lines) + "\n"


def results_page() -> str:
    """Return docs/results.md: book and here, notebook by notebook."""
    lines = [
        "# Results",
        "",
        "Every number that the course texts print and the notebooks compute again. "
        "*Within* is how far apart the two may be; it is stated before the run, and "
        "a result outside it is an error.",
    ]
    for path in find_notebooks():
        notebook = nbformat.read(path, as_version=4)
        table = collect_results([notebook])
        if len(table):
            link = f"../{path.relative_to(ROOT).as_posix()}"
            lines += ["", f"## {title(path)}", "", results_markdown(table)]
            lines += ["", f"[Open the notebook]({link})"]
    return "\n".join(lines) + "\n"


def write_docs() -> None:
    """Bring docs/errata.md and docs/results.md up to date."""
    (DOCS / "errata.md").write_text(errata_page(), encoding="utf-8")
    (DOCS / "results.md").write_text(results_page(), encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="course.py", description=__doc__)
    parser.add_argument("what", choices=["slides", "site", "student"])
    parser.add_argument("folder", nargs="?", type=Path, help="for the student copy")
    options = parser.parse_args(arguments)
    if options.what == "student":
        if options.folder is None:
            parser.error("name a new folder for the student copy")
        try:
            count = make_student_copy(options.folder)
        except FileExistsError as error:
            sys.exit(str(error))
        print(f"{count} notebooks without solutions: {options.folder}")
    elif options.what == "slides":
        decks = make_slides(BUILD / "slides")
        print(*decks, sep="\n")
        if path := find_browser():
            from playwright.sync_api import Error, sync_playwright

            try:
                with sync_playwright() as tool:
                    browser = tool.chromium.launch(executable_path=path)
                    for deck in decks:
                        print(print_handout(deck, browser))
            except (Error, OSError) as error:
                reason = str(error).splitlines()[0]
                sys.exit(f"The decks are written, their PDF handouts not: {reason}")
        else:
            print("No PDF handouts: install Chromium or Chrome and start again.")
    else:
        try:
            print(make_site(BUILD / "site"))
        except subprocess.CalledProcessError:
            sys.exit("The site was not built: mend what Sphinx names above.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
