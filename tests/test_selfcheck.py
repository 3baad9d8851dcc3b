"""The self-checks: every question has its answer, and the right ones pass."""

import ast
import csv
import json
import re
from fractions import Fraction
from pathlib import Path

from tools import answers
from tools.notebooks import find_notebooks
from utils import selfcheck
from utils.selfcheck import ANSWERS, Question, check, mark, read_answers

import nbformat
import numpy as np
import pytest

SECTIONS = read_answers()
with Path(__file__).with_name("markings.csv").open(encoding="utf-8") as file:
    MARKINGS = [tuple(row.values()) for row in csv.DictReader(file)]


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


def test_answers_are_unpacked_and_packed_again(tmp_path, monkeypatch):
    table = tmp_path / "answers.csv"
    answers.unpack_answers(table)
    copy = tmp_path / "selfcheck.json"
    monkeypatch.setattr(answers, "ANSWERS", copy)
    answers.pack_answers(table)
    assert copy.read_bytes() == ANSWERS.read_bytes()


def test_every_answer_can_be_given_and_says_why():
    form = re.compile(r"-?\d+(\.\d+)?|[a-h]+")
    for section, questions in SECTIONS.items():
        for question in questions:
            assert form.fullmatch(question.answer), (section, question)
            assert question.why.strip(), (section, question)


def test_nobody_reads_an_answer_by_accident():
    stored = ANSWERS.read_text(encoding="utf-8")
    for questions in SECTIONS.values():
        assert not [question for question in questions if question.why in stored]


def test_every_section_is_asked_once():
    assert sorted(section for _, section, *_ in ASKED) == sorted(SECTIONS)


@pytest.mark.parametrize(
    ("section", "text", "call"),
    [row[1:] for row in ASKED],
    ids=[f"{name}-{section}" for name, section, *_ in ASKED],
)
def test_text_call_and_answers_have_the_same_questions(section, text, call):
    assert call == text == [*range(1, len(SECTIONS.get(section, [])) + 1)]


# --- marking -----------------------------------------------------------------


@pytest.mark.parametrize(("right", "given", "verdict"), MARKINGS)
def test_a_typed_answer_is_marked(right, given, verdict):
    assert mark(given, right)[0] == verdict


@pytest.mark.parametrize(
    ("right", "given"),
    [
        ("0.69", -np.log(0.5)),
        ("0.69", np.float32(0.6931)),
        ("0.69", np.array([0.69])),
        ("0.25", Fraction(1, 4)),
        ("2020", np.int64(2020)),
        ("2020", np.array(2020)),
        ("1", True),
        ("0", np.False_),
        ("0", -0.0),
        ("ac", ["c", "a"]),
        ("ac", {"a", "c"}),
        ("ac", ("a", "C")),
    ],
    ids=lambda value: repr(sorted(value) if isinstance(value, set) else value),
)
def test_a_computed_answer_is_marked(right, given):
    assert mark(given, right) == ("right", "")


@pytest.mark.parametrize("given", [float("nan"), [3, 4], {}, object(), "", np.ones(2)])
def test_what_is_no_answer_is_not_marked_wrong(given):
    assert mark(given, "2020") == ("open", "answer with a number, such as 42 or 0.5")


def test_a_wrong_form_gets_a_hint():
    assert mark(3, "ac")[1] == 'answer with letters, such as "ac" for (a) and (c)'
    assert mark("0.7", "0.69")[1] == "right so far; give it to 2 decimals"
    assert mark(36.6, "37")[1] == "close, but the answer is a whole number"


QUESTIONS = [
    Question("b", "The second."),
    Question("0.25", "A quarter."),
    Question("ac", "Both."),
    Question("12000", "Twelve thousand."),
    Question("0", "Nothing."),
]
RIGHT = {q: question.answer for q, question in enumerate(QUESTIONS, 1)}
REASONS = [f"{q}: {a}. {why}" for q, (a, why) in enumerate(QUESTIONS, 1)]


@pytest.fixture
def section(tmp_path, monkeypatch):
    """A section of five questions whose right answers are RIGHT."""
    file = tmp_path / "selfcheck.json"
    file.write_text(json.dumps({"9.1": answers.pack(QUESTIONS)}))
    monkeypatch.setattr(selfcheck, "ANSWERS", file)
    return "9.1"


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (RIGHT, ["5 of 5 right (100%). Passed.", *REASONS]),
        (
            RIGHT | {4: 3},
            ["4 of 5 right (80%). Passed.", *REASONS, "Look again at question 4."],
        ),
        (
            RIGHT | {1: "c", 3: 7},
            [
                "3 of 5 right (60%).",
                REASONS[1],
                *REASONS[3:],
                'Question 3: answer with letters, such as "ac" for (a) and (c).',
                "Look again at question 1.",
            ],
        ),
        ({2: 0.25, 3: ...}, ["1 of 5 right (20%).", REASONS[1]]),
        (["b", None, "ca"], ["2 of 5 right (40%).", REASONS[0], REASONS[2]]),
        (
            dict.fromkeys(RIGHT, ...),
            [
                "0 of 5 answered. Replace the ... with your answers, "
                'for example 1: 42 or 2: "ac".'
            ],
        ),
    ],
    ids=["right", "one wrong", "two wrong", "open", "a list", "unanswered"],
)
def test_a_self_check_gives_reasons(section, answers, said, capsys):
    check(section, answers)
    assert capsys.readouterr().out.splitlines() == said


@pytest.mark.parametrize(
    ("name", "answers", "sentence"),
    [
        ("9.2", {1: "a"}, "There is no self-check '9.2': leave it as it was"),
        (9.1, {6: "a"}, "Self-check 9.1 has questions 1 to 5, not 6"),
        ("9.1", {0: ...}, "Self-check 9.1 has questions 1 to 5, not 0"),
    ],
)
def test_there_must_be_such_a_question(section, name, answers, sentence):
    with pytest.raises(ValueError, match=sentence):
        check(name, answers)
