"""What a student has done, from the notebooks in work/: ``python -m tools.progress``.

It reads the stored notebooks, so save them first. Nothing leaves the computer.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tools.work import ASIDE, WORK

import nbformat
import pandas as pd

ANSWER = "# your answer"


def progress(work: Path = WORK) -> pd.DataFrame:
    """Return a row for each notebook of the copy.

    Columns: notebook, sections (passed / asked), exercises (answered / set), and
    to do: the self-checks and exercises that are open.
    """
    rows = []
    for path in sorted(work.rglob("[0-9][0-9]_*.ipynb")):
        aside = {ASIDE, ".ipynb_checkpoints"} & {*path.parts}
        if aside or "_new_version" in path.stem:
            continue
        try:
            cells = nbformat.read(path, as_version=4).cells
        except Exception:  # the student's own file, in whatever state it is
            print(f"{path.name} cannot be read and is left out.", file=sys.stderr)
            continue
        checks, answers = _checks(cells), _answers(cells)
        if checks or answers:
            open_items = [s for s, passed in checks.items() if not passed]
            open_items += [f"exercise {s}" for s, given in answers.items() if not given]
            rows.append(
                {
                    "notebook": path.relative_to(work).with_suffix("").as_posix(),
                    "sections passed": f"{sum(checks.values())} of {len(checks)}",
                    "exercises answered": f"{sum(answers.values())} of {len(answers)}",
                    "next": ", ".join(open_items[:2]),
                }
            )
    return pd.DataFrame(rows)


def _checks(cells: list[nbformat.NotebookNode]) -> dict[str, bool]:
    """Section -> whether its self-check says that it is passed."""
    found = {}
    for cell in cells:
        match = re.match(r'check\(["\']?([\w.]+)', cell.source)
        if cell.cell_type == "code" and match:
            said = "".join(output.get("text", "") for output in cell.outputs)
            found[match[1]] = "Passed." in said
    return found


def _answers(cells: list[nbformat.NotebookNode]) -> dict[str, bool]:
    """Number of an exercise -> whether anything stands in its answer cell."""
    found, number = {}, ""
    for cell in cells:
        tags = cell.metadata.get("tags", [])
        if match := re.search(r"^#+ Exercise ([\w.]+)", cell.source, re.MULTILINE):
            number = match[1]
        elif "answer" in tags:
            written = cell.source.strip()
            found[number] = written not in ("", ANSWER) or found.get(number, False)
    return found


def main() -> int:
    """Print the table; the exit code is 1 where there is no copy yet."""
    table = progress()
    if table.empty:
        sys.exit("There is no copy of yours yet: 'course.py lab' makes it in work/.")
    print(table.to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
