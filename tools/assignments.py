"""The exercises as an nbgrader course: ``python -m tools.assignments FOLDER``.

An assignment a notebook: the cells that its exercises build on, then each exercise
with a place for the code, a check where the result can be checked
(tools/exercises.toml), and a place for the prediction and the reason. Our solutions
are in the teacher's version, source/; what students get is made by nbgrader.
"""

from __future__ import annotations

import ast
import re
import symtable
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools import folder
from tools.notebooks import find_notebooks, read, title

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

CHECKS = Path(__file__).with_name("exercises.toml")
POINTS = {"code": 2, "reason": 1}
# What changes the thing that it is called on, without giving it a new name.
CHANGES = {"add", "append", "compile", "extend", "fit", "set_weights", "update"}
OPENING = """\
# {title}: the exercises

The first cells are those of the notebook that the exercises build on: run them, then
work. Code goes where it says `# your answer`; below it say what you had predicted and
why the result is what it is. Leave the other cells as they are."""
CONFIG = '''\
"""Settings of nbgrader for this course; see docs/instructors.md of the course."""

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "nndl"
c.ClearSolutions.code_stub = {"python": "# your answer"}
c.ClearSolutions.text_stub = "*What I predicted, and why it is so:*"
c.Execute.timeout = 600
'''


@dataclass
class Exercise:
    """An exercise of a notebook: its text and our solution."""

    number: str
    text: str
    solution: list[NotebookNode] = field(default_factory=list)


# ---- what the exercises build on ---------------------------------------------------


def statements(source: str) -> list[ast.stmt]:
    """Return the statements of a cell; a line that IPython alone reads is none."""
    return ast.parse(re.sub(r"^( *)[%!].*", r"\1pass", source, flags=re.M)).body


def reads(statement: ast.stmt) -> set[str]:
    """Return the global names that a statement reads, in functions too."""

    def of(table: symtable.SymbolTable) -> Iterator[str]:
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (
                table.get_type() == "module" or symbol.is_global()
            ):
                yield symbol.get_name()
        for child in table.get_children():
            yield from of(child)

    return {*of(symtable.symtable(ast.unparse(statement), "cell", "exec"))}


def binds(statement: ast.stmt) -> set[str]:
    """Return the names that a statement gives a value."""
    table = symtable.symtable(ast.unparse(statement), "cell", "exec")
    return {s.get_name() for s in table.get_symbols() if s.is_assigned()} | {
        s.get_name() for s in table.get_symbols() if s.is_imported()
    }


def changes(statement: ast.stmt, functions: set[str]) -> set[str]:
    """Return the names of what a statement changes without naming it anew.

    Args:
        statement: a statement of a cell.
        functions: those of the notebook that change their first argument.
    """
    found = set()
    for node in ast.walk(statement):
        changed: list[ast.AST] = []
        stored = isinstance(getattr(node, "ctx", None), ast.Store)
        if stored and isinstance(node, ast.Subscript | ast.Attribute):
            changed = [node.value]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            changed = [node.func.value] * (node.func.attr in CHANGES)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            changed = node.args[: node.func.id in functions]
            changed = [a for a in changed if not isinstance(a, ast.Call)]  # it is new
        found |= {n.id for c in changed for n in ast.walk(c) if isinstance(n, ast.Name)}
    return found


def before(body: Sequence[ast.stmt], wanted: set[str]) -> set[str]:
    """Return the names that must be there before some statements run."""
    for statement in reversed(body):
        asked = reads(statement)
        if isinstance(statement, ast.For | ast.With):  # what it names is its own
            heads = getattr(statement, "items", None) or [statement]
            outside = [h.iter if h is statement else h.context_expr for h in heads]
            asked = {n for o in outside for n in reads(ast.Expr(o))}
            named = binds(statement) - {n for s in statement.body for n in binds(s)}
            asked |= before(statement.body, set()) - named
        wanted = (wanted - binds(statement)) | asked
    return wanted


def needed_cells(
    cells: Sequence[NotebookNode], wanted: set[str], named: set[str]
) -> list[NotebookNode]:
    """Return the code cells that give the wanted names their values, in order.

    Args:
        cells: the code cells of a notebook.
        wanted: what the solutions need.
        named: what the texts speak of; the functions among it are wanted, too.
    """
    parsed = [statements(cell.source) for cell in cells]
    defined = [s for body in parsed for s in body if isinstance(s, ast.FunctionDef)]
    functions = {f.name: reads(f) for f in defined}
    changing = {
        f.name
        for f in defined
        if f.args.args and f.args.args[0].arg in changes(f, set())
    }
    wanted = wanted | (named & {*functions})
    # What a function reads must be there when it is called, wherever it is given.
    while more := {n for f in wanted & {*functions} for n in functions[f]} - wanted:
        wanted |= more
    kept = []
    for cell, body in zip(reversed(cells), reversed(parsed), strict=True):
        run = [s for s in body if not isinstance(s, ast.FunctionDef)]
        touched = {n for s in body for n in binds(s)}
        touched |= {n for s in run for n in changes(s, changing)}
        if touched & wanted:
            kept.insert(0, cell)
            wanted = before(body, wanted)
    return kept


# ---- an assignment -----------------------------------------------------------------


