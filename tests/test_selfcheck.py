"""The self-checks: every question has its answer, and the right ones pass."""

import ast
import csv
import re

from tests.answers import SOURCE, read_answers, stored_form
from tools.notebooks import find_notebooks
from utils.lesson import ANSWERS, check

import nbformat
import pytest

SECTIONS = {section: len(answers) for section, answers in read_answers().items()}


def asked():
    """(notebook, section, questions in the text, questions in the call) of each."""
    for path in find_notebooks():
        text = ""
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code" and cell.source.startswith("check("):
                call = ast.parse(cell.source).body[0].value
                section, answers = (ast.literal_eval(part) for part in call.args)
                numbers = re.findall(r"^(\d+)\. ", text, re.MULTILINE)
                yield path.stem, section, [*map(int, numbers)], [*answers]
            text = cell.source


ASKED = [*asked()]


def test_the_stored_answers_are_up_to_date():
    stored = ANSWERS.read_text(encoding="utf-8")
    assert stored == stored_form(), "run python -m tests.answers"


def test_every_answer_says_why():
    with SOURCE.open(encoding="utf-8", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert len(rows) == sum(SECTIONS.values())
    assert not [row for row in rows if not row["answer"] or not row["why"].strip()]


def test_questions_are_numbered_from_one():
    for section, answers in read_answers().items():
        assert [*answers] == [*range(1, len(answers) + 1)], section


def test_every_section_is_asked_once():
    assert sorted(section for _, section, *_ in ASKED) == sorted(SECTIONS)


@pytest.mark.parametrize(
    ("section", "text", "call"),
    [row[1:] for row in ASKED],
    ids=[f"{name}-{section}" for name, section, *_ in ASKED],
)
def test_text_call_and_answers_have_the_same_questions(section, text, call):
    assert call == text == [*range(1, SECTIONS.get(section, 0) + 1)]


@pytest.mark.parametrize(("section", "answers"), read_answers().items())
def test_the_right_answers_pass(section, answers, capsys):
    check(section, answers)
    count = len(answers)
    assert capsys.readouterr().out == (
        f"{count} of {count} right (100%), pass mark 80%.\nPassed.\n"
    )
