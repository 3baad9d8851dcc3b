"""The Sphinx extension behind the decks: slides/0N_*.md become reveal.js pages.

A deck holds no result. Its directives fetch code, outputs, tables and figures of
the stored notebooks by tag or cell id; DECKS in docs/instructors.md says how.
"""

from __future__ import annotations

import base64
import contextlib
import html
import io
import re
import time
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from tools.notebooks import find_notebooks, read
from tools.numbers import held, measured, numbers_of

import matplotlib as mpl
import nbformat
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.parsers.rst import Directive, directives
from docutils.statemachine import StringList
from PIL import Image
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

log = logging.getLogger(__name__)
MOST_WORDS, MOST_LINES = 40, 14
DPI = 200  # of a figure that is drawn for a slide
LIMIT = 30  # seconds for that


class Missing(Exception):
    """What a deck asks for is not in the notebooks."""


# ---- the notebooks -----------------------------------------------------------


@cache
def notebooks_of(unit: int) -> tuple[tuple[Path, nbformat.NotebookNode], ...]:
    """Return the unit's notebook, then its labs and its errata companion."""
    paths = [path for path in find_notebooks() if path.name.startswith(f"{unit:02}_")]
    paths.sort(key=lambda path: len(path.parts))
    return tuple((path, read(path)) for path in paths)


@cache
def known_numbers(unit: int) -> frozenset[float]:
    """Return what a slide of the unit may state."""
    return measured(notebook for _, notebook in notebooks_of(unit))


def find_cell(unit: int, name: str) -> tuple[nbformat.NotebookNode, Any]:
    """Return the notebook and its code cell with this id or tag.

    Raises:
        Missing: no cell has it, or several cells of a notebook have the tag.
    """
    for _, notebook in notebooks_of(unit):
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        found = [cell for cell in code if cell.id == name] or [
            cell for cell in code if name in cell.metadata.get("tags", [])
        ]
        if len(found) > 1:
            ids = ", ".join(cell.id for cell in found)
            raise Missing(f"{name} stands on several cells, take the id of one: {ids}")
        if found:
            return notebook, found[0]
    raise Missing(f"no code cell of unit {unit} has the tag or the id {name}")


def chosen(text: str | None, count: int) -> list[int]:
    """Return the indices, from 0, that "3-5,8" names; all of them for None."""
    if not text:
        return [*range(count)]
    result: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        result += range(int(first) - 1, int(last or first))
    if min(result) < 0 or max(result) >= count:
        raise Missing(f"{text} names what is not there: it ends at {count}")
    return result


# ---- directives --------------------------------------------------------------


class aside(nodes.General, nodes.Element):
    """The notes of a slide."""


class agenda(nodes.General, nodes.Element):
    """The road: filled when all sections of the deck are known."""


class live(nodes.General, nodes.Element):
    """A mark on the slide; its text goes to the notes."""


