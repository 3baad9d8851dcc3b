"""README.md follows the notebooks: their list, their results, links that lead on."""

import re

from tools.docs import README, readme_with
from tools.notebooks import ROOT, find_notebooks, stored_results

import pytest

TEXT = README.read_text(encoding="utf-8")
LINKS = [link for link in re.findall(r"\]\(([^)\s]+)\)", TEXT) if "://" not in link]


def test_the_results_are_those_of_the_stored_notebooks():
    assert readme_with(stored_results()) == TEXT, "run python3 course.py run --save"


def test_every_notebook_is_listed_in_its_place():
    rows = re.findall(r"^\| \d \| .*\]\((notebooks/.*?)\)", TEXT, re.MULTILINE)
    assert rows == [path.relative_to(ROOT).as_posix() for path in find_notebooks()]


@pytest.mark.parametrize("link", LINKS)
def test_a_link_leads_somewhere(link):
    if link.startswith("#"):
        headings = re.findall(r"^#+ (.+)", TEXT, re.MULTILINE)
        assert link[1:] in [name.lower().replace(" ", "-") for name in headings]
    else:
        assert (ROOT / link).is_file()
