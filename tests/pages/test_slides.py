"""Every slide of every deck in a real browser, at 1280 x 720, without a network."""

import re
import zlib
from pathlib import Path

from tools import slides
from tools.notebooks import ROOT

import pytest

from .conftest import barriers

pytestmark = pytest.mark.pages
DECKS = [path.stem for path in slides.find_decks()]
READY = "window.Reveal && Reveal.isReady && Reveal.isReady()"
# What stands out of the slide or under something else, what is too small to read
# from the last row, pictures that did not load, dollar signs not typeset.
FAULTS = r"""() => {
  const slide = Reveal.getCurrentSlide(), faults = [], least = 19.9;
  const say = (what, part) =>
    faults.push(`${what}: ${(part.alt || part.innerText || "").slice(0, 50)}`);
  const shown = [...slide.querySelectorAll("*")].filter((part) =>
    !part.closest(".notes, mjx-container, .MathJax") && part.checkVisibility());
  const foot = slide.querySelector(".where")?.getBoundingClientRect().top ?? 690;
  for (const part of shown) {
    const box = part.getBoundingClientRect(), name = part.tagName;
    if (name === "IMG" && !(box.width && box.height)) say("no room", part);
    if (!box.width || !box.height) continue;
    if (box.bottom > 721 || box.right > 1281 || box.top < -1 || box.left < -1)
      say(`${name} ends at ${Math.round(box.right)} x ${Math.round(box.bottom)}`, part);
    else if (box.bottom > foot + 1 && !part.matches(".where"))
      say(`${name} runs into the foot`, part);
    if (name === "PRE" && part.scrollWidth > part.clientWidth + 2)
      say("code is cut off", part);
    const text = [...part.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (text && parseFloat(getComputedStyle(part).fontSize) < least)
      say(`text of ${getComputedStyle(part).fontSize}`, part);
    const prose = text && !part.closest("pre, code");
    if (prose && /(^|[^\\])\$[^$]+\$/.test(part.innerText)) say("not typeset", part);
    if (name === "IMG") {
      if (!part.naturalWidth) say("a picture did not load", part);
      if (!part.alt.trim()) say("no alternative text", part);
      const scale = Math.min(box.width / part.naturalWidth,
                             box.height / part.naturalHeight);
      const type = part.dataset.points / 72 * part.dataset.dpi * scale;
      if (!(type >= least)) say(`figure text of ${type.toFixed(1)} px`, part);
    }
  }
  // Siblings that cover each other.
  const row = [...slide.children].filter((part) => part.checkVisibility() &&
    !part.matches(".notes, .where, .live"));
  row.slice(1).forEach((part, k) => {
    const above = row[k].getBoundingClientRect().bottom;
    if (part.getBoundingClientRect().top < above - 1) say("covers what is above", part);
  });
  if (!slide.querySelector("h2, h3")?.innerText.trim()) faults.push("no title");
  if (slide.querySelectorAll("aside.notes").length !== 1) faults.push("no notes");
  if (slide.querySelector('a[href^="file:"], a[href*=".ipynb"]'))
    faults.push("a link to nowhere");
  return faults;
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("slides")
    slides.make_slides(target)
    return target


@pytest.fixture
def open_deck(folder, page):
    def run(stem):
        page.goto((folder / f"{stem}.html").as_uri())
        page.wait_for_function(READY)
        return page

    return run


@pytest.mark.parametrize("stem", DECKS)
def test_every_slide_fits_and_can_be_read(stem, open_deck):
    page = open_deck(stem)
    found = {}
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate("(k) => Reveal.slide(k, 0, 99)", number)
        page.wait_for_timeout(50)
        if faults := page.evaluate(FAULTS):
            found[number + 1] = faults
    assert not found
    assert not page.faults


@pytest.mark.parametrize("stem", DECKS)
@pytest.mark.parametrize("key", ["ArrowRight", "Space", "PageDown"])
def test_one_key_leads_through_all_slides_in_order(key, stem, open_deck):
    page = open_deck(stem)
    total = page.evaluate("Reveal.getTotalSlides()")
    seen = [0]
    for _ in range(20 * total):
        if page.evaluate("Reveal.isLastSlide()"):
            break
        page.keyboard.press(key)
        place = page.evaluate("Reveal.getIndices().h")
        if place != seen[-1]:
            seen.append(place)
    assert seen == [*range(total)]


@pytest.mark.parametrize("stem", DECKS)
def test_the_clock_of_the_speaker_knows_the_minutes(stem, open_deck):
    page = open_deck(stem)
    times = page.eval_on_selector_all(
        ".slides > section", "all => all.map((s) => Number(s.dataset.timing))"
    )
    assert all(times)
    assert page.evaluate("Reveal.getConfig().totalTime") == sum(times)
    assert page.locator(".notes mjx-assistive-mml").count() == 0


@pytest.mark.parametrize("stem", DECKS)
def test_a_deck_can_be_read_aloud(stem, open_deck):
    page = open_deck(stem)
    assert not barriers(page)


BREAKS = {
    "ends at": "put(paragraph('below')).style.marginTop = '900px'",
    "runs into the foot": "put(paragraph('low')).style.cssText = "
    "'position: absolute; bottom: 20px'",
    "text of 12px": "slide.querySelector('h3').style.fontSize = '12px'",
    "figure text of": "slide.querySelector('img').dataset.points = 5",
    "did not load": "slide.querySelector('img').src = 'none.png'",
    "no alternative text": "slide.querySelector('img').alt = ''",
    "not typeset": "put(paragraph('so $x$ is'))",
    "no title": "slide.querySelector('h3').remove()",
    "no notes": "slide.querySelector('.notes').remove()",
    "a link to nowhere": "slide.querySelector('h3').innerHTML = "
    "'<a href=\"01.ipynb\">x</a>'",
    "code is cut off": "slide.append(Object.assign(document.createElement('pre'), "
    "{textContent: 'x'.repeat(200), style: 'overflow: hidden; white-space: pre'}))",
}


@pytest.mark.parametrize("message", BREAKS)
def test_a_fault_on_a_slide_is_found(message, folder, page):
    """A slide with a picture, broken in one way each."""
    picture = (
        "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' "
        "width='900' height='400'/>"
    )
    page.goto((folder / f"{DECKS[0]}.html").as_uri())
    page.wait_for_function(READY)
    page.evaluate(
        """(picture) => {
          document.querySelector(".slides").innerHTML = `<section><h3>It is</h3>
            <div class="figure"><img alt="A" src="${picture}" data-dpi="100"
            data-points="14"></div><aside class="notes">Say.</aside>
            <p class="where">1.1</p></section>`;
          Reveal.sync(); Reveal.slide(0);
        }""",
        picture,
    )
    page.wait_for_timeout(200)
    assert page.evaluate(FAULTS) == []
    page.evaluate(
        """(what) => {
          const slide = Reveal.getCurrentSlide();
          const paragraph = (text) => Object.assign(
            document.createElement("p"), {textContent: text});
          const put = (part) => slide.appendChild(part);
          eval(what);
        }""",
        BREAKS[message],
    )
    page.wait_for_timeout(200)
    assert [fault for fault in page.evaluate(FAULTS) if message in fault]


@pytest.mark.parametrize("stem", DECKS)
def test_the_handout_has_two_slides_a_page_and_bookmarks(stem, folder, browser, page):
    page.goto((folder / f"{stem}.html").as_uri())
    page.wait_for_function(READY)
    count = page.evaluate("Reveal.getTotalSlides()")
    pdf = slides.print_handout(folder / f"{stem}.html", browser).read_bytes()
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") == -(-count // 2)
    assert b"/StructTreeRoot" in pdf and b"/MarkInfo" in pdf
    outline = re.search(rb"/Type /Outlines.*?/Count (\d+)", pdf, re.DOTALL)
    # A title with a curly apostrophe is written in another way: <FEFF...>.
    titles = re.findall(rb"/Title [(<]", pdf)
    assert b"/Outlines" in pdf and len(titles) > count, outline


@pytest.mark.parametrize("stem", DECKS)
def test_no_path_of_this_computer_is_given_away(stem, folder, browser):
    deck = folder / f"{stem}.html"
    pdf = slides.print_handout(deck, browser).read_bytes()
    streams = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    opened = [pdf, deck.read_bytes()]
    for stream in streams:
        try:
            opened.append(zlib.decompress(stream))
        except zlib.error:
            opened.append(stream)
    for secret in (str(ROOT), str(folder), str(Path.home()), "file://"):
        if len(secret) > 1:
            assert not [1 for text in opened if secret.encode() in text], secret