def raw(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")


class DeckDirective(SphinxDirective):
    """What the directives share: parts, steps, and faults with their line."""

    def parts(self) -> list[nodes.container]:
        """Parse the content, cut at every ``+++`` that stands outside a fence."""
        parts, fences = [StringList()], []
        for k, line in enumerate(self.content):
            fence = re.match(r"\s*(`{3,}|:{3,})(.*)", line)
            if fence and fences and not fence[2].strip() and fence[1] == fences[-1]:
                fences.pop()
            elif fence and fence[2].strip():
                fences.append(fence[1])
            if line.strip() == "+++" and not fences:
                parts.append(StringList())
            else:
                parts[-1].append(line, self.content.source(k), self.content.offset(k))
        boxes = []
        for part in parts:
            box = nodes.container()
            offset = part.offset(0) if len(part) else self.content_offset
            self.state.nested_parse(part, offset, box)
            boxes.append(box)
        return boxes

    def fault(self, message: object) -> None:
        log.warning("%s", message, location=self.get_location(), type="deck")


class FromCell(DeckDirective):
    """A part of a stored cell."""

    required_arguments = 1
    options: dict[str, Any]
    own: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        cls.option_spec = {"step": directives.flag} | cls.own

    @property
    def unit(self) -> int:
        return int(self.env.metadata[self.env.docname]["unit"])

    def run(self) -> list[nodes.Node]:
        try:
            self.notebook, self.cell = find_cell(self.unit, self.arguments[0])
            text = self.show()
        except Missing as error:
            self.fault(error)
            return []
        if "step" in self.options:
            text = re.sub(r'class="', 'class="fragment ', text, count=1)
        return [raw(text)]

    def show(self) -> str:
        raise NotImplementedError

    def outputs(self, kind: str) -> list[Any]:
        return [o for o in self.cell.outputs if kind in o.get("data", {})]

    def nth(self, things: list, what: str) -> Any:
        number = self.options.get("nth", 1)
        if not 1 <= number <= len(things):
            raise Missing(f"{self.arguments[0]} has {len(things)} {what}")
        return things[number - 1]


class CodeOf(FromCell):
    own: ClassVar = {"lines": directives.unchanged, "mark": directives.unchanged}

    def show(self) -> str:
        lines = self.cell.source.rstrip().splitlines()
        drawn = highlight(
            self.cell.source, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)
        ).splitlines()
        marks = [m.strip() for m in self.options.get("mark", "").split(";") if m]
        for mark in marks:
            if mark not in self.cell.source:
                raise Missing(f"no line of {self.arguments[0]} holds {mark!r}")
        rows = chosen(self.options.get("lines"), len(lines))
        if len(rows) > MOST_LINES:
            self.fault(f"{len(rows)} lines of code, at most {MOST_LINES}")
        text = []
        indent = min(
            len(lines[k]) - len(lines[k].lstrip()) for k in rows if lines[k].strip()
        )
        for row in rows:
            kind = ""
            if marks:
                kind = " mark" if any(m in lines[row] for m in marks) else " pale"
            # Lines cut out of a block start at the left.
            line = drawn[row].replace(" " * indent, "", 1) if indent else drawn[row]
            text.append(f'<span class="line{kind}">{line or " "}</span>')
        widest = max(len(lines[row]) for row in rows) - indent
        return (
            f'<pre class="code highlight" style="--chars: {widest}">'
            f"<code>{''.join(text)}</code></pre>"
        )


class OutputOf(FromCell):
    own: ClassVar = {"lines": directives.unchanged}

    def show(self) -> str:
        texts = [
            output["text"]
            if output.output_type == "stream"
            else output.data["text/plain"]
            for output in self.cell.outputs
            if output.output_type == "stream" or [*output.data] == ["text/plain"]
        ]
        lines = "\n".join(text.rstrip("\n") for text in texts).splitlines()
        if not lines:
            raise Missing(f"{self.arguments[0]} has no text output")
        lines = [lines[k] for k in chosen(self.options.get("lines"), len(lines))]
        if any(re.search(r"\b(True|False)\b", line) for line in lines):
            self.fault("a line of the output is a test, True or False: choose :lines:")
        text, widest = html.escape("\n".join(lines)), max(map(len, lines))
        return (
            f'<pre class="output" style="--chars: {widest}"><samp>{text}</samp></pre>'
        )


