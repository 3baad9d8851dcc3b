"""What every notebook needs: a set-up, quiet progress, book/here tables, checks."""

import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from utils.plotting import STYLE
from utils.selfcheck import check

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display


@contextmanager
def _quiet() -> Iterator[None]:
    """Send what is written to standard error, also by C++ code, nowhere."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


# TensorFlow reports the graphics card that a laptop has not, once when it is
# loaded and once when it first computes; no setting silences all of it. Later
# it hints at models that are traced anew, with addresses that never repeat.
with _quiet():
    import keras

    keras.ops.zeros(1)
logging.getLogger("tensorflow").setLevel(logging.ERROR)

MOST_LINES = 6
TRAINED_TWICE = (
    "If a training cell has run more than once, the network was already trained and "
    "went on from there: run all cells again from the one that builds it."
)
__all__ = ["Progress", "Results", "check", "start"]


def start(seed: int) -> int:
    """Set the style of the figures and the seed of every random generator.

    Prints the versions that the stored outputs were computed with. What a
    keras.json says about numbers and pictures is put back to Keras' defaults.

    Args:
        seed: seeds Python, NumPy and the Keras backend. COURSE_SEED in the
            environment replaces it, to see what a claim owes to its seed.

    Returns:
        The seed in force; generators and splits of a notebook derive from it.

    Raises:
        RuntimeError: Keras was loaded before this package, with a backend that
            the notebooks cannot use.
    """
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            f"Keras already runs on {keras.backend.backend()}: restart the kernel "
            "and run this notebook from its first cell."
        )
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    seed = int(os.environ.get("COURSE_SEED", seed))
    keras.utils.set_random_seed(seed)
    plt.style.use(["default", STYLE])
    ours, numpys = (".".join(m.__version__.split(".")[:2]) for m in (keras, np))
    print(f"Keras {ours}, NumPy {numpys}, backend tensorflow, seed {seed}")
    return seed


class Progress(keras.callbacks.Callback):
    """A line that counts while a model trains, and fixed lines that stay.

    A fixed line holds an epoch's loss and metrics: every epoch of a short
    training, of a long one the first, the last and some between, never more
    than six. The moving line carries times, the fixed ones do not: what stays
    is the same in every run. Use with ``verbose=0``.
    """

    def on_train_begin(self, logs=None):
        self._start = self._shown = time.perf_counter()
        self._done, self._last = 0, "no epoch was left to train\n"

    def on_epoch_begin(self, epoch, logs=None):
        if not self._done:
            self._first = epoch  # not 0 where a training goes on
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        steps = self.params["steps"] or batch + 1
        now = time.perf_counter()
        if now - self._shown < 0.2:
            return
        self._shown = now
        done = self._epoch - self._first + (batch + 1) / steps
        share = done / (self.params["epochs"] - self._first)
        left = (now - self._start) * (1 - share) / share
        place = f"epoch {self._epoch + 1}/{self.params['epochs']}"
        self._write(f"{place}  {self._numbers(logs)}  about {left:.0f} s left")

    def on_epoch_end(self, epoch, logs=None):
        self._done += 1
        total = self.params["epochs"] - self._first
        shown = {round(k) for k in np.linspace(1, total, min(total, MOST_LINES))}
        width = len(str(self.params["epochs"]))
        self._last = f"epoch {epoch + 1:{width}}  {self._numbers(logs)}\n"
        if self._done in shown:
            self._write(self._last)
            self._last = ""

    def on_train_end(self, logs=None):
        if self._last:  # of a training that ended early
            self._write(self._last)

    @staticmethod
    def _numbers(logs: dict[str, float]) -> str:
        return "  ".join(f"{name} {value:.4f}" for name, value in logs.items())

    @staticmethod
    def _write(text: str) -> None:
        """Put a text in the place of the moving line."""
        sys.stdout.write("\r" + " " * 78 + "\r" + text)
        sys.stdout.flush()


class Results:
    """The book's numbers beside ours, collected while a notebook runs."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, float]] = {}

    def compare(
        self,
        what: str,
        book: float | Sequence[float],
        here: float | Sequence[float],
        within: float,
        step: str = "epoch",
    ) -> None:
        """Show book value, own value and band; fail outside the band.

        A cell that runs again replaces its rows; a value that was refused is kept
        in no table.

        Args:
            what: the name of the quantity.
            book: the printed value, or one value per step.
            here: the measured value or values.
            within: largest accepted absolute difference.
            step: what the values of a sequence are counted by.

        Raises:
            AssertionError: a measured value lies outside the band.
            ValueError: book and here have different lengths.
        """
        book, here = (np.atleast_1d(x).astype(float) for x in (book, here))
        if book.shape != here.shape:
            raise ValueError(
                f"{what}: the book has {book.size} values, this run {here.size}. "
                + TRAINED_TWICE
            )
        names = [f"{what}, {step} {i}" for i in range(1, book.size + 1)]
        names = [what] if book.size == 1 else names
        columns = {"book": book, "here": here.round(4), "within": within}
        table = pd.DataFrame(columns, index=names)
        rows = table.reset_index(names="what").to_dict("records")
        display(table, metadata={"results": rows})
        # Asked this way round, a value that is not a number lies outside.
        apart = (table.here - table.book).abs().round(9)
        outside = table[~(apart <= table.within)]
        if len(outside):
            name, row = outside.index[0], outside.iloc[0]
            raise AssertionError(
                f"{name}: {row.here} here, {row.book} expected, more than {within} "
                f"apart. {TRAINED_TWICE}"
            )
        self._rows |= table.to_dict("index")

    def table(self) -> pd.DataFrame:
        """Return everything compared so far, one row a number."""
        columns = ["book", "here", "within"]
        return pd.DataFrame.from_dict(self._rows, orient="index", columns=columns)
