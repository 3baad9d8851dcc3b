"""Pages that follow from the stored notebooks: results and errata.

``write_docs`` brings README.md, CITATION.cff, docs/results.md, docs/errata.md and
the plans of docs/instructors.md up to date.
"""

from __future__ import annotations

import csv
import re
import tomllib
from importlib.resources import files
from pathlib import Path

from tools.notebooks import (
    ROOT,
    collect_results,
    find_notebooks,
    read,
    results_markdown,
    stored_results,
    title,
)

import pandas as pd

DOCS = ROOT / "docs"
README = ROOT / "README.md"
CITATION = ROOT / "CITATION.cff"
PROJECT = ROOT / "pyproject.toml"
# The one file that typesets mathematics without a network.
MATHJAX = files("sphinx-mathjax-offline") / "static" / "mathjax" / "tex-svg.js"
MARKS = "<!-- results:begin -->", "<!-- results:end -->"
PLAN = "<!-- plan:begin -->", "<!-- plan:end -->"
# Errata of these kinds matter to a reader; the others are slips of wording.
SHOWN = {
    "breaks": "Listings that do not run as printed",
    "formula": "Formulas and numbers",
    "misleads": "Statements that mislead",
    "trap": "Traps",
}
# The results that README.md shows, in a newcomer's words; the others stand in
# docs/results.md.
HIGHLIGHTS = {
    "MNIST test accuracy": "Unit 1: handwritten digits, test accuracy",
    "clothes, val_accuracy": "Unit 2: clothes, validation accuracy",
    "toy network, new w46": "Lab 2d: a weight after one step, by hand",
    "SimpleRNN, validation accuracy": "Unit 5: film reviews, simple network",
    "LSTM, validation accuracy": "Unit 5: film reviews, LSTM",
}
TEXTS = {
    "000": "Neural networks (chapter 8 of a machine-learning text)",
    "001": "book",
    "002": "Tendulkar's slides",
    "003": "Atikuzzaman's slides",
    "004": "Landwehr's slides",
}


def anchor(heading: str) -> str:
    """Return the address of a heading within its page, as JupyterLab makes it."""
    return heading.strip().replace(" ", "-")


def demonstrations() -> dict[str, str]:
    """Return for every erratum the address, seen from docs/, where it is shown."""
    places: dict[str, str] = {}
    for path in find_notebooks():
        heading = ""
        for cell in read(path).cells:
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


def highlights(table: pd.DataFrame) -> pd.DataFrame:
    """Return the few results for README.md, named for a newcomer."""
    few = table[table.what.isin(HIGHLIGHTS)]
    return few.assign(what=few.what.map(HIGHLIGHTS))


def readme_with(table: pd.DataFrame) -> str:
    """Return the text of README.md with its results table replaced."""
    head, rest = README.read_text(encoding="utf-8").split(MARKS[0])
    tail = rest.split(MARKS[1])[1]
    return f"{head}{MARKS[0]}\n{results_markdown(table)}\n{MARKS[1]}{tail}"


def project_address() -> str:
    """Return where the project is published, from pyproject.toml; "" if nowhere."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    return project.get("urls", {}).get("Source", "")


def addressed(readme: str, citation: str, address: str) -> tuple[str, str]:
    """Return README.md and CITATION.cff with the project's address, or without one."""
    test = f"{address}/actions/workflows/test.yml"
    lines = f"[![test]({test}/badge.svg)]({test})\n" * bool(address)
    marks = r"(<!-- address:begin -->\n).*?(<!-- address:end -->)"
    readme = re.sub(marks, rf"\g<1>{lines}\g<2>", readme, flags=re.DOTALL)
    citation = re.sub(r"repository-code: .*\n", "", citation)
    return readme, citation + f"repository-code: {address}\n" * bool(address)


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
        notebook = read(path)
        table = collect_results([notebook])
        if len(table):
            link = f"../{path.relative_to(ROOT).as_posix()}"
            lines += ["", f"## {title(path)}", "", results_markdown(table)]
            lines += ["", f"[Open the notebook]({link})"]
    return "\n".join(lines) + "\n"


def read_plan(deck: Path) -> tuple[str, list[dict[str, object]]]:
    """Return a deck's title and, a section each, its minutes, marks and questions."""
    title, rows, within = "", [{"section": "opening"}], ""
    for line in deck.read_text(encoding="utf-8").splitlines():
        heading = re.match(r"(#+) (.+)", line)
        block = re.match(r":+\{(notes|live|poll)\} ?(\S*)", line)
        if heading and len(heading[1]) == 1:
            title = heading[2]
        elif heading and len(heading[1]) == 2:
            rows.append({"section": heading[2]})
        elif block:
            within = block[1]
            if within == "notes":
                minutes = rows[-1].get("minutes", 0)
                rows[-1]["minutes"] = minutes + float(block[2])
        elif re.match(r":::+$|\+\+\+$", line):
            within = ""
        elif within in ("live", "poll") and line.strip():
            said = rows[-1].setdefault(within, [])
            said.append(line.strip())
    return title, [row for row in rows if "minutes" in row]


def plan_markdown() -> str:
    """Return the plans of the lectures, a table each, as the decks time them."""
    lines = []
    for deck in sorted((ROOT / "slides").glob("0?_*.md")):
        name, rows = read_plan(deck)
        lines += [f"### Unit {int(deck.name[:2])}: {name}", ""]
        lines += ["| section | minutes | live | ask |", "|---|---|---|---|"]
        for row in rows:
            cells = [" ".join(row.get(kind, [])) for kind in ("live", "poll")]
            texts = " | ".join(text.replace("|", "\\|") for text in cells)
            lines.append(f"| {row['section']} | {row['minutes']:g} | {texts} |")
        total = sum(row["minutes"] for row in rows)
        lines += [f"| **together** | {total:g} | | |", ""]
    return "\n".join(lines)


def instructors_page() -> str:
    """Return docs/instructors.md with the plans of the lectures replaced."""
    text = (DOCS / "instructors.md").read_text(encoding="utf-8")
    head, rest = text.split(PLAN[0])
    return f"{head}{PLAN[0]}\n\n{plan_markdown()}\n{PLAN[1]}{rest.split(PLAN[1])[1]}"


def write_docs() -> None:
    """Bring README.md and the pages of docs/ that follow from notebooks up to date."""
    readme = readme_with(highlights(stored_results()))
    citation = CITATION.read_text(encoding="utf-8")
    readme, citation = addressed(readme, citation, project_address())
    README.write_text(readme, encoding="utf-8")
    CITATION.write_text(citation, encoding="utf-8")
    page = instructors_page()
    (DOCS / "instructors.md").write_text(page, encoding="utf-8")
    (DOCS / "errata.md").write_text(errata_page(), encoding="utf-8")
    (DOCS / "results.md").write_text(results_page(), encoding="utf-8")
