"""Imports run one way: notebooks -> utils -> libraries, tools -> utils, no circle."""

import ast
import re
import sys
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent


def imported(source, package=""):
    """Return the names of the modules that a source asks for, at any depth."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parent = package.rsplit(".", node.level - 1)[0] + "." if node.level else ""
            module = (parent + (node.module or "")).rstrip(".")
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


def modules():
    """Return module -> the modules of this project that it imports."""
    files = [p for room in ("utils", "tools") for p in (ROOT / room).rglob("*.py")]
    sources = {}
    for path in files:
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        sources[name] = imported(path.read_text(encoding="utf-8"), package)
    # What a package holds is found through the package, which is no circle.
    return {
        name: {other for other in asked & sources.keys() if other != name}
        for name, asked in sources.items()
    }


def test_no_circle_of_files():
    [*TopologicalSorter(modules()).static_order()]


def test_utils_knows_nothing_of_tools():
    known = modules()
    assert not [
        n
        for n in known
        if n.startswith("utils")
        and any(other.startswith("tools") for other in known[n])
    ]


def test_datasets_know_no_figures_and_figures_no_data():
    known = modules()
    for name, others in known.items():
        if name.startswith("utils.datasets"):
            assert not {o for o in others if not o.startswith("utils.datasets")} - {
                "utils"
            }, name
        if name in ("utils.plotting", "utils.diagrams"):
            assert not {o for o in others if "datasets" in o or "lesson" in o}, name


def names(tree):
    """Return what a module's code names: its own things, attributes, imports."""
    for node in ast.walk(tree):
        yield getattr(node, "id", None) or getattr(node, "attr", None)
        if isinstance(node, ast.alias):
            yield node.name


def test_utils_holds_nothing_that_nobody_asks_for():
    files = [p for room in ("utils", "tools") for p in (ROOT / room).rglob("*.py")]
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in files}
    used = {name for tree in trees.values() for name in names(tree)}
    for path in (ROOT / "notebooks").rglob("*.ipynb"):
        used |= {*re.findall(r"\w+", path.read_text(encoding="utf-8"))}
    for path in (ROOT / "utils").rglob("*.py"):
        for node in trees[path].body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                assert node.name in used, (path.name, node.name)


def test_the_bootstrap_needs_python_alone():
    asked = imported((ROOT / "course.py").read_text(encoding="utf-8"))
    windows = {"msvcrt", "winreg"}
    assert {name.split(".")[0] for name in asked} <= sys.stdlib_module_names | windows


def test_notebooks_import_no_tools():
    for path in (ROOT / "notebooks").rglob("*.ipynb"):
        text = path.read_text(encoding="utf-8")
        assert "from tools" not in text and "import tools" not in text, path.name