class TableOf(FromCell):
    own: ClassVar = {
        "rows": directives.unchanged,
        "columns": directives.unchanged,
        "nth": directives.positive_int,
    }

    def show(self) -> str:
        outputs = [
            o for o in self.outputs("text/html") if "<table" in o.data["text/html"]
        ]
        soup = BeautifulSoup(
            self.nth(outputs, "tables").data["text/html"], "html.parser"
        )
        rows = [
            [(c.get_text(" ", strip=True), c.name) for c in row.find_all(["th", "td"])]
            for row in soup.table.find_all("tr")
        ]
        head = [row for row in rows if all(name == "th" for _, name in row)]
        body = [row for row in rows if row not in head]
        head, body = ([[t for t, _ in row] for row in part] for part in (head, body))
        names = head[0] if head else []
        if len(head) > 1:  # the name of the index stands in a row of its own
            names = [a or b for a, b in zip(head[0], head[1], strict=False)]
        if body and [row[0] for row in body] == [str(k) for k in range(len(body))]:
            names, body = names[1:], [row[1:] for row in body]
        if "columns" in self.options:
            wanted = [name.strip() for name in self.options["columns"].split(",")]
            unknown = [name for name in wanted if name not in names]
            if unknown:
                raise Missing(f"no column {unknown[0]!r} in {names}")
            places = [names.index(name) for name in wanted]
            names = wanted
            body = [[row[k] for k in places] for row in body]
        body = [body[k] for k in chosen(self.options.get("rows"), len(body))]
        number = re.compile(r"[-+\u2212]?[\d,. ]+( ?%|e[-+]\d+)?|-|NaN|")
        kinds = [
            "number" if all(number.fullmatch(cell) for cell in column) else "words"
            for column in zip(*body, strict=True)
        ]
        widest = sum(max(map(len, column)) + 2 for column in zip(names, *body))
        return "".join(
            [
                f'<table class="table" style="--chars: {widest}; --rows: {len(body)}">',
                "<thead><tr>",
                *(
                    f'<th class="{kind}">{html.escape(name)}</th>'
                    for kind, name in zip(kinds, names, strict=True)
                ),
                "</tr></thead><tbody>",
                *(
                    "<tr>"
                    + "".join(
                        f'<td class="{kind}">{html.escape(cell)}</td>'
                        for kind, cell in zip(kinds, row, strict=True)
                    )
                    + "</tr>"
                    for row in body
                ),
                "</tbody></table>",
            ]
        )


class FigureOf(FromCell):
    own: ClassVar = {
        "nth": directives.positive_int,
        "size": directives.unchanged,
        "with": directives.unchanged,
        "frames": directives.unchanged,
    }

    def show(self) -> str:
        if "size" in self.options:
            picture, alt, points = self.redraw()
            return self.element(picture, alt, DPI, points)
        found = [
            (kind, output)
            for output in self.cell.outputs
            for kind in ("image/png", "image/gif")
            if kind in output.get("data", {})
        ]
        kind, output = self.nth(found, "figures")
        facts = output.metadata.get(kind, {})
        alt, picture = facts.get("alt", ""), base64.b64decode(output.data[kind])
        if not alt:
            raise Missing(f"the figure of {self.arguments[0]} has no alternative text")
        width = Image.open(io.BytesIO(picture)).width
        dpi = 100 * width / facts.get("width", width)
        if "frames" not in self.options:
            return self.element(picture, alt, dpi)
        motion = Image.open(io.BytesIO(picture))
        frames = []
        for k in chosen(
            None if self.options["frames"] == "all" else self.options["frames"],
            motion.n_frames,
        ):
            motion.seek(k)
            buffer = io.BytesIO()
            motion.convert("RGB").save(buffer, "png")
            frames.append(self.element(buffer.getvalue(), alt, dpi))
        layers = [
            f'<div class="layer{" fragment" * (k > 0)}">{frame}</div>'
            for k, frame in enumerate(frames)
        ]
        return f'<div class="stack">{"".join(layers)}</div>'

    def element(self, picture: bytes, alt: str, dpi: float, points: float = 14) -> str:
        image = Image.open(io.BytesIO(picture))
        ending = image.format.lower()
        folder = self.env.deck_images
        folder.mkdir(exist_ok=True)
        number = len([*folder.glob(f"{self.env.docname}-*")]) + 1
        name = f"{self.env.docname}-{number}.{ending}"
        (folder / name).write_bytes(picture)
        return (
            f'<div class="figure"><img src="_images/{name}" alt="{html.escape(alt)}" '
            f'width="{image.width}" height="{image.height}" data-dpi="{dpi:g}" '
            f'data-points="{points:g}"></div>'
        )

    def redraw(self) -> tuple[bytes, str, float]:
        """Run what the figure needs, and the cell; returns PNG, alt, least type."""
        width, height = map(float, self.options["size"].split("x"))
        code = [cell for cell in self.notebook.cells if cell.cell_type == "code"]
        names = [n.strip() for n in self.options.get("with", "").split(",") if n]
        before = [code[0], *(find_cell(self.unit, name)[1] for name in names)]
        caught = []

        def catch(artist: Any, caption: str, alt: str = "") -> None:
            from utils.plotting import describe, figure_of

            figure = figure_of(artist)
            caught.append((figure, alt or f"{caption} ({describe(figure)})"))

        started = time.monotonic()
        mpl.use("Agg")
        space: dict[str, Any] = {"__name__": "__main__", "display": lambda *_: None}
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                for cell in before:
                    exec(cell.source, space)
                    space["show"] = catch
                exec(self.cell.source, space)
        except Exception as error:
            raise Missing(
                f"{self.arguments[0]} cannot be drawn anew: {error!r}"
            ) from error
        if time.monotonic() - started > LIMIT:
            self.fault(f"{self.arguments[0]} needs over {LIMIT} s: take what is stored")
        figure, alt = self.nth(caught, "figures")
        figure.set_size_inches(width, height)
        buffer = io.BytesIO()
        figure.savefig(buffer, dpi=DPI, bbox_inches="tight")
        points = min(
            text.get_fontsize()
            for text in figure.findobj(mpl.text.Text)
            if text.get_text().strip() and text.get_visible()
        )
        mpl.pyplot.close("all")
        return buffer.getvalue(), alt, points


