"""Questions for a learning platform: taken apart, written so that nothing breaks."""

import re

from tools.notebooks import find_notebooks
from tools.quiz import Item, gift, items_of, qti_text, split, to_html
from utils.selfcheck import RIGHT, mark, read_answers


def test_a_question_is_taken_apart():
    stem, choices = split("Is `f(a)` even (a) a bug (b) expected (c) impossible?")
    assert stem == "Is `f(a)` even"
    assert choices == {"a": "a bug", "b": "expected", "c": "impossible"}
    assert split("How many in $f(a)$?") == ("How many in $f(a)$?", {})


def test_every_question_of_every_self_check_is_there():
    found = {s: items for path in find_notebooks() for s, items in items_of(path)}
    assert {s: len(items) for s, items in found.items()} == {
        section: len(questions) for section, questions in read_answers().items()
    }
    for items in found.values():
        for item in items:
            assert item.text and all(item.choices.values()), item.name
            assert "(a)" not in item.text, item.name
            named = re.findall(r"\([a-h]\)", item.why)  # platforms shuffle the choices
            assert all(mark in " ".join(item.choices.values()) for mark in named)


def test_a_number_counts_on_the_platform_as_far_off_as_in_the_notebook():
    known = {"0.69": "0.005", "0.8": "0.05", "67": "0", "-0.250": "0.0005"}
    for answer, off in known.items():
        numbers = Item("", "", {}, answer, "").numbers
        assert numbers[answer] == off
        for number, off in numbers.items():
            assert mark(float(number) + 0.999 * float(off), answer)[0] == RIGHT
    tiny = Item("", "", {}, "0.0009765625", "")
    assert [*tiny.numbers] == ["0.000977", "0.0009765625"]
    assert "* 0.000977\n" in qti_text("Q", [tiny])


def test_no_mark_of_the_format_is_left_in_a_text():
    item = Item(
        "1.1 question 1", r"Why $\nabla_w = \{a: b\}$, `x[~1] #2`?", {}, "2", "a=b"
    )
    assert gift([item]) == (
        r"::1.1 question 1::[html]<p>Why \\(\\nabla_w \= \\\{a\: b\\\}\\), "
        r"<code>x[\~1] \#2</code>?</p>{#" + "\n=2:0\n####a\\=b\n}"
    )
    asked = next(s for s in qti_text("Q", [item]).splitlines() if s.startswith("1. "))
    assert "$" not in asked and "`" not in asked and "<mo>&#x02207;</mo>" in asked


def test_html_is_what_markdown_means():
    html = to_html(r"**No** $a_1 < b_1$ *and*  `w_1`", lambda tex: f"[{tex}]")
    assert html == "<strong>No</strong> [a_1 < b_1] <em>and</em> <code>w_1</code>"
