"""Time the book's training listings against the notebooks' version of them.

    python benchmarks/fit_time.py

Trains each network twice from the same seed: as the book prints it, and with
``steps_per_execution`` as the notebooks do. Prints both times, their ratio and
whether the weights are equal to the last bit. Not a test: times depend on what
else the machine is doing, so run it on a quiet one.
"""

from __future__ import annotations

import time

from utils.datasets import load_fashion_mnist, load_mnist
from utils.lesson import keras

import numpy as np


def train(images, labels, hidden, optimizer, batch_size, epochs, steps_per_execution):
    """Train a dense classifier; returns its weights and the seconds of ``fit``."""
    keras.utils.set_random_seed(42)
    layers = [keras.layers.Dense(size, activation="relu") for size in hidden]
    network = keras.Sequential(
        [keras.Input((784,)), *layers, keras.layers.Dense(10, activation="softmax")]
    )
    network.compile(
        optimizer,
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=steps_per_execution,
    )
    x = images.reshape(len(images), 784).astype("float32") / 255
    started = time.perf_counter()
    network.fit(x, labels, batch_size=batch_size, epochs=epochs, verbose=0)
    return network.get_weights(), time.perf_counter() - started


def main() -> None:
    """Print one line per listing."""
    (digits, numbers), _ = load_mnist()
    (clothes, kinds), _ = load_fashion_mnist()
    listings = {
        "MNIST, 5 epochs": (digits, numbers, [512], "rmsprop", 128, 5),
        "Fashion-MNIST, 2 epochs": (
            clothes[5000:],
            kinds[5000:],
            [300, 100],
            "sgd",
            32,
            2,
        ),
    }
    for name, listing in listings.items():
        book_weights, book = train(*listing, steps_per_execution=1)
        our_weights, ours = train(*listing, steps_per_execution=32)
        equal = all(map(np.array_equal, book_weights, our_weights))
        print(
            f"{name}: book {book:.1f} s, here {ours:.1f} s, ratio {ours / book:.2f}, "
            f"bit-identical: {equal}"
        )


if __name__ == "__main__":
    main()
