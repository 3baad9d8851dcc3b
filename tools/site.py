"""The course as a site and as a book: ``python -m tools.site [UNIT ...]``.

Nothing is executed, and the site opens without a network, from a folder too. A unit
is cut into pages, one a section; labs and errata stand below their unit.
"""

from __future__ import annotations

import argparse
import base64
import html
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tools import slides
from tools.docs import DOCS, anchor
from tools.notebooks import (
    NOTEBOOKS,
    ROOT,
    choose,
    find_notebooks,
    read,
    title,
    units,
)

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

BUILD = ROOT / "build"
ABOUT = ("docs/results", "docs/errata", "docs/glossary", "docs/instructors")
ABOUT += ("README", "data/README", "CONTRIBUTING", "CHANGELOG")
# Between blank lines a hint is Markdown: its formulas are typeset.
DETAILS = re.compile(r"(<details><summary>.*?</summary>)\s*(.*?)\s*</details>", re.S)
TITLE = "Neural Nets and Deep Learning"


@dataclass
class Page:
    """A page of the site: part of a notebook, or all of it."""

    source: Path
    name: str  # from the top of the site, without an ending
    title: str
    cells: list[NotebookNode] = field(default_factory=list)


# ---- notebooks become pages ----------------------------------------------------


def headings(source: str) -> list[tuple[int, str]]:
    """Return level and text of the headings that stand outside of code."""
    text = re.sub(r"^(```|~~~).*?^\1", "", source, flags=re.DOTALL | re.M)
    return [(len(m[1]), m[2]) for m in re.finditer(r"^(#+) (.+)$", text, re.M)]


