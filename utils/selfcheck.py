"""Self-checks: marks an answer as a patient teacher would, and says why it is right.

The answers and their reasons lie in selfcheck.json, packed so that nobody reads
them by accident; whoever wants to can unpack them. docs/site/selfcheck.js marks by
the same rules; tests/markings.csv holds both to them.
"""

import base64
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

ANSWERS = Path(__file__).with_name("selfcheck.json")
PASS_MARK = 0.8
RIGHT, WRONG, OPEN = "right", "wrong", "open"
JOINTS = re.compile(r"\b(?:and|or|both|only|answers?|und|oder|beide|nur)\b|[^a-z0-9]")
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")


class Question(NamedTuple):
    """A question's right answer, a number or letters, and the reason."""

    answer: str
    why: str


def read_answers() -> dict[str, list[Question]]:
    """Return section -> its questions, in order."""
    stored = json.loads(ANSWERS.read_text(encoding="utf-8"))
    return {
        section: [Question(*pair) for pair in json.loads(base64.b64decode(packed))]
        for section, packed in stored.items()
    }


def mark(given: object, right: str) -> tuple[str, str]:
    """Mark one answer.

    Numbers may be typed or computed, more exact than asked for, with a decimal
    comma, thousands separators, a fraction or a percent sign; letters in any
    order and notation.

    Args:
        given: what the student answered: a number, a text, a NumPy or Keras
            scalar, or several letters as a list or set.
        right: the stored answer, such as "0.69", "2020" or "ac".

    Returns:
        RIGHT, WRONG or, where the form is not what was asked for, OPEN; and a
        hint, which may be empty.
    """
    if re.fullmatch("[a-z]+", right):
        letters = _letters(given)
        if letters is None:
            return OPEN, 'answer with letters, such as "ac" for (a) and (c)'
        return (RIGHT if letters == set(right) else WRONG), ""
    values = _numbers(given)
    if not values:
        return OPEN, "answer with a number, such as 42 or 0.5"
    exact, wanted = float(right), _decimals(right)
    if any(_agrees(value, exact, wanted) for value, _ in values):
        return RIGHT, ""
    for value, decimals in values:
        if wanted and decimals < wanted and round(exact, decimals) == value:
            return OPEN, f"right so far; give it to {wanted} decimals"
        if not wanted and abs(value - exact) < 0.5:
            return OPEN, "close, but the answer is a whole number"
    return WRONG, ""


def _agrees(value: float, exact: float, wanted: int) -> bool:
    """Tell whether a value is the stored one, at its precision or to 3 digits."""
    if not wanted:
        return math.isclose(value, exact, rel_tol=1e-9, abs_tol=1e-9)
    short = float(f"{exact:.3g}")
    return abs(value - exact) <= 0.5000001 * 10**-wanted or value == short


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])


def _letters(given: object) -> set[str] | None:
    """The letters of an answer; None where it is none."""
    if isinstance(given, (set, frozenset, list, tuple)):
        given = " ".join(map(str, given))
    if not isinstance(given, str):
        return None
    letters = JOINTS.sub("", given.lower())
    return set(letters) if re.fullmatch("[a-h]+", letters) else None


def _numbers(given: object) -> list[tuple[float, int]]:
    """Every number that an answer may mean, with its decimals: "2,020" is two."""
    if not isinstance(given, str):
        try:
            value = float(given.item() if hasattr(given, "item") else given)
        except (TypeError, ValueError):
            return []
        return [(value, _decimals(repr(value)))] if math.isfinite(value) else []
    text = given.strip().lower().replace("\u2212", "-").removesuffix("%").strip()
    text = re.sub(r"(?<=\d)[ _'\u2019\u00a0\u202f](?=\d{3}\b)", "", text)
    if match := re.fullmatch(r"(-?\d+)\s*/\s*(\d+)", text):
        above, below = map(int, match.groups())
        return [(above / below, 15)] if below else []
    readings = {
        text,
        text.replace(",", "."),  # a decimal comma
        re.sub(r",(?=\d{3}\b)", "", text),  # English thousands
        re.sub(r"\.(?=\d{3}\b)", "", text).replace(",", "."),  # German ones
    }
    numbers = [reading for reading in readings if NUMBER.fullmatch(reading)]
    found = [(float(number), _decimals(number)) for number in numbers]
    if given.strip().endswith("%"):
        found += [(value / 100, decimals + 2) for value, decimals in found]
    return found


def check(section: str, answers: Mapping[int, object]) -> None:
    """Mark the answers to a section's questions; prints the score and reasons.

    An answer that is right is given its reason at once; when the section is
    passed, every question is.

    Args:
        section: for example "1.2".
        answers: question number -> answer, see :func:`mark`; ``...`` means not
            answered yet. A list answers the questions in order.

    Raises:
        ValueError: no such section, or no such question in it.
    """
    sections, section = read_answers(), str(section)
    if section not in sections:
        raise ValueError(f"There is no self-check {section!r}: leave it as it was.")
    questions = sections[section]
    if not isinstance(answers, Mapping):
        answers = dict(enumerate(answers, 1))
    if unknown := [q for q in answers if q not in range(1, len(questions) + 1)]:
        raise ValueError(
            f"Self-check {section} has questions 1 to {len(questions)}, "
            f"not {unknown[0]}."
        )
    given = {q: a for q, a in answers.items() if a is not ... and a is not None}
    if not given:
        print(
            f"0 of {len(questions)} answered. Replace the ... with your answers, "
            'for example 1: 42 or 2: "ac".'
        )
        return
    marks = {q: mark(answer, questions[q - 1].answer) for q, answer in given.items()}
    right = [q for q, (verdict, _) in marks.items() if verdict == RIGHT]
    share = len(right) / len(questions)
    passed = share >= PASS_MARK
    score = f"{len(right)} of {len(questions)} right ({share:.0%})."
    print(score + " Passed." * passed)
    for q, question in enumerate(questions, 1):
        if q in right or passed:
            print(f"{q}: {question.answer}. {question.why}")
    for q, (verdict, hint) in sorted(marks.items()):
        if verdict == OPEN:
            print(f"Question {q}: {hint}.")
    wrong = [str(q) for q, (verdict, _) in sorted(marks.items()) if verdict == WRONG]
    if wrong:
        print(f"Look again at question {', '.join(wrong)}.")