class Columns(DeckDirective):
    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        columns = self.parts()
        shares = (self.arguments or ["1 " * len(columns)])[0].split()
        if len(shares) != len(columns):
            self.fault(f"{len(columns)} columns, {len(shares)} proportions")
        grid = " ".join(f"minmax(0, {share}fr)" for share in shares)
        for column in columns:
            column["classes"] = ["column"]
        start = raw(f'<div class="columns" style="grid-template-columns: {grid}">')
        return [start, *columns, raw("</div>")]


class Step(DeckDirective):
    has_content = True

    def run(self) -> list[nodes.Node]:
        (box,) = self.parts()
        box["classes"] = ["fragment"]
        return [box]


def as_step(child: nodes.Node) -> nodes.Node:
    if isinstance(child, nodes.raw):
        return raw(re.sub('class="', 'class="fragment ', child.astext(), count=1))
    child["classes"].append("fragment")
    return child


class Steps(DeckDirective):
    has_content = True

    def run(self) -> list[nodes.Node]:
        (box,) = self.parts()
        children = []
        for child in box.children:
            if isinstance(child, (nodes.bullet_list, nodes.enumerated_list)):
                for item in child.children:
                    as_step(item)
                children.append(child)
            else:
                children.append(as_step(child))
        return children


class Stack(DeckDirective):
    has_content = True

    def run(self) -> list[nodes.Node]:
        (box,) = self.parts()
        layers = [nodes.container("", child) for child in box.children]
        for layer in layers:
            layer["classes"] = ["layer"] + ["fragment"] * (layer is not layers[0])
        box.clear()
        box.extend(layers)
        box["classes"] = ["stack"]
        return [box]


class Poll(DeckDirective):
    has_content = True
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        parts = self.parts()
        if len(parts) != 2:
            self.fault("a poll is a question, +++ and the answer")
        parts[0]["classes"], parts[-1]["classes"] = ["question"], ["answer", "fragment"]
        box = nodes.container("", *parts, classes=["poll"])
        return [box]


class Live(DeckDirective):
    has_content = True
    required_arguments = 1
    unit = FromCell.unit

    def run(self) -> list[nodes.Node]:
        (box,) = self.parts()
        try:
            where = place(self.unit, self.arguments[0])
        except Missing as error:
            self.fault(error)
            return []
        text = f"LIVE, {where}: "
        first = next(iter(box.findall(nodes.paragraph)), None)
        if first is None:
            self.fault("say what to change")
            return []
        first.insert(0, nodes.strong("", text))
        return [live("", *box.children)]


def place(unit: int, name: str) -> str:
    """Return where a cell stands, as people find it: its heading and number."""
    notebook, cell = find_cell(unit, name)
    heading = ""
    for other in notebook.cells:
        if other.cell_type == "markdown":
            heading = [heading, *re.findall(r"^#+ (.+)", other.source, re.M)][-1]
        if other is cell:
            break
    return f"“{heading}”, In [{cell.execution_count}]"


class Notes(DeckDirective):
    has_content = True
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        (box,) = self.parts()
        return [aside("", *box.children, minutes=float(self.arguments[0]))]


class Agenda(Directive):
    def run(self) -> list[nodes.Node]:
        return [agenda()]


