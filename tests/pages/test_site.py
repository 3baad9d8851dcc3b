"""The site in a real browser, from file://, at a desk and on a phone."""

import csv
import zipfile
from pathlib import Path

from tools import notebooks
from tools.notebooks import ROOT
from tools.site import ABOUT, make_site, pages_of
from utils.selfcheck import read_answers

import pytest

from .conftest import barriers

pytestmark = pytest.mark.pages
NAMES = [
    "index",
    *ABOUT,
    *[page.name for path in notebooks.find_notebooks() for page in pages_of(path)],
]
UNIT = next(page.name for page in pages_of(notebooks.units()[0]))
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
SCREENS, KILOBYTES = 40, 1500  # no page is longer or heavier
# Words that the end of a line cuts in two, and formulas that stayed dollar signs.
BROKEN = r"""() => {
  const found = [], walk = document.createTreeWalker(
    document.querySelector(".bd-article"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode;
    if (!node.parentElement.checkVisibility() ||
        node.parentElement.closest("pre, code, mjx-container, script, style")) continue;
    if (/\$[^$\n]+\$/.test(node.data)) found.push(node.data);  // not typeset
    for (const match of node.data.matchAll(/\S+/g)) {
      if (match[0].length > 18) continue; // an address
      for (const word of match[0].matchAll(/[\p{L}\p{N}.,]{2,}/gu)) {
        const range = document.createRange(), start = match.index + word.index;
        range.setStart(node, start);
        range.setEnd(node, start + word[0].length);
        const tops = [...range.getClientRects()].map((r) => Math.round(r.top / 8));
        if (new Set(tops).size > 1) found.push(match[0]);
      }
    }
  }
  return found;
}"""
# Code of up to 80 columns that has to be pushed sideways.
CUT = """() => [...document.querySelectorAll(".bd-article pre")].filter((pre) =>
  pre.checkVisibility() && pre.scrollWidth > pre.clientWidth + 1 &&
  Math.max(...pre.innerText.split("\\n").map((line) => line.length)) <= 80
).map((pre) => pre.innerText.slice(0, 60))"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site; Sphinx stops here at a dead link or an unknown reference."""
    target = tmp_path_factory.mktemp("site")
    make_site(target)
    return target


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_a_page_is_whole_at_a_desk_and_on_a_phone(name, site, page):
    path = site / f"{name}.html"
    page.set_viewport_size(DESK)
    page.goto(path.as_uri())
    page.wait_for_load_state("load")
    high = page.evaluate("document.documentElement.scrollHeight") / DESK["height"]
    pictures = page.eval_on_selector_all(
        "article img", "all => all.map((one) => one.getAttribute('src'))"
    )
    weight = sum((path.parent / one).stat().st_size for one in [path.name, *pictures])
    assert high <= SCREENS and weight <= 1000 * KILOBYTES
    assert not page.evaluate(CUT)
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert not page.evaluate(BROKEN)
    assert not page.faults  # axe, next, asks for style sheets that file:// refuses
    page.set_viewport_size(DESK)
    assert not barriers(page)


def test_a_cut_word_and_a_wide_page_are_found(site, page):
    page.set_viewport_size(PHONE)
    page.goto((site / "docs/results.html").as_uri())
    page.add_style_tag(
        content=".bd-article table { display: table; width: 120px; } "
        ".bd-article td, th { overflow-wrap: anywhere; max-width: 20px; }"
    )
    assert page.evaluate(BROKEN)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_menus_open(size, site, page):
    page.set_viewport_size(size)
    page.goto((site / f"{UNIT}.html").as_uri())
    page.wait_for_load_state("load")
    below = page.locator(".bd-sidebar-primary li.current ul").first.text_content()
    assert "Lab 1a" in below and "Lab 1b" in below
    link = page.locator(".bd-sidebar-primary a", has_text="Unit 3").first
    before = link.is_visible()
    page.locator(".primary-toggle:visible").first.click()
    page.wait_for_timeout(500)
    assert link.is_visible() != before
    if size is PHONE:
        link.click()
        page.wait_for_load_state("load")
        assert "Unit 3" in page.inner_text("h1")
        page.locator(".secondary-toggle:visible").first.click()
        page.wait_for_timeout(500)
        assert page.locator(".bd-sidebar-secondary a:visible").count() > 0


def test_search_finds_a_term_and_lands_on_its_heading(site, page):
    path = notebooks.units()[2]
    term = "Memorising without a rule"
    page.goto((site / "search.html").as_uri() + f"?q={term}")
    page.wait_for_selector("#search-results li a")
    result = page.locator("#search-results li a", has_text=term).first
    result.click()
    page.wait_for_load_state("load")
    assert path.stem in page.url and "#" in page.url
    heading = page.locator(
        f"section:target, span:target, [id='{page.url.split('#')[1]}']"
    )
    assert term in heading.first.inner_text()
    assert not page.faults


