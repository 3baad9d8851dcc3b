"""Turn answers.csv into the salted utils/selfcheck.json: python -m tests.answers."""

import csv
import json
from pathlib import Path

from utils.lesson import ANSWERS, digest

SOURCE = Path(__file__).with_name("answers.csv")
SALT = "nndl"


def read_answers() -> dict[str, dict[int, str]]:
    """Return section -> question -> plain answer."""
    sections: dict[str, dict[int, str]] = {}
    with SOURCE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            answers = sections.setdefault(row["section"], {})
            answers[int(row["question"])] = row["answer"]
    return sections


def stored_form() -> str:
    """Return the text that utils/selfcheck.json must hold."""
    sections = {
        section: [
            digest(SALT, section, question, answers[question])
            for question in range(1, len(answers) + 1)
        ]
        for section, answers in read_answers().items()
    }
    return json.dumps({"salt": SALT, "sections": sections}, indent=1) + "\n"


if __name__ == "__main__":
    ANSWERS.write_text(stored_form(), encoding="utf-8")
