"""Decks are built from a notebook, and a deck that breaks a rule is refused."""

import base64
import io
import re
from pathlib import Path
from unittest.mock import Mock

from tools import decks, numbers, slides

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image
from sphinx.application import Sphinx


def code(source, tag, *outputs):
    cell = new_code_cell(source, outputs=[*outputs], execution_count=1)
    cell.metadata["tags"] = [tag]
    return cell


def said(text):
    return new_output("stream", text=text)


def shown(kind, data, **facts):
    return new_output("display_data", {kind: data}, metadata={kind: facts})


def picture(alt):
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30)).save(buffer, "png")
    return shown("image/png", base64.b64encode(buffer.getvalue()).decode(), alt=alt)


TABLE = (
    "<table><tr><th></th><th>a</th><th>b</th></tr>"
    "<tr><th>0</th><td>one</td><td>1.5</td></tr>"
    "<tr><th>1</th><td>two</td><td>2.5</td></tr></table>"
)
DRAW = 'show(plt.subplots()[1].set_title("title").axes, "A", alt="drawn anew")'
CELLS = [
    new_markdown_cell("# Unit 9: A small unit\n\nTwo sentences."),
    code("from matplotlib import pyplot as plt", "setup"),
    new_markdown_cell("## 9.1 The only section"),
    code("width = 512\n# one\n# two\nprint(0.9761)", "U9-01", said("0.9761\n")),
    code("ready", "U9-02", said("ready: True\n")),
    code("first", "U9-03", said("1\n")),
    code("second", "U9-03", said("2\n")),
    code("picture", "U9-04", picture("")),
    code(DRAW, "U9-05", picture("stored")),
    code("table", "U9-06", shown("text/html", TABLE)),
]
FRAME = """---
unit: 9
minutes: {minutes}
---

# A small deck

### This is the first slide

```{{agenda}}
```

:::{{notes}} 2
Hello.
:::

{section}

:::{{notes}} 1
A section.
:::

### {title}

{body}

{notes}
"""
GOOD = {
    "minutes": 5,
    "section": "## 9.1 The only section",
    "title": "This is a claim",
    "body": "",
    "notes": ":::{notes} 2\nSay it.\n:::",
}


@pytest.fixture
def build(tmp_path, monkeypatch, capfd):
    """Build a small deck, different from a good one in what is named."""
    unit = (Path("09_unit.ipynb"), new_notebook(cells=CELLS))
    monkeypatch.setattr(decks, "notebooks_of", lambda _: (unit,))
    sources = tmp_path / "slides"
    sources.mkdir()
    (sources / "verbs.txt").write_text("is\n")
    (sources / "titles.txt").write_text("At home\n")

    def run(**changes):
        deck = sources / "09_unit.md"
        deck.write_text(FRAME.format(**GOOD | changes), encoding="utf-8")
        failed = False
        try:
            slides.make_slides(tmp_path / "out", [deck])
        except RuntimeError:
            failed = True
        complaints = capfd.readouterr().err
        assert failed == ("WARNING" in complaints), complaints
        return (tmp_path / "out" / "09_unit.html").read_text("utf-8"), complaints

    return run


def fetch(kind, name, *options):
    return "\n".join(["```{" + kind + "-of} " + name, *options, "```"])


def test_a_deck_shows_what_the_notebook_holds(build):
    parts = [
        "Accuracy 97.6 %, with 512 neurons, in 1957: 3 reasons.",
        fetch("code", "U9-01", ":mark: width", ":lines: 1,3-4", ":step:"),
        fetch("output", "U9-01"),
        fetch("table", "U9-06", ":columns: b, a", ":rows: 2"),
        fetch("figure", "U9-05"),
        fetch("figure", "U9-05", ":size: 6x3"),
        ":::{poll} 9.1/1\n31 or 47?\n+++\nNeither. Many think 99, wrong.\n:::",
        ":::{live} U9-01\nMake it wider.\n:::",
    ]
    page, complaints = build(body="\n\n".join(parts))
    assert not complaints
    assert 'class="line mark"' in page and "# two" in page and "# one" not in page
    assert '<pre class="fragment code' in page and "0.9761" in page
    assert '<td class="number">2.5</td><td class="words">two</td>' in page
    assert "1.5" not in page.split("<tbody>")[1]
    assert 'alt="stored"' in page and 'class="answer fragment' in page
    anew = re.search(r'alt="drawn anew" width="(\d+)" height="(\d+)" .*"200"', page)
    assert abs(int(anew[1]) / int(anew[2]) - 2) < 0.3
    assert "LIVE, “9.1 The only section”, In [1]" in page
    assert 'data-timing="120"' in page and 'class="here"' in page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"body": fetch("code", "U9-99")}, "no code cell of unit 9 has the tag"),
        ({"body": fetch("output", "U9-03")}, "take the id of one: "),
        ({"body": fetch("code", "U9-01", ":lines: 2-5")}, "it ends at 4"),
        ({"body": fetch("code", "U9-01", ":mark: height")}, "no line of U9-01 holds"),
        ({"body": fetch("output", "U9-02")}, "a test, True or False"),
        ({"body": fetch("figure", "U9-04")}, "has no alternative text"),
        ({"body": "![](x.png)"}, "a picture without alternative text"),
        ({"body": fetch("figure", "U9-01")}, "U9-01 has 0 figures"),
        ({"body": fetch("table", "U9-06", ":columns: c")}, "no column 'c'"),
        ({"body": "Accuracy 97.7 %."}, "no output of the unit holds 97.7 %"),
        ({"title": "It is 513"}, "no output of the unit holds 513"),
        ({"notes": ":::{notes} 2\nIt was 0.97.\n:::"}, "unit holds 0.97"),
        ({"body": ":::{poll}\nWhy?\n+++\nIt is 98765.\n:::"}, "the unit holds 98765"),
        ({"body": "word " * 41}, "41 words, at most 40"),
        ({"title": "The loss"}, "a title is a claim"),
        ({"title": ""}, "a title is a claim"),
        ({"notes": ""}, "one block of notes with minutes, not 0"),
        ({"minutes": 11}, "the slides take 5 minutes, the lecture has 11"),
        ({"section": "## 9.2 Another section"}, "the deck has no section 9.1"),
        ({"section": "## 9.1 The only section\n\nText."}, "this stands on no slide"),
        ({"body": "[there](nowhere.md)"}, "nowhere.md"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_deck_that_breaks_a_rule_is_not_built(changes, message, build):
    _, complaints = build(**changes)
    assert message in complaints


def test_numbers_that_claim_something_are_found_in_a_text():
    for text, found in {
        "Unit 3, Lab 2a, erratum E-41, 1.2 Building blocks": [],
        "in 1986, 12 of them": [],
        "13 of 60,000, or 0.5 %": ["13", "60,000", "0.5 %"],
        "from 1e-07 to -0.25": ["1e-07", "-0.25"],
    }.items():
        assert [*numbers.numbers_of(text)] == found


@pytest.mark.parametrize(
    ("written", "known", "right"),
    [
        ("0.976", 0.9761, True),
        ("0.976", 0.9766, False),
        ("97.6 %", 0.9761, True),
        ("97.6", 0.9761, False),
        ("60,000", 60000, True),
        ("1e-07", 1.2e-07, True),
        ("-0.25", 0.25, True),
    ],
)
def test_a_number_is_held_as_it_is_rounded(written, known, right):
    assert numbers.held(written, [known]) is right


def test_ctrl_c_is_no_fault_of_a_deck(build, monkeypatch):
    monkeypatch.setattr(Sphinx, "build", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        build()
