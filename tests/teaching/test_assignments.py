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


def hand_in(nbgrader, tmp_path, name, student, edit):
    """Fetch as a student, fill in, submit."""
    desk = tmp_path / student
    desk.mkdir()
    shutil.copy(nbgrader.folder / "nbgrader_config.py", desk)
    nbgrader("fetch_assignment", name, "--course=nndl", cwd=desk)
    (path,) = (desk / name).glob("*.ipynb")
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        number = cell.metadata.nbgrader.grade_id.removeprefix("answer-")
        cell.source = edit(number.replace("-", "."), cell)
    nbformat.write(notebook, path)
    nbgrader("submit", name, "--course=nndl", f"--student={student}", cwd=desk)


def check_marks(nbgrader, tmp_path, name):
    folder = nbgrader.folder
    (source,) = (folder / "source" / name).glob("*.ipynb")
    key = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in nbformat.read(source, as_version=4).cells
    }
    checked = [number for number in CHECKS if f"test-{number.replace('.', '-')}" in key]
    assert len(checked) > 1

    def right(number, cell):
        return (
            key[cell.metadata.nbgrader.grade_id] if number in checked else cell.source
        )

    def wrong(number, cell):
        return CHECKS[number]["wrong"] if number in checked else cell.source

    nbgrader("generate_assignment", name)
    (released,) = (folder / "release" / name).glob("*.ipynb")
    text = released.read_text(encoding="utf-8")
    assert "SOLUTION" not in text and "HIDDEN" not in text and "# your answer" in text
    nbgrader("release_assignment", name)
    edits = {"right": right, "wrong": wrong, "empty": lambda _, cell: cell.source}
    for student, edit in edits.items():
        hand_in(nbgrader, tmp_path, name, student, edit)
    nbgrader("collect", name)
    nbgrader("autograde", name)
    nbgrader("generate_feedback", name)
    nbgrader("export")
    with (folder / "grades.csv").open(encoding="utf-8", newline="") as file:
        marks = {row["student_id"]: row for row in csv.DictReader(file)}
    scores = {student: float(row["score"]) for student, row in marks.items()}
    assert scores == {"right": POINTS * len(checked), "wrong": 0, "empty": 0}
    exercises = sum(name.startswith("answer") for name in key)
    most = exercises * sum(assignments.POINTS.values())
    assert {float(row["max_score"]) for row in marks.values()} == {most}
    for student in edits:
        (page,) = (folder / "feedback" / student / name).glob("*.html")
        score = f"(Score: {scores[student]} / {float(most)})"
        assert score in page.read_text(encoding="utf-8")


@pytest.mark.teaching
def test_unit_1_is_marked_as_it_should_be(nbgrader, tmp_path):
    check_marks(nbgrader, tmp_path, "unit1")


@pytest.mark.load
def test_unit_2_is_marked_as_it_should_be(nbgrader, tmp_path):
    check_marks(nbgrader, tmp_path, "unit2")
