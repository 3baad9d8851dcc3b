"""tools.lab opens what is meant: the student's copy, the original, or any notebook."""

import os

from tools import lab
from tools.notebooks import NOTEBOOKS, ROOT

import pytest
from jupyterlab import labapp


@pytest.fixture
def opened(monkeypatch):
    """Call tools.lab; returns what JupyterLab would be started with."""
    monkeypatch.setattr(lab, "make_copy", lambda: None)
    monkeypatch.setattr(lab, "prepare", lambda: None)
    seen = []
    monkeypatch.setattr(labapp, "main", seen.extend)

    def call(*arguments):
        seen.clear()
        with pytest.raises(SystemExit):
            lab.main([*map(str, arguments)])
        return seen

    return call


def test_the_copy_is_opened_unless_the_original_is_meant(opened):
    options = opened("--port", "9999")
    assert options[0] == f"--ServerApp.root_dir={ROOT}"
    assert options[-3:] == ["--port", "9999", str(lab.WORK / lab.FIRST)]
    assert opened("--original")[-1] == str(NOTEBOOKS / lab.FIRST)
    named = NOTEBOOKS / "labs" / "05_gates_by_hand.ipynb"
    assert opened(named)[-1] == str(lab.WORK / "labs" / named.name)
    assert opened("--original", named)[-1] == str(named)


def test_a_notebook_from_anywhere_is_opened_where_it_lies(opened, tmp_path):
    own = tmp_path / "anna.ipynb"
    own.touch()
    options = opened(own)
    assert options[0] == f"--ServerApp.root_dir={tmp_path.resolve()}"
    assert options[-1] == str(own.resolve())
    assert not [option for option in options if "preferred_dir" in option]


def test_ctrl_c_asks_nothing_and_root_may_work(opened, monkeypatch):
    assert "--ServerApp.answer_yes=True" in opened()
    for user, allowed in (0, True), (1000, False):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user, raising=False)
        assert ("--allow-root" in opened()) == allowed
