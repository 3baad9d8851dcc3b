"""The quizzes, read by parsers that are not ours: what goes in comes out."""

import importlib
import json
import subprocess
import xml.etree.ElementTree as ET
import zipfile

from tools.notebooks import find_notebooks
from tools.quiz import items_of

import pytest

pytestmark = pytest.mark.teaching
READ_GIFT = """
const fs = require("fs"), gift = require("gift-pegjs");
process.stdout.write(JSON.stringify(gift.parse(fs.readFileSync(0, "utf8"))));
"""
ITEMS = {
    item.name: item
    for path in find_notebooks()
    for _, items in items_of(path)
    for item in items
}


@pytest.fixture(scope="module")
def quiz(environment, tmp_path_factory):
    folder = tmp_path_factory.mktemp("quiz")
    command = [environment / "bin" / "python", "-m", "tools.quiz", folder]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert said.startswith(f"{len(ITEMS)} questions")
    return folder


def test_moodle_s_grammar_reads_every_question_and_its_answer(quiz, environment):
    with (quiz / "quiz.gift").open(encoding="utf-8") as file:
        node = ["node", "-e", READ_GIFT]
        read = subprocess.check_output(node, stdin=file, cwd=environment, text=True)
    questions = [q for q in json.loads(read) if q["type"] != "Category"]
    assert [q["title"] for q in questions] == [*ITEMS]
    formulas = 0
    for question in questions:
        item, choices = ITEMS[question["title"]], question["choices"]
        assert question["globalFeedback"]["text"].strip()
        formulas += question["stem"]["text"].count(r"\(")
        if question["type"] == "Numerical":
            read = {(c["text"]["number"], c["text"]["range"]) for c in choices}
            assert read == {(float(n), float(off)) for n, off in item.numbers.items()}
            continue
        assert question["type"] == "MC" and len(choices) == len(item.choices)
        right = [c["isCorrect"] or (c["weight"] or 0) > 0 for c in choices]
        assert right == [letter in item.answer for letter in item.choices]
        if item.several:
            weights = [choice["weight"] for choice in choices]
            assert sum(w for w in weights if w > 0) == pytest.approx(100, abs=0.01)
            assert max(map(sum, [weights, [0]])) < 1 or all(right), "all is not right"
    assert formulas == sum(item.text.count("$") // 2 for item in ITEMS.values()) > 50


def test_a_reader_of_canvas_packages_reads_every_question(quiz, environment):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(next(environment.glob("lib/*/site-packages")))
        reader = importlib.import_module("qti2latex")
    seen = []
    for package in sorted(quiz.glob("*.zip")):
        with zipfile.ZipFile(package) as file:
            name = next(
                n
                for n in file.namelist()
                if n.endswith("assessment.xml")
                or ("assessment_" in n.split("/")[-1] and "meta" not in n)
            )
            root = ET.fromstring(file.read(name))
        for xml in reader.findall_anyns(root, "item"):
            item = ITEMS[xml.get("title")]
            seen.append(item.name)
            kind = reader.guess_type(reader.get_qti_metadata(xml), xml)
            choices = dict(reader.get_choices(xml))
            correct = reader.get_correct_idents(xml)
            if not item.choices:
                assert kind in ("numerical_question", "short_answer_question")
                assert float(item.answer) in map(float, correct)
                continue
            several = "multiple_answers_question"
            assert kind == (several if item.several else "multiple_choice_question")
            right = [letter in item.answer for letter in item.choices]
            assert [ident in correct for ident in choices] == right
        for text in reader.findall_anyns(root, "mattext"):
            # HTML and MathML that is well-formed: every mark is where it should be.
            page = ET.fromstring(f"<div>{text.text}</div>")
            assert "$" not in "".join(page.itertext()), text.text
    assert sorted(seen) == sorted(ITEMS)
