"""Turn answers.csv into the packed utils/selfcheck.json: python -m tests.answers."""

import csv
import json
from pathlib import Path

from utils.selfcheck import ANSWERS, Question, pack

SOURCE = Path(__file__).with_name("answers.csv")


def stored_form() -> str:
    """Return the text that utils/selfcheck.json must hold."""
    sections: dict[str, list[Question]] = {}
    with SOURCE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            question = Question(row["answer"], row["why"])
            sections.setdefault(row["section"], []).append(question)
    packed = {section: pack(questions) for section, questions in sections.items()}
    return json.dumps(packed, indent=1) + "\n"


if __name__ == "__main__":
    ANSWERS.write_text(stored_form(), encoding="utf-8")