def exercises_of(cells: Sequence[NotebookNode]) -> list[Exercise]:
    """Return the exercises of a notebook with their solutions."""
    found: list[Exercise] = []
    for cell in cells:
        tags = cell.metadata.get("tags", [])
        if "exercise" in tags:
            number = re.search(r"Exercise ([\w.]+)", cell.source)[1]
            found.append(Exercise(number, cell.source))
        elif "solution" in tags:
            found[-1].solution.append(cell)
    return found


def graded(cell: NotebookNode, name: str, kind: str, points: int = 0) -> NotebookNode:
    """Mark a cell for nbgrader: "given", "answer", "test" or "manual"."""
    cell.metadata["nbgrader"] = {
        "schema_version": 3,
        "grade_id": re.sub(r"\W+", "-", name),
        "grade": kind in ("test", "manual"),
        "solution": kind in ("answer", "manual"),
        "locked": kind in ("given", "test"),
        "task": False,
        "cell_type": cell.cell_type,
    }
    if kind in ("test", "manual"):
        cell.metadata["nbgrader"]["points"] = points
    return cell


def test_of(exercise: Exercise, check: dict[str, str]) -> str:
    """Return the check of an exercise, with what the stored solution printed."""
    texts = [o.get("text", "") for cell in exercise.solution for o in cell.outputs]
    found = re.findall(check["stored"], "".join(texts)) if "stored" in check else []
    if "stored" in check and not found:
        raise ValueError(f"exercise {exercise.number}: {check['stored']} finds nothing")
    within = max(cell.metadata.get("tolerance", 0) for cell in exercise.solution)
    if found:
        within += 0.5 * 10 ** -len(found[0].partition(".")[2])
    stored = [float(number) for number in found]
    code = check["test"].format(stored=stored, within=round(within, 6))
    return f"### BEGIN HIDDEN TESTS\n{code.strip()}\n### END HIDDEN TESTS"


def cells_of(exercise: Exercise, check: dict[str, str]) -> Iterator[NotebookNode]:
    """Yield the cells of an exercise in the teacher's version."""
    name = exercise.number
    text = re.sub(r"\[([^\]]+)\]\(#[^)]*\)", r"\1", exercise.text)
    text += f"\n\n{check['ask']}" if check else ""
    yield graded(new_markdown_cell(text), f"text {name}", "given")
    parts = [*(cell.source for cell in exercise.solution), check.get("adds", "")]
    code = "\n\n".join(part.strip() for part in parts if part)
    cell = new_code_cell(f"### BEGIN SOLUTION\n{code}\n### END SOLUTION")
    if check:
        yield graded(cell, f"answer {name}", "answer")
        test = new_code_cell(test_of(exercise, check))
        yield graded(test, f"test {name}", "test", POINTS["code"])
    else:
        yield graded(cell, f"answer {name}", "manual", POINTS["code"])
    reason = new_markdown_cell("### BEGIN SOLUTION\n### END SOLUTION")
    yield graded(reason, f"reason {name}", "manual", POINTS["reason"])


def make_assignment(path: Path, checks: dict[str, dict[str, str]]) -> NotebookNode:
    """Return the teacher's version of a notebook's exercises; no cells, no exercise."""
    cells = read(path).cells
    exercises = exercises_of(cells)
    if not exercises:
        return new_notebook()
    first = next(
        i for i, c in enumerate(cells) if "exercise" in c.metadata.get("tags", [])
    )
    code = [
        cell
        for cell in cells[:first]
        if cell.cell_type == "code" and "selfcheck" not in cell.metadata.get("tags", [])
    ]
    wanted: set[str] = set()
    for exercise in exercises:
        check = checks.get(exercise.number, {})
        ours = [*(c.source for c in exercise.solution), check.get("adds", "")]
        for source in "\n".join(ours), check.get("wrong", ""):
            wanted |= before(statements(source), set())
    texts = "\n".join(exercise.text for exercise in exercises)
    spans = re.findall(r"```.*?```|`[^`\n]+`|<code>.*?</code>", texts, re.S)
    named = {*re.findall(r"[A-Za-z_]\w*", " ".join(spans))}
    cells = [
        graded(new_markdown_cell(OPENING.format(title=title(path))), "top", "given")
    ]
    for number, cell in enumerate([code[0], *needed_cells(code[1:], wanted, named)], 1):
        copy = new_code_cell(cell.source)
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            copy.metadata["jupyter"] = {"source_hidden": True}
        cells.append(graded(copy, f"given {number}", "given"))
    for exercise in exercises:
        cells += cells_of(exercise, checks.get(exercise.number, {}))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def make_course(target: Path) -> int:
    """Write an nbgrader course; returns the number of its assignments.

    Raises:
        ValueError: the folder holds something already.
    """
    if target.exists() and any(target.iterdir()):
        raise ValueError(f"{target} is not empty: name a new folder.")
    checks, count = tomllib.loads(CHECKS.read_text(encoding="utf-8")), 0
    for path in find_notebooks():
        notebook = make_assignment(path, checks)
        if notebook.cells:
            name = title(path).partition(":")[0].replace(" ", "").lower()
            source = target / "source" / name / path.name
            source.parent.mkdir(parents=True)
            nbformat.write(notebook, source)
            count += 1
    (target / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    return count


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    where = folder.write(make_course, "assignments", __doc__, arguments)
    activate = Path(sys.executable).with_name("activate")
    then = "nbgrader generate_assignment unit1"
    print(f'source "{activate}"; cd "{where}"; {then}')
    return 0


if __name__ == "__main__":
    sys.exit(main())