def slug(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def pages_of(path: Path) -> list[Page]:
    """Return the pages of a notebook: units and labs are cut at their sections."""
    notebook = read(path)
    name = path.relative_to(ROOT).with_suffix("").as_posix()
    pages = [Page(path, name, title(path))]
    for cell in notebook.cells:
        first = headings(cell.source)[:1] if cell.cell_type == "markdown" else []
        if path.parent.name != "errata" and first and first[0][0] == 2:
            heading = first[0][1]
            pages.append(Page(path, f"{name}/{slug(heading)}", heading))
        pages[-1].cells.append(cell)
    for page in pages[1:]:  # a section is the first level of its page
        for cell in page.cells:
            if cell.cell_type == "markdown":
                cell.source = re.sub(r"^##(#*) ", r"#\1 ", cell.source, flags=re.M)
    return pages


def prepare(cell: NotebookNode) -> None:
    """Tell myst-nb, in place, what to fold and how a picture is described."""
    tags = cell.metadata.setdefault("tags", [])
    facts: dict[str, object] = {}
    fold = ""
    if "solution" in tags:
        fold = "hide-cell"
        facts |= {"code_prompt_show": "Solution", "code_prompt_hide": "Hide it"}
    elif cell.metadata.get("jupyter", {}).get("source_hidden"):
        fold = "hide-input"
    if fold and fold not in tags:
        tags.append(fold)
    image: dict[str, str] = {}
    for output in cell.outputs:
        for kind in ("image/png", "image/gif"):
            if kind in output.get("data", {}):
                stored = output.metadata.get(kind, {})
                alt = " ".join(filter(None, [image.get("alt"), stored.get("alt")]))
                image = {"alt": alt}
                if "width" in stored:  # drawn finer than it is shown
                    image["width"] = f"{stored['width']}px"
    if image:
        facts["image"] = image
    if facts:
        cell.metadata["mystnb"] = facts


# ---- links ---------------------------------------------------------------------


class Links:
    """Where everything is on the site that a link in the sources names."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self.first = {page.source: page.name for page in reversed(pages)}
        self.places: dict[tuple[Path, str], str] = {}
        for page in pages:
            for cell in page.cells:
                if cell.cell_type == "markdown":
                    for _, heading in headings(cell.source):
                        self.places.setdefault(
                            (page.source, anchor(heading)), page.name
                        )
        self.wanted: set[Path] = set()

    def rewrite(self, text: str, source: Path, name: str) -> str:
        """Return a text of ``source`` as it must read on the page ``name``."""

        def change(match: re.Match[str]) -> str:
            target, _, place = match[1].partition("#")
            path = (source.parent / target).resolve() if target else source
            if path.suffix == ".ipynb" and path in self.first:
                page = self.places.get((path, place), self.first[path])
                new = f"{relative(page, name)}.ipynb" if page != name else ""
            elif path.suffix == ".ipynb":
                return match[0]  # of a notebook that is not on this site
            elif target and path.is_file() and path.is_relative_to(ROOT):
                self.wanted.add(path)
                new = relative(path.relative_to(ROOT).as_posix(), name)
            else:
                return match[0]
            return f"]({new}#{place})" if place else f"]({new or name + '.ipynb'})"

        return re.sub(r"\]\(((?!https?:|mailto:)[^()\s`]+)\)", change, text)


def relative(target: str, page: str) -> str:
    """Return the address of a file of the site as a page names it."""
    return PurePosixPath(os.path.relpath(target, PurePosixPath(page).parent)).as_posix()


# ---- what stands on the pages ---------------------------------------------------


def bar(page: Page, built: set[str]) -> str:
    """Return the links below the title of a page: slides, notebook, how to run it."""
    stem, notebook = page.source.stem, page.source.relative_to(ROOT).as_posix()
    offers = {f"files/{page.source.name}": "Notebook"}
    offers |= {f"slides/{stem}.html": "Slides", f"slides/{stem}.pdf": "Handout (PDF)"}
    links = [
        f'<a href="{relative(name, page.name)}">{text}</a>'
        for name, text in offers.items()
        if name in built
    ]
    start = relative("index.html", page.name) + "#run-it-yourself"
    place = "" if page.title.startswith(("Unit", "Lab")) else f", “{page.title}”"
    links.append(
        f'<a href="{start}">Run it</a>: <code>python3 course.py lab</code>'
        f'<span class="place">, then {html.escape(notebook + place)}</span>'
    )
    return f'<p class="offers">{" · ".join(links)}</p>'


def running_time(path: Path) -> str:
    """Return what a notebook says of its running time, or nothing."""
    text = "\n".join(cell.source for cell in read(path).cells[:3])
    found = re.search(r"Running time[^:]*: ([^.]+)\.", text)
    return found[1] if found else ""


def opening(path: Path) -> str:
    """Return the first sentence of a notebook below its title."""
    text = read(path).cells[0].source.split("\n\n")[1]
    return re.split(r"(?<=[.?!]) ", text.replace("\n", " "))[0]


def landing(built: set[str], shown: Sequence[Path]) -> str:
    """Return the first page: what it is, where to begin, how to run it."""
    lines = [f"# {TITLE}", ""]
    lines += ["Five units from a first neuron to networks that see and read.", ""]
    lines += ['<img class="cover" src="cover.png" alt="@cover@">', ""]
    lines += ["## Five units", "", '<ol class="units">']
    for path in shown:
        if path.parent != NOTEBOOKS:
            continue
        name = path.relative_to(ROOT).with_suffix(".html").as_posix()
        links = [f'<a href="{name}">Read</a>']
        for ending, text in {"html": "Slides", "pdf": "Handout"}.items():
            deck = f"slides/{path.stem}.{ending}"
            links += [f'<a href="{deck}">{text}</a>'] * (deck in built)
        time = running_time(path)
        links += [f"runs in {html.escape(time)}"] if time else []
        lines.append(
            f'<li><h3><a href="{name}">{html.escape(title(path))}</a></h3>'
            f"<p>{html.escape(opening(path))}</p><p>{' · '.join(links)}</p></li>"
        )
    lines += ["</ol>", "", "## Run it yourself", ""]
    if "files/course.zip" in built:
        size = (BUILD / "site-files" / "course.zip").stat().st_size / 1e6
        lines += [
            f'1. <a href="files/course.zip">Download the course</a> ({size:.0f} MB) '
            "and unpack it."
        ]
    else:
        lines += ["1. Get the folder of the course."]
    lines += [
        "2. Open a terminal in the folder: `python3 course.py lab`, on Windows "
        "`py course.py lab`.",
        "3. The first start downloads what is needed; from then on no network is "
        "used. [Help, if something fails](README.md).",
        "",
        "## More",
        "",
        "- [Results](docs/results.md): every number of the course book beside the "
        "one that is computed here",
        "- [Errata](docs/errata.md): what is wrong in the course texts, shown by "
        "cells that run",
        "- [Glossary](docs/glossary.md) and [notes for instructors]"
        "(docs/instructors.md)",
    ]
    if "files/course.epub" in built:
        lines.append('- <a href="files/course.epub">The course as a book</a> (EPUB)')
    return "\n".join(lines) + "\n"


def tree(entries: Sequence[str], caption: str = "", hidden: bool = True) -> str:
    """Return a table of contents; the entries are addresses from the top."""
    options = [":hidden:" if hidden else ":maxdepth: 1"] + [
        f":caption: {caption}"
    ] * bool(caption)
    return "\n".join(["```{toctree}", *options, "", *(f"/{e}" for e in entries), "```"])


# ---- building --------------------------------------------------------------------


def stage(target: Path, shown: Sequence[Path], built: set[str]) -> None:
    """Lay out what Sphinx reads; what the folder held is removed.

    Args:
        target: the folder to fill.
        shown: the notebooks to publish.
        built: the files beside the pages, such as decks; nothing in a book.
    """
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    pages = [page for path in shown for page in pages_of(path)]
    links = Links(pages)
    for page in pages:
        cells = []
        for cell in deepcopy(page.cells):
            if cell.cell_type == "code":
                prepare(cell)
            else:
                text = links.rewrite(cell.source, page.source, page.name)
                cell.source = DETAILS.sub(r"\1\n\n\2\n\n</details>", text)
            cells.append(cell)
        if built:
            head, _, rest = cells[0].source.partition("\n")
            cells[0].source = f"{head}\n\n{bar(page, built)}\n{rest}"
        if page.name == links.first[page.source]:
            below = [p.name for p in pages if p.source == page.source and p != page]
            more = [links.first[path] for path in companions(page.source, shown)]
            parts = {"Contents": below, "Labs and more": more}
            cells += [
                new_markdown_cell(f"## {name}\n\n{tree(entries, hidden=False)}")
                for name, entries in parts.items()
                if entries
            ]
        write(target / f"{page.name}.ipynb", cells)
    tops = [links.first[p] for p in shown if p.parent == NOTEBOOKS]
    loose = [
        links.first[p]
        for p in shown
        if not any(u.name[:3] == p.name[:3] for u in shown if u.parent == NOTEBOOKS)
    ]
    front = landing(built, shown).replace("@cover@", cover(target, shown))
    front += "\n" + tree([*tops, *loose], "Units")
    front += "\n\n" + tree(ABOUT, "About")
    (target / "index.md").write_text(front + "\n", encoding="utf-8")
    copied: set[Path] = set()
    links.wanted |= {ROOT / f"{name}.md" for name in ABOUT}
    while waiting := links.wanted - copied:
        for path in waiting:
            copied.add(path)
            name = path.relative_to(ROOT)
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            if path.suffix != ".md":
                shutil.copyfile(path, target / name)
                continue
            text = path.read_text(encoding="utf-8")
            text = links.rewrite(text, path, name.with_suffix("").as_posix())
            listed = name.with_suffix("").as_posix() in ABOUT
            text = ("" if listed else "---\norphan: true\n---\n\n") + text
            (target / name).write_text(text, encoding="utf-8")


def companions(unit: Path, shown: Sequence[Path]) -> list[Path]:
    """Return the labs of a unit, then its errata; nothing for another notebook."""
    if unit.parent != NOTEBOOKS:
        return []
    below = [p for p in shown if p.name[:3] == unit.name[:3] and p.parent != NOTEBOOKS]
    return sorted(below, key=lambda path: (path.parent.name != "labs", title(path)))


def write(path: Path, cells: list[NotebookNode]) -> None:
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python", "pygments_lexer": "ipython3"},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)


def cover(target: Path, shown: Sequence[Path]) -> str:
    """Write the first picture of the course beside the pages; returns its text."""
    for path in shown:
        for cell in read(path).cells:
            for output in cell.get("outputs", []):
                if "image/png" in output.get("data", {}):
                    picture = base64.b64decode(output.data["image/png"])
                    (target / "cover.png").write_bytes(picture)
                    return html.escape(output.metadata["image/png"].get("alt", ""))
    return ""


def run_sphinx(builder: str, source: Path, target: Path, part: bool) -> None:
    command = [sys.executable, "-m", "sphinx", "-b", builder, "-q", "-W"]
    command += ["--keep-going", "-c", str(DOCS), "-d", str(BUILD / f"{builder}-cache")]
    command += ["-t", "book"] * (builder == "epub")
    if part:  # what is linked may not be there
        command += ["-D", "suppress_warnings=myst.xref_missing,toc.not_readable"]
    subprocess.run([*command, str(source), str(target)], check=True, cwd=ROOT)


def make_site(target: Path, shown: Sequence[Path] | None = None) -> Path:
    """Build the site with Sphinx; returns its first page.

    Args:
        target: the folder for the site. Decks in its folder slides are linked.
        shown: the notebooks to publish, all of them by default.

    Raises:
        subprocess.CalledProcessError: Sphinx found a fault, such as a dead link.
    """
    part, shown = shown is not None, find_notebooks() if shown is None else shown
    files = BUILD / "site-files"
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir(parents=True)
    for path in shown:
        shutil.copyfile(path, files / path.name)
    pack_course(files / "course.zip")
    make_book(files / "course.epub", shown, part)
    built = {f"slides/{path.name}" for path in (target / "slides").glob("0*.*")}
    built |= {f"files/{path.name}" for path in files.iterdir()}
    stage(BUILD / "site-source", shown, built)
    run_sphinx("html", BUILD / "site-source", target, part)
    shutil.copyfile(BUILD / "site-source" / "cover.png", target / "cover.png")
    shutil.copytree(files, target / "files", dirs_exist_ok=True)
    answers = (ROOT / "utils" / "selfcheck.json").read_text(encoding="utf-8")
    script = f"window.SELFCHECK = {answers};"
    (target / "_static" / "selfcheck_data.js").write_text(script, encoding="utf-8")
    return target / "index.html"


def make_book(target: Path, shown: Sequence[Path], part: bool) -> None:
    """Write the course as an EPUB, its formulas as MathML."""
    stage(BUILD / "book-source", shown, set())
    shutil.rmtree(BUILD / "book", ignore_errors=True)
    run_sphinx("epub", BUILD / "book-source", BUILD / "book", part)
    (made,) = (BUILD / "book").glob("*.epub")
    shutil.copyfile(made, target)


def pack_course(target: Path) -> None:
    """Write what Git knows of the course as a ZIP; without Git nothing."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (ROOT / name).is_file():
                package.write(ROOT / name, f"course/{name}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Build decks and site, and print the address of its first page."""
    parser = argparse.ArgumentParser(prog="course.py site", description=__doc__)
    parser.add_argument("notebooks", nargs="*", help="units or notebooks; all")
    names = parser.parse_args(arguments).notebooks
    shown = choose(names, find_notebooks()) if names else None
    stems = {path.stem for path in shown or units()}
    target = BUILD / "site"
    try:
        decks = [path for path in slides.find_decks() if path.stem in stems]
        slides.publish(target / "slides", decks)
        print(make_site(target, shown))
    except RuntimeError as error:
        sys.exit(str(error))
    except subprocess.CalledProcessError:
        sys.exit("The site was not built: mend what Sphinx names above.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
