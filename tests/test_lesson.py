"""Tests of utils.lesson: a quiet start, progress, the book's numbers, self-checks."""

import json
import random
import re
import subprocess
import sys

from utils import lesson
from utils.lesson import Progress, Results, start

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from nbformat.v4 import new_output
from nbval.plugin import coalesce_streams


def python(code, environment=None):
    """Run code in a fresh interpreter."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


# --- imports and start -------------------------------------------------------


def test_settings_of_another_course_change_nothing_and_nothing_is_reported(somebodys):
    # In JupyterLab, where no tool keeps them away. There is no home either, so
    # that Matplotlib, with its list of fonts still to be made, has much to say.
    # TensorFlow speaks when it is loaded, when it first computes and when it
    # has traced several models.
    result = python(
        """
from utils.lesson import start
import keras, matplotlib, numpy
start(1)
layer = keras.layers.Conv2D(2, 3)
print(layer(numpy.zeros((1, 28, 28, 1))).shape, layer.compute_dtype)
model = keras.Sequential([keras.Input((1,)), keras.layers.BatchNormalization()])
model.compile(loss="mse")
history = model.fit(numpy.ones((4, 1)), numpy.ones(4), epochs=2, verbose=0)
print(len(history.epoch), keras.config.epsilon())
print(*(matplotlib.rcParams[f"{what}.linewidth"] for what in ("lines", "hatch")))
for _ in range(7):
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
    model.predict(numpy.zeros((1, 1)), verbose=0)
""",
        somebodys,
    )
    assert result.stderr == ""
    facts = ["(1, 26, 26, 2) float32", "2 1e-07", "2.5 1.0"]
    assert result.stdout.splitlines()[1:] == facts


def test_keras_with_another_backend_is_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(RuntimeError, match="Keras already runs on jax: restart"):
        start(1)


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("utils.datasets", {"tensorflow", "keras", "matplotlib", "pooch", "requests"}),
        ("utils.plotting", {"tensorflow", "keras", "pandas"}),
        ("utils.diagrams", {"tensorflow", "keras", "pandas"}),
    ],
)
def test_a_module_loads_no_more_than_it_needs(module, heavy):
    result = python(f"import sys, {module}; print(*sys.modules, sep='\\n')")
    assert module in result.stdout, result.stderr
    assert not heavy & {*result.stdout.split()}


def test_start_seeds_every_random_generator(figures):
    def draw(seed):
        start(seed)
        return random.random(), np.random.rand(), float(keras.random.uniform(()))

    first, again, other = draw(1), draw(1), draw(2)
    assert first == again
    assert all(a != b for a, b in zip(first, other, strict=True))


def test_start_says_what_is_in_force_and_sets_the_style(figures, monkeypatch, capsys):
    with plt.rc_context():
        plt.rcdefaults()
        assert start(42) == 42
        assert plt.rcParams["font.size"] == 14
        monkeypatch.setenv("COURSE_SEED", "7")
        assert start(42) == 7
    for line, seed in zip(capsys.readouterr().out.splitlines(), (42, 7), strict=True):
        assert line.endswith(f", backend tensorflow, seed {seed}")
        for name, module in {"Keras": keras, "NumPy": np}.items():
            major, minor, *_ = module.__version__.split(".")
            assert f"{name} {major}.{minor}," in line


# --- progress ----------------------------------------------------------------


class Clock:
    """A clock that has moved on by one second whenever it is looked at."""

    now = 0

    def perf_counter(self):
        self.now += 1
        return self.now


class StopAfterTwo(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = epoch == 1


@pytest.fixture
def fit(monkeypatch, capsys):
    """Train a toy network by a strange clock; return what Progress has written."""
    monkeypatch.setattr(lesson, "time", Clock())
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.zeros((8, 1))

    def fit(*callbacks, **epochs):
        model.fit(x, x, 2, verbose=0, callbacks=[*callbacks, Progress()], **epochs)
        return capsys.readouterr().out

    return fit


@pytest.mark.parametrize(
    ("callbacks", "epochs", "shown"),
    [
        ([], 3, [1, 2, 3]),
        ([StopAfterTwo()], 30, [1, 2]),
        ([], 40, [1, 9, 17, 24, 32, 40]),
    ],
    ids=["to the end", "stopped early", "long"],
)
def test_progress_moves_and_leaves_fixed_lines(fit, callbacks, epochs, shown):
    written = fit(*callbacks, epochs=epochs)
    assert re.search(rf"\repoch 2/{epochs}  loss 0.0000  about \d+ s left\r", written)
    # As a screen and as a stored notebook show it.
    [stored] = coalesce_streams([new_output("stream", name="stdout", text=written)])
    width = len(str(epochs))
    lines = [f"epoch {epoch:{width}}  loss 0.0000\n" for epoch in shown]
    assert stored.text == "".join(lines)


def test_the_time_left_counts_from_where_a_training_goes_on(fit):
    first, again = fit(epochs=2), fit(initial_epoch=8, epochs=10)
    guesses = [re.findall(r"about (\d+) s", text) for text in (first, again)]
    assert guesses[0] == guesses[1] != []


# --- the book's numbers ------------------------------------------------------


def test_compare_shows_stores_and_keeps_what_lies_within_the_band(shown):
    results = Results()
    results.compare("test accuracy", 0.9785, 0.98123, within=0.005)
    results.compare(
        "loss", [0.5, 0.3], np.float32([0.52, 0.31]), within=0.02, step="fold"
    )
    rows = [
        {"what": "test accuracy", "book": 0.9785, "here": 0.9812, "within": 0.005},
        {"what": "loss, fold 1", "book": 0.5, "here": 0.52, "within": 0.02},
        {"what": "loss, fold 2", "book": 0.3, "here": 0.31, "within": 0.02},
    ]
    first, second = shown.outputs
    assert first.metadata["results"] == rows[:1]
    assert json.loads(json.dumps(second.metadata["results"])) == rows[1:]
    assert "0.9812" in first.data["text/plain"] and "0.9812" in first.data["text/html"]
    assert results.table().reset_index(names="what").to_dict("records") == rows


@pytest.mark.parametrize("here", [0.9734, 0.9836, np.nan], ids=str)
def test_compare_fails_outside_the_band_and_shows_the_table_first(here, shown):
    with pytest.raises(AssertionError) as error:
        Results().compare("accuracy", [0.5, 0.9785], [0.5, here], within=0.005)
    assert str(error.value).startswith(
        f"accuracy, epoch 2: {here} here, 0.9785 expected, more than 0.005 apart. If a "
        "training cell has run more than once, the network was already trained"
    )
    assert str(here).replace("nan", "NaN") in shown.outputs[0].data["text/plain"]


def test_a_cell_that_runs_again_replaces_its_rows_and_the_edge_is_in_the_band(shown):
    results = Results()
    assert results.table().empty
    for here in (0.9735, 0.9835):
        results.compare("accuracy", 0.9785, here, within=0.005)
    with pytest.raises(AssertionError):
        results.compare("accuracy", 0.9785, 0.9911, within=0.005)
    assert results.table().here.to_dict() == {"accuracy": 0.9835}


def test_compare_needs_as_many_values_as_the_book_has():
    with pytest.raises(ValueError, match="loss: the book has 3 values, this run 2"):
        Results().compare("loss", [1, 2, 3], [1, 2], within=0.1)