# ---- from sections to slides -------------------------------------------------


def road(sections: list[str], here: str = "") -> nodes.raw:
    """Return the list of the sections, with the present one marked."""
    items = []
    for title in sections:
        number, _, rest = title.partition(" ")
        mark = ' class="here" aria-current="step"' if title == here else ""
        items.append(
            f"<li{mark}><b>{html.escape(number)}</b> "
            f"<span>{html.escape(rest)}</span></li>"
        )
    return raw(f'<ol class="road">{"".join(items)}</ol>')


def arrange(app: Sphinx, document: nodes.document) -> None:
    """Turn the sections of a deck into a flat row of slides."""
    deck = document.next_node(nodes.section)
    meta = app.env.metadata[app.env.docname]
    source = Path(app.env.doc2path(app.env.docname)).read_text(encoding="utf-8")
    lines = source.splitlines()

    def is_section(node: nodes.section) -> bool:
        return lines[node.line - 1].startswith("## ")

    def only(node: nodes.section, *allowed: type) -> None:
        for child in node.children:
            if not isinstance(child, (nodes.title, nodes.section, *allowed)):
                log.warning("this stands on no slide", location=child, type="deck")

    only(deck, nodes.target)
    top = [child for child in deck.children if isinstance(child, nodes.section)]
    names = [s.next_node(nodes.title).astext() for s in top if is_section(s)]
    sections = [name for name in names if name[0].isdigit()]
    for title in numbered_sections(int(meta["unit"])):
        if title.split()[0] not in {name.split()[0] for name in sections}:
            log.warning("the deck has no section %s", title, location=deck, type="deck")
    rows: list[nodes.section] = []
    for part in top:
        if not is_section(part):
            rows.append(part)
            part["where"] = ""
            continue
        name = part.next_node(nodes.title).astext()
        inner = [c for c in part.children if isinstance(c, nodes.section)]
        for child in inner:
            part.remove(child)
            child["where"] = name if name in sections else ""
        if name not in sections and name != "Break":
            rows += inner
            continue
        only(part, aside, nodes.target)
        part["classes"] += ["divider"] + ["pause"] * (name == "Break")
        part["where"] = ""
        part.insert(1, road(sections, name))
        rows += [part, *inner]
    title = deck.next_node(nodes.title).astext()
    for slide in rows:
        for node in [*slide.findall(agenda)]:
            node.parent.replace(node, road(sections))
        check_slide(app, slide)
    document.clear()
    document["deck"] = f"Unit {meta['unit']}: {title}"
    minutes = float(meta["minutes"])
    for slide in rows:
        document.append(slide)
    spent = sum(
        node["minutes"]
        for slide in rows
        if "pause" not in slide["classes"]
        for node in slide.findall(aside)
    )
    if abs(spent - minutes) > 5:
        log.warning(
            "the slides take %g minutes, the lecture has %g",
            spent,
            minutes,
            location=app.env.docname,
            type="deck",
        )


def numbered_sections(unit: int) -> list[str]:
    """Return the titles of the unit's numbered sections, such as "1.1 The brain"."""
    _, notebook = notebooks_of(unit)[0]
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    return re.findall(r"^## (\d\.\d .+)", text, re.M)


def listed(app: Sphinx, name: str) -> set[str]:
    """Return the lines of a list beside the decks."""
    text = (Path(app.srcdir) / name).read_text(encoding="utf-8")
    return {line.strip() for line in text.splitlines() if line.strip()}


