"""Every slide of every deck in a real browser, at 1280 x 720, without a network."""

import contextlib
import re
import zlib
from pathlib import Path

from tools import slides
from tools.notebooks import ROOT

import pytest

from .conftest import barriers

pytestmark = pytest.mark.pages
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


@pytest.fixture(params=slides.find_decks(), ids=lambda path: path.stem)
def deck(request, folder, page):
    """A deck, opened in the browser; every slide of it must be seen."""
    deck = folder / f"{request.param.stem}.html"
    page.goto(deck.as_uri())
    page.wait_for_function(READY)
    return deck


def test_every_slide_fits_and_can_be_read_and_the_deck_read_aloud(deck, page):
    found = {}
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate("(k) => Reveal.slide(k, 0, 99)", number)
        page.wait_for_timeout(50)
        if faults := page.evaluate(FAULTS):
            found[number + 1] = faults
    assert not found
    assert not page.faults
    times = page.eval_on_selector_all(
        ".slides > section", "all => all.map((s) => Number(s.dataset.timing))"
    )
    assert all(times) and page.evaluate("Reveal.getConfig().totalTime") == sum(times)
    assert page.locator(".notes mjx-assistive-mml").count() == 0
    page.evaluate("Reveal.slide(0)")
    assert not barriers(page)


@pytest.mark.parametrize("key", ["ArrowRight", "Space", "PageDown"])
def test_one_key_leads_through_all_slides_in_order(key, deck, page):
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


SLIDE = """<section><h3>It is</h3>
  <div class="figure"><img alt="A" src="data:image/svg+xml,<svg
    xmlns='http://www.w3.org/2000/svg' width='900' height='400'/>"
    data-dpi="100" data-points="14"></div>
  <aside class="notes">Say.</aside><p class="where">1.1</p></section>"""
BREAKS = {  # what is wrong: the words of a good slide, and those put in their place
    "ends at": ("<aside", "<p style='margin-top: 900px'>below</p><aside"),
    "runs into the foot": (
        "<aside",
        "<p style='position: absolute; bottom: 20px'>low</p><aside",
    ),
    "text of 12px": ("<h3", "<h3 style='font-size: 12px'"),
    "figure text of": ('points="14"', 'points="5"'),
    "did not load": ("data:image", "none:image"),
    "no alternative text": ('alt="A"', 'alt=""'),
    "not typeset": ("<aside", "<p>so $x$ is</p><aside"),
    "no title": ("<h3>It is</h3>", ""),
    "no notes": ('<aside class="notes">Say.</aside>', ""),
    "a link to nowhere": ("It is", '<a href="01.ipynb">x</a>'),
    "code is cut off": (
        "<aside",
        f"<pre style='overflow: hidden; white-space: pre'>{'x' * 200}</pre><aside",
    ),
}


def test_a_fault_on_a_slide_is_found(folder, page):
    page.goto(next(folder.glob("*.html")).as_uri())
    page.wait_for_function(READY)

    def faults(slide):
        page.evaluate(
            """(slide) => {
              document.querySelector(".slides").innerHTML = slide;
              Reveal.sync(); Reveal.slide(0);
            }""",
            slide,
        )
        page.wait_for_timeout(200)
        return page.evaluate(FAULTS)

    assert faults(SLIDE) == []
    for message, (old, new) in BREAKS.items():
        assert message in "\n".join(faults(SLIDE.replace(old, new, 1)))


def test_the_handout_has_two_slides_a_page_bookmarks_and_no_path(deck, browser, page):
    count = page.evaluate("Reveal.getTotalSlides()")
    pdf = slides.print_handout(deck, browser).read_bytes()
    assert pdf.count(b"/Type /Page\n") == -(-count // 2)
    assert b"/StructTreeRoot" in pdf and b"/MarkInfo" in pdf
    # A title with a curly apostrophe is written in another way: <FEFF...>.
    assert b"/Outlines" in pdf and len(re.findall(rb"/Title [(<]", pdf)) > count
    opened = [pdf, deck.read_bytes()]
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        with contextlib.suppress(zlib.error):
            opened.append(zlib.decompress(stream))
    for secret in (str(ROOT), str(deck.parent), str(Path.home()), "file://"):
        if len(secret) > 1:
            assert not [1 for text in opened if secret.encode() in text], secret
