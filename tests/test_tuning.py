"""A search spread over processes loses no trial and computes none twice.

The same storage and the same lock as in lab 3a: several machines would do
what these two processes do, with the journal in a folder that they share.
"""

import subprocess
import sys
from collections import Counter
from itertools import pairwise

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

# Waits until both have arrived, so that they really work at the same time.
WORKER = """
import sys, time
from pathlib import Path
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

journal, name, trials = sys.argv[1], sys.argv[2], int(sys.argv[3])
optuna.logging.set_verbosity(optuna.logging.WARNING)

def objective(trial):
    trial.set_user_attr("worker", name)
    rate = trial.suggest_float("rate", 1e-4, 1e-1, log=True)
    units = trial.suggest_int("units", 8, 256, log=True)
    time.sleep(0.02)
    return -abs(rate - 0.01) - abs(units - 64) / 256

Path(journal + "." + name).touch()
deadline = time.monotonic() + 60
while not all(Path(journal + "." + other).exists() for other in "AB"):
    if time.monotonic() > deadline:
        sys.exit("the other worker did not come")
    time.sleep(0.01)
lock = JournalFileOpenLock(journal)
storage = JournalStorage(JournalFileBackend(journal, lock_obj=lock))
sampler = optuna.samplers.TPESampler(seed=ord(name))
study = optuna.load_study(study_name="test", storage=storage, sampler=sampler)
study.optimize(objective, n_trials=trials)
"""


def open_study(journal, create=False):
    lock = JournalFileOpenLock(str(journal))
    storage = JournalStorage(JournalFileBackend(str(journal), lock_obj=lock))
    if create:
        return optuna.create_study(
            study_name="test", storage=storage, direction="maximize"
        )
    return optuna.load_study(study_name="test", storage=storage)


def work(journal, shares):
    """Start all workers at once; return what each said and how it ended."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(journal), name, str(trials)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        for name, trials in shares.items()
    ]
    try:
        said = [process.communicate(timeout=120)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], said


def check_whole(trials, shares):
    """Every number once, all complete, each worker did its share."""
    assert [trial.number for trial in trials] == [*range(sum(shares.values()))]
    assert {trial.state.name for trial in trials} == {"COMPLETE"}
    assert Counter(trial.user_attrs["worker"] for trial in trials) == shares
    ordered = sorted(trials, key=lambda trial: trial.datetime_start)
    turns = [trial.user_attrs["worker"] for trial in ordered]
    changes = sum(a != b for a, b in pairwise(turns))
    assert changes > 1, "one worked after the other: nothing was shared"


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "search.journal"


def test_two_workers_sample_one_search(journal):
    shares = {"A": 12, "B": 8}
    open_study(journal, create=True)
    work(journal, shares)
    study = open_study(journal)
    check_whole(study.trials, shares)
    assert len({tuple(t.params.items()) for t in study.trials}) == len(study.trials)
    assert study.best_value == max(trial.value for trial in study.trials)


def test_two_workers_empty_one_queue(journal):
    queue = [{"rate": 10 ** -(1 + n / 8), "units": 10 * n + 8} for n in range(20)]
    study, shares = open_study(journal, create=True), {"A": 10, "B": 10}
    for params in queue:
        study.enqueue_trial(params)
    work(journal, shares)
    trials = open_study(journal).trials
    check_whole(trials, shares)
    assert [trial.params for trial in trials] == queue


def test_a_worker_joins_a_search_that_has_begun(journal):
    """Stopped and begun again, also from another machine: nothing is lost."""
    study = open_study(journal, create=True)
    study.optimize(lambda trial: trial.suggest_float("rate", 1e-4, 1e-1, log=True), 3)
    before = [(trial.number, trial.value) for trial in study.trials]
    work(journal, {"A": 3, "B": 3})
    trials = open_study(journal).trials
    assert [(trial.number, trial.value) for trial in trials[:3]] == before
    assert [trial.number for trial in trials] == [*range(9)]