def check_slide(app: Sphinx, slide: nodes.section) -> None:
    """Report what an audience could not follow, and what nothing measured."""
    title = slide.next_node(nodes.title).astext()

    def fault(message: str, *values: object) -> None:
        log.warning(f"“{title}”: {message}", *values, location=slide, type="deck")

    divider = "divider" in slide["classes"]
    notes = [*slide.findall(aside)]
    if len(notes) != 1:
        fault("one block of notes with minutes, not %d", len(notes))
    for image in slide.findall(nodes.image):
        if not image.get("alt"):
            fault("a picture without alternative text")
    words = set(re.findall(r"[a-z']+", title.lower()))
    claims = words & listed(app, "verbs.txt") or re.search(r"\d", title)
    if not divider and not claims and title not in listed(app, "titles.txt"):
        fault("a title is a claim, with a verb or a number (slides/verbs.txt)")
    shown, claimed = [], []
    for node in slide.findall(nodes.Text):
        parents = [node.parent]
        while parents[-1] is not slide:
            parents.append(parents[-1].parent)
        if any(
            isinstance(p, (nodes.literal, nodes.raw, nodes.math, nodes.math_block))
            for p in parents
        ):
            continue
        aloud = any(isinstance(p, (aside, live)) for p in parents)
        if not aloud and not isinstance(node.parent, nodes.title):
            shown.append(str(node))
        if not any("question" in p.get("classes", []) for p in parents):
            claimed += re.split(r"(?<=[.?!:]) ", str(node))
    count = sum(len(re.findall(r"\w[\w'-]*", text)) for text in shown)
    if count > MOST_WORDS:
        fault("%d words, at most %d", count, MOST_WORDS)
    known = known_numbers(int(app.env.metadata[app.env.docname]["unit"]))
    for sentence in claimed:
        if re.search(r"\b[Ww]rong\b|\b[Uu]sual", sentence):
            continue  # what people answer is no result
        for number in numbers_of(sentence):
            if not held(number, known):
                fault("no output of the unit holds %s", number)


# ---- writing -----------------------------------------------------------------


class DeckTranslator(HTML5Translator):
    """Sections become slides."""

    def visit_section(self, node: nodes.section) -> None:
        minutes = sum(note["minutes"] for note in node.findall(aside))
        names = " ".join(node["classes"])
        self.body.append(
            f'<section class="{names}" data-timing="{round(60 * minutes)}">\n'
        )
        if any(node.findall(live)):
            self.body.append('<p class="live">LIVE</p>')

    def depart_section(self, node: nodes.section) -> None:
        if node["where"]:
            self.body.append(f'<p class="where">{html.escape(node["where"])}</p>')
        self.body.append("</section>\n")

    def visit_title(self, node: nodes.title) -> None:
        self.body.append("<h2>" if "divider" in node.parent["classes"] else "<h3>")

    def depart_title(self, node: nodes.title) -> None:
        divider = "divider" in node.parent["classes"]
        self.body.append("</h2>\n" if divider else "</h3>\n")

    def visit_aside(self, node: aside) -> None:
        self.body.append('<aside class="notes">')
        minutes = f"{node['minutes']:g}"
        self.body.append(
            f'<p class="minutes">{minutes} minute{"s" * (minutes != "1")}</p>'
        )
        slide = node.parent
        while not isinstance(slide, nodes.section):
            slide = slide.parent
        for mark in slide.findall(live):
            for child in mark.children:
                child.walkabout(self)

    def depart_aside(self, node: aside) -> None:
        self.body.append("</aside>\n")

    def visit_live(self, node: live) -> None:
        raise nodes.SkipNode


class DeckBuilder(StandaloneHTMLBuilder):
    """One page a deck; docs/slides holds its template, style and script."""

    name = "deck"
    default_translator_class = DeckTranslator
    search = False
    copysource = False

    def init(self) -> None:
        super().init()
        self.use_index = False

    def get_doc_context(self, docname: str, body: str, metatags: str) -> dict[str, Any]:
        context = super().get_doc_context(docname, body, metatags)
        document = self.env.get_doctree(docname)
        return context | {"deck": document["deck"]}

    def gen_additional_pages(self) -> None:
        pass


def keep_folder(app: Sphinx) -> None:
    """Tell the directives where pictures go."""
    app.env.deck_images = Path(app.outdir) / "_images"


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_builder(DeckBuilder)
    for name, directive in {
        "code-of": CodeOf,
        "output-of": OutputOf,
        "table-of": TableOf,
        "figure-of": FigureOf,
        "columns": Columns,
        "step": Step,
        "steps": Steps,
        "stack": Stack,
        "poll": Poll,
        "live": Live,
        "notes": Notes,
        "agenda": Agenda,
    }.items():
        app.add_directive(name, directive)
    app.connect("builder-inited", keep_folder)
    app.connect("doctree-read", arrange)
    return {"parallel_read_safe": False}
