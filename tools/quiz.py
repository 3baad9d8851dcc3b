"""The self-checks for a learning platform: ``python -m tools.quiz FOLDER``.

Every question with its answer and reason: quiz.gift for Moodle, and a QTI package a
notebook, made by text2qti, for Canvas and what else reads QTI 1.2. Questions and
answers are those of the notebooks; change them there.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tools import folder
from tools.notebooks import find_notebooks, read, title
from utils.selfcheck import read_answers

import numpy as np
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

COURSE = "Neural Nets and Deep Learning"
# What a choice may be worth in Moodle, in per cent, by the number of its kind.
SHARE = {1: "100", 2: "50", 3: "33.33333", 4: "25", 5: "20", 6: "16.66667"}


class Item(NamedTuple):
    """A question: its name, text and choices in Markdown, its answer and reason."""

    name: str
    text: str
    choices: dict[str, str]
    answer: str
    why: str

    @property
    def several(self) -> bool:
        """Tell whether more than one choice is right."""
        return bool(self.choices) and len(self.answer) > 1

    @property
    def numbers(self) -> dict[str, str]:
        """The numbers that are right, with how far off each may be, as in a notebook.

        Half of the last digit; and three digits are enough where there are more.
        """
        decimals = len(self.answer.partition(".")[2])
        if not decimals:
            return {self.answer: "0"}
        short = np.format_float_positional(float(self.answer), 3, fractional=False)
        return {short: "0", self.answer: f"{0.5 * 10**-decimals:.{decimals + 1}f}"}


def split(text: str) -> tuple[str, dict[str, str]]:
    """Return a question without its choices "(a) ... (b) ...", and the choices."""
    parts, letters = [text], "abcdefgh"
    for letter in letters:
        before, found, after = parts[-1].partition(f"({letter}) ")
        if not found:
            break
        parts[-1:] = [before.strip(), after.strip()]
    return parts[0], {a: part.rstrip("?") for a, part in zip(letters, parts[1:])}


def items_of(path: Path) -> Iterator[tuple[str, list[Item]]]:
    """Yield each section of a notebook that has a self-check, with its questions.

    Raises:
        ValueError: a question has no answer, or an answer that cannot be chosen.
    """
    answers, text = read_answers(), ""
    for cell in read(path).cells:
        if "selfcheck" in cell.metadata.get("tags", []):
            section = re.match(r"""check\(["']([\w.]+)""", cell.source)[1]
            asked = re.findall(r"^\d+\. (.+(?:\n+ .+)*)", text, re.M)
            if len(asked) != len(answers[section]):
                raise ValueError(f"{section}: {len(asked)} questions, other answers")
            items = []
            for number, (question, known) in enumerate(zip(asked, answers[section]), 1):
                stem, choices = split(question)
                if re.search(r"\([a-h]\)", known.why):  # it speaks of them by letter
                    choices = {a: f"({a}) {choice}" for a, choice in choices.items()}
                item = Item(f"{section} question {number}", stem, choices, *known)
                if bool(choices) != item.answer.isalpha() or (
                    choices and not {*item.answer} <= {*choices}
                ):
                    raise ValueError(f"{item.name}: {item.answer} cannot be chosen")
                items.append(item)
            yield section, items
        text = cell.source


def to_html(markdown: str, formula: Callable[[str], str]) -> str:
    """Return a paragraph of Markdown as HTML, with its formulas as ``formula`` says."""
    md = MarkdownIt().use(
        dollarmath_plugin, renderer=lambda tex, _: formula(tex), allow_labels=False
    )
    html = md.renderInline(" ".join(markdown.split()))
    return re.sub(r'<span class="math [a-z]+">(.*?)</span>', r"\1", html, flags=re.S)


def gift(items: list[Item]) -> str:
    """Return questions in Moodle's format; MathJax typesets their formulas there."""

    def text(markdown: str) -> str:
        html = to_html(markdown, lambda tex: rf"\({escape_html(tex)}\)")
        return re.sub(r"([\\~=#{}:])", r"\\\1", html)

    written = []
    for item in items:
        right, wrong = len(item.answer), len(item.choices) - len(item.answer)
        lines = [f"::{item.name}::[html]<p>{text(item.text)}</p>{{"]
        if not item.choices:
            numbers = [f"={number}:{off}" for number, off in item.numbers.items()]
            lines = [lines[0] + "#", *numbers]
        for letter, choice in item.choices.items():
            marked = "=" if letter in item.answer else "~"
            if item.several and letter in item.answer:
                marked = f"~%{SHARE[right]}%"
            elif item.several:
                marked = f"~%-{SHARE[wrong]}%"
            lines.append(f"{marked}{text(choice)}")
        written.append("\n".join([*lines, f"####{text(item.why)}", "}"]))
    return "\n\n".join(written)


def escape_html(text: str) -> str:
    """Keep a formula's < and & from being read as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def qti_text(name: str, items: list[Item]) -> str:
    """Return questions as text2qti reads them; formulas are MathML."""

    def text(markdown: str) -> str:
        html = to_html(markdown, convert)
        # It is HTML already: what would be a mark of Markdown becomes an entity, and
        # no line begins with a formula, which would make it a block.
        marks = r"([\\`*_$^~\[\]{}'\"]|\.(?=\.)|-(?=-))(?![^<]*>)"
        html = re.sub(marks, lambda mark: f"&#{ord(mark[0])};", html)
        return f"<span>{html}</span>" if html.startswith("<math") else html

    lines = [f"Quiz title: {name}", ""]
    for number, item in enumerate(items, 1):
        lines += [f"Title: {item.name}", f"{number}. {text(item.text)}"]
        lines += [f"... {text(item.why)}"]
        for letter, choice in item.choices.items():
            mark = "*" * (letter in item.answer) + f"{letter})"
            if item.several:
                mark = "[*]" if letter in item.answer else "[ ]"
            lines.append(f"{mark} {text(choice)}")
        if not item.choices:
            lines += numbers_of(item)
        lines.append("")
    return "\n".join(lines)


def numbers_of(item: Item) -> list[str]:
    """Return a number as text2qti reads it; what is too fine for Canvas is typed."""
    if item.answer == "0" or item.answer[::-1].find(".") > 4:
        return [f"* {number}" for number in item.numbers]
    off = item.numbers[item.answer]
    return [f"= {item.answer}" + f" +- {off}" * (off != "0")]


def make_quiz(target: Path) -> int:
    """Write quiz.gift and the QTI packages; returns the number of questions."""
    from text2qti.config import Config
    from text2qti.qti import QTI
    from text2qti.quiz import Quiz

    target.mkdir(parents=True, exist_ok=True)
    written, count = [], 0
    for path in find_notebooks():
        all_items = []
        for section, items in items_of(path):
            place = f"{COURSE}/{title(path).replace('/', '//')}/{section}"
            written += [f"$CATEGORY: $course$/top/{place}", gift(items)]
            all_items += items
        if all_items:
            quiz = Quiz(qti_text(title(path), all_items), config=Config())
            QTI(quiz).save(target / f"{path.parent.name}_{path.stem}.zip")
            count += len(all_items)
    (target / "quiz.gift").write_text("\n\n".join(written) + "\n", encoding="utf-8")
    return count


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    folder.write(
        make_quiz,
        "questions, quiz.gift for Moodle and QTI packages",
        __doc__,
        arguments,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
