"""The self-checks of the site, marked in a real browser by the rules of the course."""

import csv

from tools.notebooks import ROOT

import pytest

pytestmark = pytest.mark.pages
SCRIPT = ROOT / "docs" / "site" / "selfcheck.js"
with (ROOT / "tests" / "markings.csv").open(encoding="utf-8") as file:
    MARKINGS = [tuple(row.values()) for row in csv.DictReader(file)]
# The cell as Sphinx writes it, and packed answers: b, 0.25.
CELL = '<div class="cell tag_selfcheck"><pre>check("9.1", {1: ..., 2: ...})</pre></div>'
QUESTIONS = "[['b', 'One.'], ['0.25', 'Two.']]"
DATA = f"window.SELFCHECK = {{'9.1': btoa(JSON.stringify({QUESTIONS}))}}"


def test_the_script_marks_as_the_notebooks_do(page):
    page.set_content("<p></p>")
    page.add_script_tag(path=SCRIPT)
    cases = [[given, right] for right, given, _ in MARKINGS]
    marks = page.evaluate("cases => cases.map(([g, r]) => markAnswer(g, r)[0])", cases)
    wrong = [(*case, got) for case, got in zip(MARKINGS, marks) if case[2] != got]
    assert not wrong


def test_a_check_is_answered_with_the_keyboard_alone(page, tmp_path):
    script = SCRIPT.read_text(encoding="utf-8")
    html = f"<body>{CELL}<script>{DATA}</script><script>{script}</script></body>"
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    status = page.get_by_role("status")
    page.keyboard.press("Tab")
    page.keyboard.type("(B)")
    page.keyboard.press("Enter")
    assert status.inner_text().split("\n\n") == ["1 of 2 right (50%).", "1: b. One."]
    page.keyboard.press("Tab")
    page.keyboard.type("1/4")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert "2 of 2 right (100%). Passed." in status.inner_text()
    assert page.get_by_role("textbox", name="Answer 2").input_value() == "1/4"
    assert not page.faults
