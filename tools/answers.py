"""The answers of the self-checks: ``python -m tools.answers [FILE.csv]``.

Without a file they are unpacked into build/answers.csv (section, question, answer,
why); with one, utils/selfcheck.json is packed anew from it.
"""

from __future__ import annotations

import base64
import csv
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from tools.notebooks import ROOT
from utils.selfcheck import ANSWERS, Question, read_answers

COLUMNS = "section", "question", "answer", "why"


def pack(questions: Iterable[Question]) -> str:
    """Return questions in the form in which selfcheck.json holds a section."""
    text = json.dumps([[*question] for question in questions])
    return base64.b64encode(text.encode("ascii")).decode("ascii")


def unpack_answers(target: Path) -> None:
    """Write all questions' answers and reasons as a table."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for section, questions in read_answers().items():
            for number, question in enumerate(questions, 1):
                table.writerow([section, number, *question])


def pack_answers(source: Path) -> None:
    """Write utils/selfcheck.json from such a table; questions stand in order."""
    sections: dict[str, list[Question]] = {}
    with source.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            question = Question(row["answer"], row["why"])
            sections.setdefault(row["section"], []).append(question)
    packed = {section: pack(questions) for section, questions in sections.items()}
    ANSWERS.write_text(json.dumps(packed, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    """Run the command line."""
    if len(sys.argv) > 1:
        pack_answers(Path(sys.argv[1]))
        print(ANSWERS)
    else:
        unpack_answers(ROOT / "build" / "answers.csv")
        print(ROOT / "build" / "answers.csv")
    return 0


if __name__ == "__main__":
    sys.exit(main())
