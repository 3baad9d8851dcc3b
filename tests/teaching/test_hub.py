"""The class server as it is configured, with students and with what goes wrong."""

import json
import os
import shutil
import subprocess

from tools.notebooks import ROOT

import pytest

TRIAL = ROOT / "deploy" / "hub" / "trial.py"


@pytest.fixture
def trial(environment, tmp_path):
    """Let so many students work; returns what the trial has measured."""
    apart = ["unshare", "--mount", "--pid", "--net", "--fork", "true"]
    if not shutil.which("unshare") or os.geteuid():
        pytest.skip("needs Linux and root, to be several people")
    if subprocess.run(apart, capture_output=True).returncode:
        pytest.skip("this machine lets nobody make namespaces")

    def run(count):
        written = tmp_path / "found.json"
        written.touch()
        python = environment / "bin" / "python"
        command = [python, TRIAL, f"--students={count}", f"--json={written}"]
        done = subprocess.run(command, capture_output=True, text=True)
        print(done.stdout)
        assert done.returncode == 0, done.stdout + done.stderr[-4000:]
        return json.loads(written.read_text(encoding="utf-8"))

    return run


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(2, marks=pytest.mark.teaching),
        pytest.param(10, marks=pytest.mark.load),
    ],
)
def test_students_lose_nothing_and_see_nothing_of_each_other(count, trial):
    found = trial(count)
    assert found["errors"] == []
    for measured in "server", "kernel", "network", "GB":
        assert len(found[measured]) == count
    assert max(found["GB"]) < 1.5
    assert len(found["hub"]) == 2, "it was started again"
