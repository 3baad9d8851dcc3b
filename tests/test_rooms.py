"""Imports run one way: notebooks -> utils -> libraries, tools -> utils, no circle."""

import ast
import re
import sys
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
FILES = [p for room in ("utils", "tools") for p in (ROOT / room).rglob("*.py")]
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
NOTEBOOKS = [p.read_text("utf-8") for p in (ROOT / "notebooks").rglob("*.ipynb")]


def imported(tree, package=""):
    """Return the names of the modules that a source asks for, at any depth."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parent = package.rsplit(".", node.level - 1)[0] + "." if node.level else ""
            module = (parent + (node.module or "")).rstrip(".")
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


def modules():
    """Return module -> the modules of this project that it imports."""
    asked = {}
    for path, tree in TREES.items():
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        asked[name] = imported(tree, package) - {name}
    # What a package holds is found through the package, which is no circle.
    return {name: others & asked.keys() for name, others in asked.items()}


def test_imports_run_one_way():
    known = modules()
    [*TopologicalSorter(known).static_order()]  # raises where there is a circle
    for name, others in known.items():
        if name.startswith("utils"):
            assert not {o for o in others if o.startswith("tools")}, name
        if name.startswith("utils.datasets"):
            allowed = {o for o in others if o.startswith("utils.datasets")} | {"utils"}
            assert others <= allowed, name
        if name in ("utils.plotting", "utils.diagrams"):
            assert not {o for o in others if "datasets" in o or "lesson" in o}, name
    assert not [text for text in NOTEBOOKS if re.search(r"(from|import) tools", text)]
    asked = imported(ast.parse((ROOT / "course.py").read_text(encoding="utf-8")))
    assert {n.split(".")[0] for n in asked} <= sys.stdlib_module_names | {"msvcrt"}


def test_utils_holds_nothing_that_nobody_asks_for():
    used = {word for text in NOTEBOOKS for word in re.findall(r"\w+", text)}
    for node in (node for tree in TREES.values() for node in ast.walk(tree)):
        used.add(getattr(node, "id", None) or getattr(node, "attr", None))
        if isinstance(node, ast.alias):
            used.add(node.name)
    for path, tree in TREES.items():
        for node in tree.body * ("utils" in path.relative_to(ROOT).parts):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                assert node.name in used, (path.name, node.name)
