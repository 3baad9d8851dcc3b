"""The site in a real browser, from file://, without a network."""

from tools import notebooks
from tools.site import make_site

import pytest

pytestmark = pytest.mark.pages
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
NAMES = [
    "index",
    *[
        p.relative_to(notebooks.ROOT).with_suffix("")
        for p in notebooks.find_notebooks()
    ],
    "docs/results",
    "docs/errata",
    "docs/glossary",
    "docs/instructors",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site; Sphinx stops here at a dead link or an unknown reference."""
    target = tmp_path_factory.mktemp("site")
    make_site(target)
    return target


def test_every_page_is_there(site):
    assert not [name for name in NAMES if not (site / f"{name}.html").exists()]


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_a_page_loads_without_fault_and_can_be_read_aloud(name, site, page):
    page.goto((site / f"{name}.html").as_uri())
    page.wait_for_load_state("load")
    assert not page.faults
    results = axe.Axe().run(page).response["violations"]
    serious = [
        (rule["id"], rule["nodes"][0]["html"][:120])
        for rule in results
        if rule["impact"] in ("serious", "critical")
    ]
    assert not serious


def test_search_finds_a_term(site, page):
    page.goto((site / "search.html").as_uri() + "?q=perceptron")
    page.wait_for_selector("#search-results li a")
    assert "Unit 2" in page.inner_text("#search-results")
    assert not page.faults


def test_a_notebook_can_be_downloaded(site):
    path = notebooks.units()[0].relative_to(notebooks.ROOT)
    html = (site / path.with_suffix(".html")).read_text(encoding="utf-8")
    assert f"_sources/{path.as_posix()}" in html
    assert (site / "_sources" / path).exists()


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen(width, site, page):
    page.set_viewport_size({"width": width, "height": 800})
    for name in NAMES[:3]:
        page.goto((site / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width + 1
