"""README.md follows the notebooks, its links lead on, and one address serves all."""

import re
import tomllib

from tests.conftest import load_course
from tools import docs
from tools.docs import CITATION, HIGHLIGHTS, PROJECT, README, addressed
from tools.notebooks import ROOT, find_notebooks, stored_results

import pytest

TEXT = README.read_text(encoding="utf-8")
GUIDE = ROOT / "CONTRIBUTING.md"
LINKS = [
    (path, link)
    for path in (README, GUIDE, ROOT / "CHANGELOG.md")
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8"))
    if "://" not in link
]


def test_the_results_are_those_of_the_stored_notebooks():
    few = docs.highlights(stored_results())
    assert [*few.what] == [*HIGHLIGHTS.values()], "each once, in the order of the units"
    assert docs.readme_with(few) == TEXT, "run python3 course.py run --save"


def test_every_notebook_is_listed_in_its_place():
    rows = re.findall(r"^\| \d \| .*\]\((notebooks/.*?)\)", TEXT, re.MULTILINE)
    assert rows == [path.relative_to(ROOT).as_posix() for path in find_notebooks()]


@pytest.mark.parametrize(("path", "link"), LINKS, ids=lambda value: str(value)[-40:])
def test_a_link_leads_somewhere(path, link):
    if link.startswith("#"):
        headings = re.findall(r"^#+ (.+)", path.read_text(encoding="utf-8"), re.M)
        assert link[1:] in [name.lower().replace(" ", "-") for name in headings]
    else:
        assert (path.parent / link).is_file()


def test_readme_names_every_command_and_what_course_py_says():
    """A sentence quoted in the table of troubles is one that is really said."""
    for command in load_course(ROOT / "course.py").COMMANDS:
        assert f"course.py {command}" in TEXT
    said = (ROOT / "course.py").read_text(encoding="utf-8")
    said = re.sub(r'"\s+"', "", said)
    troubles = TEXT.split("### While it is set up")[1].split("### While you work")[0]
    quoted = re.findall(r'^\| (?:"([^"]+)"(?:, "([^"]+)")?) \|', troubles, re.M)
    assert len(quoted) > 5
    for sentence in filter(None, sum(quoted, ())):
        for part in sentence.split(" ... "):
            assert part in said, part


def test_the_project_s_address_is_used_everywhere_or_nowhere():
    citation = CITATION.read_text(encoding="utf-8")
    assert addressed(TEXT, citation, docs.project_address()) == (TEXT, citation)
    bare = addressed(TEXT, citation, "")
    readme, cited = addressed(*bare, "https://example.org/nndl")
    assert "(https://example.org/nndl/actions/workflows/test.yml)" in readme
    assert cited.endswith("\nrepository-code: https://example.org/nndl\n")
    assert addressed(readme, cited, "") == bare


def test_one_version():
    version = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["version"]
    assert f"\nversion: {version}\n" in CITATION.read_text(encoding="utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## {version}" in changes
