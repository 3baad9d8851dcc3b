"""Every slide of every deck in a real browser, at 1280 x 720, without a network."""

from tools import notebooks, slides

import pytest

pytestmark = pytest.mark.pages
READY = "window.Reveal && Reveal.isReady && Reveal.isReady()"
# What stands out of the slide, pictures that did not load or became too small
# to read, code that is cut off, and dollar signs that were not typeset.
FAULTS = r"""() => {
  const slide = Reveal.getCurrentSlide(), faults = [];
  const parts = [...slide.querySelectorAll("p,pre,img,table,li,h1,h2,h3,h4,svg")];
  for (const part of parts.filter((part) => !part.closest(".notes"))) {
    const box = part.getBoundingClientRect();
    if (box.bottom > innerHeight + 1 || box.right > innerWidth + 1 || box.top < 0)
      faults.push(`${part.tagName} ends at ${box.right} x ${box.bottom}`);
    if (part.tagName === "PRE" && part.scrollWidth > part.clientWidth + 2)
      faults.push(`code is cut off: ${part.innerText.slice(0, 40)}`);
    if (part.tagName === "IMG" && (!part.naturalWidth || Math.min(
        box.width / part.naturalWidth, box.height / part.naturalHeight) < 0.4))
      faults.push(`a picture is ${box.width} x ${box.height}`);
    if (part.tagName === "P" && /(^|[^\\])\$[^$]+\$/.test(part.innerText))
      faults.push(`not typeset: ${part.innerText.slice(0, 40)}`);
  }
  return faults;
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("slides")
    slides.make_slides(target)
    return target


@pytest.mark.parametrize("stem", [path.stem for path in notebooks.units()])
def test_every_slide_fits_and_shows_its_content(stem, folder, page):
    page.goto((folder / f"{stem}.html").as_uri())
    page.wait_for_function(READY)
    found = {}
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        while page.evaluate("Reveal.getSlidePastCount()") < number:
            page.evaluate("Reveal.next()")
        while page.evaluate("Reveal.availableFragments().next"):
            page.evaluate("Reveal.next()")
        if faults := page.evaluate(FAULTS):
            found[number + 1] = faults
    assert not found
    assert page.evaluate("document.querySelectorAll('mjx-container').length") > 0
    assert not page.faults


def test_a_slide_that_is_too_full_is_found(folder, page):
    stem = notebooks.units()[0].stem
    page.goto((folder / f"{stem}.html").as_uri())
    page.wait_for_function(READY)
    page.evaluate("""() => {
        const more = document.createElement("p");
        more.style.marginTop = "900px"; more.textContent = "below the edge";
        Reveal.getCurrentSlide().append(more);
    }""")
    assert page.evaluate(FAULTS)


@pytest.mark.parametrize("stem", [path.stem for path in notebooks.units()])
def test_the_handout_has_a_page_for_every_slide(stem, folder, browser, page):
    page.goto((folder / f"{stem}.html").as_uri())
    page.wait_for_function(READY)
    slides = page.evaluate("Reveal.getTotalSlides()")
    pdf = slides.print_handout(folder / f"{stem}.html", browser)
    text = pdf.read_bytes()
    assert text.startswith(b"%PDF") and len(text) > 100_000
    assert text.count(b"/Type /Page\n") == slides
