"""Time the book's training listings against the notebooks' way, as ratios in one run.

    python benchmarks/fit_time.py

Every network trains twice from one seed, each time in a process of its own and
with one thread: as the book prints it (its listing mended where it does not run),
and as the notebooks do, which is named in the table. The second of two short epochs
is timed; what the first takes longer (tracing, compiling) is the start. ``same``
tells whether both end with the same weights to the last bit, ``again`` whether the
notebooks' way does when it is run once more. Not a test: times depend on what else
the machine is doing, so run it on a quiet one; processor time is told, too.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from typing import Any

# Listing: batch size, updates an epoch, and how the notebooks differ from the book.
# Dense and convolutional networks take several steps in a call; oneDNN is a
# library for convolutions; XLA compiles the whole step of a recurrent network.
LISTINGS: dict[str, tuple[int, int, dict[str, Any]]] = {
    "MNIST": (128, 468, {"steps_per_execution": 32}),
    "Fashion": (32, 1718, {"steps_per_execution": 32}),
    "convolutional": (32, 25, {"steps_per_execution": 25, "oneDNN": "1"}),
    "SimpleRNN": (128, 20, {"jit_compile": True}),
    "LSTM": (128, 20, {"jit_compile": True}),
    "GRU": (128, 20, {"jit_compile": True}),
}
PLAIN = {"steps_per_execution": 1, "jit_compile": False}


def build(listing: str, **options: Any):
    """Return the network of a listing, compiled, with inputs and targets."""
    from utils.datasets import load_fashion_mnist, load_imdb, load_mnist
    from utils.lesson import keras

    layers = keras.layers
    keras.utils.set_random_seed(42)
    answer = layers.Dense(10, activation="softmax")
    loss, optimizer = "sparse_categorical_crossentropy", "rmsprop"
    if listing in ("MNIST", "Fashion"):
        (x, y), _ = load_mnist() if listing == "MNIST" else load_fashion_mnist()
        x, hidden = x.reshape(-1, 784).astype("float32") / 255, [512]
        if listing == "Fashion":
            x, y, hidden, optimizer = x[5000:], y[5000:], [300, 100], "sgd"
        body = [layers.Dense(units, activation="relu") for units in hidden]
    elif listing == "convolutional":
        (x, y), _ = load_fashion_mnist()
        x, optimizer = x[..., None].astype("float32") / 255, "adam"
        body = []
        for filters, size in ((64, 7), (128, 3), (128, 3), (256, 3), (256, 3)):
            body.append(layers.Conv2D(filters, size, activation="relu", padding="same"))
            body += [layers.MaxPooling2D(2)] if len(body) in (1, 4, 7) else []
        body.append(layers.Flatten())
        for units in (128, 64):
            body += [layers.Dense(units, activation="relu"), layers.Dropout(0.5)]
    else:
        x, y = load_imdb(num_words=10_000)
        x = keras.utils.pad_sequences(x, maxlen=500)
        cudnn = {} if listing == "SimpleRNN" else {"use_cudnn": False}
        body = [layers.Embedding(10_000, 32), getattr(layers, listing)(32, **cudnn)]
        answer, loss = layers.Dense(1, activation="sigmoid"), "binary_crossentropy"
    network = keras.Sequential([keras.Input(x.shape[1:]), *body, answer])
    network.compile(optimizer, loss, metrics=["accuracy"], **options)
    return network, x, y


def measure(listing: str, **options: Any) -> dict[str, Any]:
    """Train two epochs; returns times (ms an update, s at the start) and a digest."""
    from utils.lesson import keras

    clocks = []

    class Clock(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.on_epoch_end(0)

        def on_epoch_end(self, epoch, logs=None):
            clocks.append((time.perf_counter(), time.process_time()))

    batch_size, updates, _ = LISTINGS[listing]
    network, x, y = build(listing, **options)
    n = batch_size * updates
    fit = {"batch_size": batch_size, "epochs": 2, "verbose": 0}
    network.fit(x[:n], y[:n], callbacks=[Clock()], **fit)
    weights = b"".join(weight.tobytes() for weight in network.get_weights())
    first, second = ([b - a for a, b in zip(*clocks[i : i + 2])] for i in (0, 1))
    return {
        "ms": 1000 * second[0] / updates,
        "cpu": 1000 * second[1] / updates,
        "start": max(0.0, first[1] - second[1]),
        "weights": hashlib.sha256(weights).hexdigest(),
    }


def apart(listing: str, ours: dict[str, Any]) -> dict[str, Any]:
    """Measure in a process of its own, since oneDNN is chosen when it starts."""
    options = PLAIN | {k: v for k, v in ours.items() if k != "oneDNN"}
    environment = os.environ | {
        "TF_ENABLE_ONEDNN_OPTS": ours.get("oneDNN", "0"),
        "TF_NUM_INTRAOP_THREADS": os.environ.get("TF_NUM_INTRAOP_THREADS", "1"),
    }
    command = [sys.executable, __file__, listing, json.dumps(options)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Print one line per listing."""
    if len(sys.argv) == 3:
        print(json.dumps(measure(sys.argv[1], **json.loads(sys.argv[2]))))
        return
    print("                 ms an update      processor        start, s")
    print("listing          book  here ratio  book  here ratio  book  here same  again")
    for listing, (_, _, ours) in LISTINGS.items():
        book, here, again = (apart(listing, way) for way in ({}, ours, ours))
        columns = [
            f"{book[clock]:6.1f}{here[clock]:6.1f}{here[clock] / book[clock]:6.2f}"
            for clock in ("ms", "cpu")
        ]
        same, repeats = (x["weights"] == here["weights"] for x in (book, again))
        starts = f"{book['start']:6.1f}{here['start']:6.1f}"
        way = ", ".join(f"{name} {value}" for name, value in ours.items())
        print(f"{listing:14s}", *columns, starts, same, repeats, f" {way}", flush=True)


if __name__ == "__main__":
    main()
