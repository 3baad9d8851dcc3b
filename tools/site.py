"""The course as a site, from the stored outputs: ``python -m tools.site``.

Nothing is executed, and the site opens without a network, from a folder too.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tools.docs import DOCS
from tools.notebooks import ROOT, find_notebooks

import nbformat
from nbformat import NotebookNode

BUILD = ROOT / "build"


def stage(target: Path) -> None:
    """Lay out what Sphinx reads: the notebooks, the pages of docs/, the README.

    Args:
        target: the folder to fill; what it held is removed.
    """
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(DOCS, target / "docs", ignore=shutil.ignore_patterns("conf.py"))
    entries = []
    for path in find_notebooks():
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                prepare_for_site(cell)
        copy = target / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, copy)
        entries.append(path.relative_to(ROOT).with_suffix("").as_posix())
    entries += ["docs/results", "docs/errata", "docs/glossary", "docs/instructors"]
    entries += ["data/README", "CONTRIBUTING", "CHANGELOG"]
    (target / "data").mkdir()
    for name in ("data/README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"):
        shutil.copyfile(ROOT / name, target / name)
    tree = "\n".join(["```{toctree}", ":hidden:", "", *entries, "```"])
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (target / "index.md").write_text(f"{readme}\n{tree}\n", encoding="utf-8")


def prepare_for_site(cell: NotebookNode) -> None:
    """Tell myst-nb, in place, what to fold and how a picture is described."""
    if cell.metadata.get("jupyter", {}).get("source_hidden"):
        cell.metadata.setdefault("tags", []).append("hide-input")
    texts = [
        output.metadata["image/png"]["alt"]
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    if texts:
        cell.metadata["mystnb"] = {"image": {"alt": " ".join(texts)}}


def make_site(target: Path) -> Path:
    """Build the site with Sphinx; returns its first page.

    Raises:
        subprocess.CalledProcessError: Sphinx found a fault, such as a dead link.
    """
    source = BUILD / "site-source"
    stage(source)
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going"]
    command += ["-c", str(DOCS), "-d", str(BUILD / "site-cache"), str(source)]
    subprocess.run([*command, str(target)], check=True)
    return target / "index.html"


def main() -> int:
    """Build the site and print the address of its first page."""
    try:
        print(make_site(BUILD / "site"))
    except subprocess.CalledProcessError:
        sys.exit("The site was not built: mend what Sphinx names above.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