def test_a_figure_is_enlarged(site, page):
    page.set_viewport_size(PHONE)
    page.goto((site / f"{UNIT}/1-1-the-biological-brain.html").as_uri())
    figure = page.locator(".cell_output img").first
    small = figure.bounding_box()["width"]
    figure.click()
    assert page.locator("dialog img").bounding_box()["width"] > 2 * small
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0


def test_a_solution_is_folded_with_its_output(site, page):
    page.goto((site / f"{UNIT}/exercises.html").as_uri())
    solutions = page.locator(".tag_solution")
    assert solutions.count() > 3
    outputs = solutions.locator(".cell_output:visible")
    assert outputs.count() == 0
    page.get_by_text("Solution", exact=True).first.click()
    assert outputs.count() > 0


def test_the_script_marks_as_the_notebooks_do(page):
    page.set_content("<p></p>")
    page.add_script_tag(path=ROOT / "docs" / "site" / "selfcheck.js")
    with (ROOT / "tests" / "markings.csv").open(encoding="utf-8") as file:
        markings = [tuple(row.values()) for row in csv.DictReader(file)]
    cases = [[given, right] for right, given, _ in markings]
    marks = page.evaluate("cases => cases.map(([g, r]) => markAnswer(g, r)[0])", cases)
    assert not [(*m, got) for m, got in zip(markings, marks) if m[2] != got]


def test_every_self_check_is_passed_without_a_mouse(site, page):
    answers, found = read_answers(), set()
    for part in [p for path in notebooks.find_notebooks() for p in pages_of(path)]:
        page.goto((site / f"{part.name}.html").as_uri())
        for form in page.get_by_role("form", name="Self-check").all():
            section = form.get_attribute("aria-label").removeprefix("Self-check ")
            status, asked = form.get_by_role("status"), answers[section]
            assert form.get_by_role("textbox").count() == len(asked)
            form.get_by_role("textbox").first.focus()
            for number, question in enumerate(asked, start=1):
                page.keyboard.type(question.answer)
                page.keyboard.press("Enter")
                assert status.inner_text().startswith(f"{number} of {len(asked)} right")
                page.keyboard.press("Tab")
            page.keyboard.press("Space")  # on the button
            said = status.inner_text()
            assert "(100%). Passed." in said, section
            assert all(question.why in said for question in asked)
            found.add(section)
    assert found == set(answers)
    assert not page.faults


def test_the_dark_has_contrast_and_figures_on_white(site, page):
    page.emulate_media(color_scheme="dark")
    page.goto((site / f"{UNIT}/1-1-the-biological-brain.html").as_uri())
    page.wait_for_load_state("load")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert not barriers(page)
    background = (
        "getComputedStyle(document.querySelector('.cell_output img')).background"
    )
    assert "rgb(255, 255, 255)" in page.evaluate(background)


def test_the_landing_page_leads_on(site, page):
    page.goto((site / "index.html").as_uri())
    assert page.locator("ol.units > li").count() == len(notebooks.units())
    assert page.evaluate("document.querySelector('.cover').naturalWidth") > 300
    addresses = page.eval_on_selector_all(
        "article a", "all => all.map((one) => one.getAttribute('href'))"
    )
    local = [one.partition("#")[0] for one in addresses if "://" not in one]
    assert not [one for one in local if one and not (site / one).exists()]


def test_what_can_be_taken_home(site):
    course = zipfile.ZipFile(site / "files" / "course.zip")
    assert "course/course.py" in course.namelist()
    assert not [n for n in course.namelist() if ".venv" in n or "/.git/" in n]
    book = zipfile.ZipFile(site / "files" / "course.epub")
    texts = [
        book.read(name).decode() for name in book.namelist() if name.endswith(".xhtml")
    ]
    assert sum(text.count("<math ") for text in texts) > 100
    assert not [text for text in texts if r"\frac" in text or "$$" in text]
    for text in texts:
        assert str(Path.home()) not in text or str(Path.home()) == "/"
    for path in notebooks.find_notebooks():
        assert (site / "files" / path.name).exists()


def test_a_name_makes_a_part_of_the_site(tmp_path):
    shown = notebooks.choose(["1"], notebooks.find_notebooks())
    make_site(tmp_path, shown)
    assert (tmp_path / f"{UNIT}.html").exists()
    assert not [*tmp_path.glob("notebooks/02*")]
