"""The assignments, by nbgrader's own commands: a right, a wrong, an empty answer."""

import csv
import os
import shutil
import subprocess
import tomllib

from tools import assignments

import nbformat
import pytest

CHECKS = tomllib.loads(assignments.CHECKS.read_text(encoding="utf-8"))
POINTS = assignments.POINTS["code"]


@pytest.fixture
def nbgrader(environment, tmp_path, monkeypatch):
    """Run nbgrader in a new course of ours, as a teacher does there."""
    folder = tmp_path / "course"
    assignments.make_course(folder)
    config = folder / "nbgrader_config.py"
    exchange = f"c.Exchange.root = {str(tmp_path / 'exchange')!r}\n"
    exchange += f"c.Exchange.cache = {str(tmp_path / 'cache')!r}\n"
    config.write_text(config.read_text(encoding="utf-8") + exchange, encoding="utf-8")
    monkeypatch.setenv("PATH", f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))

    def run(*arguments, cwd=folder):
        command = [environment / "bin" / "python", "-m", "nbgrader", *arguments]
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        return done

    run.folder = folder
    return run


def hand_in(nbgrader, name, desk, answers):
    """Fetch as a student, whose desk has the same name, fill in, submit."""
    desk.mkdir()
    shutil.copy(nbgrader.folder / "nbgrader_config.py", desk)
    nbgrader("fetch_assignment", name, "--course=nndl", cwd=desk)
    (path,) = (desk / name).glob("*.ipynb")
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(cell.metadata.nbgrader.grade_id, cell.source)
    nbformat.write(notebook, path)
    nbgrader("submit", name, "--course=nndl", f"--student={desk.name}", cwd=desk)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("unit1", marks=pytest.mark.teaching),
        pytest.param("unit2", marks=pytest.mark.load),
    ],
)
def test_answers_are_marked_as_they_should_be(name, nbgrader, tmp_path):
    folder = nbgrader.folder
    (source,) = (folder / "source" / name).glob("*.ipynb")
    cells = nbformat.read(source, as_version=4).cells
    key = {cell.metadata.nbgrader.grade_id: cell.source for cell in cells}
    asked = {f"answer-{k.replace('.', '-')}": check for k, check in CHECKS.items()}
    wrong = {k: check["wrong"] for k, check in asked.items() if k in key}
    right = {k: key[k] for k in wrong}
    assert len(wrong) > 1

    nbgrader("generate_assignment", name)
    (released,) = (folder / "release" / name).glob("*.ipynb")
    text = released.read_text(encoding="utf-8")
    assert "SOLUTION" not in text and "HIDDEN" not in text and "# your answer" in text
    nbgrader("release_assignment", name)
    for student, answers in {"right": right, "wrong": wrong, "empty": {}}.items():
        hand_in(nbgrader, name, tmp_path / student, answers)
    for command in "collect", "autograde", "generate_feedback":
        nbgrader(command, name)
    nbgrader("export")
    with (folder / "grades.csv").open(encoding="utf-8", newline="") as file:
        marks = {row["student_id"]: row for row in csv.DictReader(file)}
    scores = {student: float(row["score"]) for student, row in marks.items()}
    assert scores == {"right": POINTS * len(wrong), "wrong": 0, "empty": 0}
    exercises = sum(name.startswith("answer") for name in key)
    most = exercises * sum(assignments.POINTS.values())
    assert {float(row["max_score"]) for row in marks.values()} == {most}
    for student, score in scores.items():
        (page,) = (folder / "feedback" / student / name).glob("*.html")
        told = f"(Score: {score} / {float(most)})"
        assert told in page.read_text(encoding="utf-8")
