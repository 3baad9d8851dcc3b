"""The cache: what a data set must be, and how it comes into its folder, verified.

The path of a call: load_arrays reads the arrays and compares their digests; if
that fails, it asks one source after the other, under a lock, in a scratch folder,
and moves what is verified into place.
"""

import hashlib
import os
import shutil
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from utils.datasets.sources import CLIENT_SECONDS, Contents, contents, one_line

import numpy as np

Arrays = dict[str, np.ndarray]
Digests = dict[str, str]  # name of an array -> what fingerprint() says of it


class DataUnavailable(RuntimeError):
    """A data set can be neither read nor fetched; the message says what to do."""


@dataclass(frozen=True)
class DataSet:
    """A data set: what it must contain and where it may come from.

    ``digests`` is empty where none are known beforehand: those of the first fetch
    are then recorded beside the arrays. ``read`` picks the arrays out of files,
    whatever their names. A source puts files into the empty folder that it is
    given. ``by_hand`` says what a person may place, and where it lies.
    """

    name: str
    folder: str
    digests: Digests
    read: Callable[[Contents, Digests], Arrays]
    sources: dict[str, Callable[[Path], None]]
    by_hand: str

    @property
    def home(self) -> Path:
        """Its folder in COURSE_DATA_DIR, or in data/ beside this package.

        Raises ValueError if COURSE_DATA_DIR is not the absolute path of a folder.
        """
        setting = os.environ.get("COURSE_DATA_DIR")
        data = Path(
            setting or Path(__file__).resolve().parents[2] / "data"
        ).expanduser()
        # A relative path would mean another folder in every notebook.
        if not data.is_absolute() or os.path.isfile(data):
            raise ValueError(
                "COURSE_DATA_DIR must be the absolute path of a folder, not "
                f"{setting!r}."
            )
        return data / self.folder


def load_arrays(dataset: DataSet, *names: str) -> Arrays:
    """The named arrays (none: all), verified; the set is fetched first if need be.

    Raises DataUnavailable if every source fails or the folder cannot be used.
    """
    # A sound cache is only read, so a shared, write-protected one works too.
    with suppress(OSError, ValueError):
        return _cached(dataset, *names)
    home = dataset.home
    umask = os.umask(0o022)  # for everybody to read: it may serve a whole class
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _locked(dataset):
            try:
                _cached(dataset)
                whence = "by another process"
            except (OSError, ValueError) as error:
                if not isinstance(error, FileNotFoundError):
                    print(f"{dataset.name}: {error}; fetching it again.")
                whence = f"from {_fill(dataset)}"
    except OSError as error:
        raise DataUnavailable(
            f"{dataset.name} cannot be stored in {home} "
            f"({error.strerror or error}): free some space there (about 200 MB) or "
            "set COURSE_DATA_DIR to a folder that you may write to."
        ) from error
    finally:
        os.umask(umask)
    print(f"{dataset.name}: fetched {whence} into {home}", flush=True)
    return _cached(dataset, *names)


def fingerprint(array: np.ndarray) -> str:
    """SHA-256 of an array's bytes in C order, its dtype and its shape."""
    digest = hashlib.sha256(np.ascontiguousarray(array)).hexdigest()
    return f"{digest} {array.dtype.str} {'x'.join(map(str, array.shape))}"


def digest_list(text: str) -> Digests:
    """Lines of a name and what fingerprint() says; raises ValueError for others."""
    return dict(line.split(" ", 1) for line in text.strip().split("\n"))


def verify(arrays: Arrays, digests: Digests) -> Arrays:
    """Return the arrays, or raise ValueError unless they are as described."""
    for name, expected in digests.items():
        if fingerprint(arrays[name]) != expected:
            raise ValueError(f"{name} does not have the expected SHA-256 digest")
    return arrays


def _cached(dataset: DataSet, *names: str) -> Arrays:
    """Verified arrays; raises FileNotFoundError, or ValueError if damaged."""
    arrays, file = {}, dataset.home / "digests.txt"
    try:
        digests = dataset.digests or digest_list(file.read_text("utf-8"))
        for name in names or digests:
            file = dataset.home / f"{name}.npy"
            arrays[name] = np.load(file, allow_pickle=False)
            verify(arrays, {name: digests[name]})
    except PermissionError as error:
        raise DataUnavailable(
            f"The data in {dataset.home} cannot be read by you: ask its owner for "
            f"'chmod -R a+rX {dataset.home.parent}', or set COURSE_DATA_DIR to a "
            "folder of your own."
        ) from error
    except OSError:
        raise
    except Exception as error:  # a broken header fails in many ways
        raise ValueError(f"{file} is truncated or altered") from error
    return arrays


@contextmanager
def _locked(dataset: DataSet) -> Iterator[None]:
    """Keep other processes out, and sweep away what a killed one left."""
    from filelock import FileLock, Timeout

    lock = FileLock(dataset.home / ".lock", fallback_to_soft=False)
    # Where the file system knows no locks, two at worst fetch the same twice.
    with suppress(NotImplementedError, OSError):
        try:
            lock.acquire(timeout=1)
        except Timeout:
            print(f"{dataset.name}: another process is fetching it, waiting for it.")
            lock.acquire(timeout=2 * CLIENT_SECONDS)
        for folder in dataset.home.glob(".partial*"):
            shutil.rmtree(folder, ignore_errors=True)
    try:
        yield
    finally:
        lock.release()


def _fill(dataset: DataSet) -> str:
    """Put verified arrays into the folder; return the name of their source."""
    # Inside the cache, so that moving a file into place is atomic.
    with TemporaryDirectory(prefix=".partial", dir=dataset.home) as scratch:
        source, arrays = _first_answer(dataset, scratch)
        ready = Path(mkdtemp(dir=scratch))
        for name, array in arrays.items():
            np.save(ready / f"{name}.npy", array, allow_pickle=False)
        if not dataset.digests:
            found = [f"{name} {fingerprint(array)}" for name, array in arrays.items()]
            (ready / "digests.txt").write_text("\n".join(found), "utf-8")
        for file in ready.iterdir():
            os.replace(file, dataset.home / file.name)
    return source


def _first_answer(dataset: DataSet, scratch: str) -> tuple[str, Arrays]:
    """The first source whose content is what the digests say, and its arrays."""
    sources, reasons = dataset.sources, []
    own = {*dataset.home.glob("*.npy"), dataset.home / "digests.txt"}
    found = [p for p in sorted(dataset.home.rglob("*")) if p.is_file() and p not in own]
    # Nothing hidden, as what a file manager or another process keeps.
    shown = [path.relative_to(dataset.home).as_posix() for path in found]
    if placed := [p for p, name in zip(found, shown) if "/." not in f"/{name}"]:
        names = ", ".join(path.name for path in placed)
        names = textwrap.shorten(names, 150, placeholder=" ...")
        sources = {f"files placed by hand ({names})": lambda folder: placed} | sources
    for source, put_files in sources.items():
        # A folder for each: the left-overs of one must not confuse the next.
        folder, unread = Path(mkdtemp(dir=scratch)), []
        try:
            files = put_files(folder) or folder.rglob("*")
            arrays = dataset.read(contents(files, unread), dataset.digests)
            return source, verify(arrays, dataset.digests)
        except Exception as error:  # any failure is a reason to try the next source
            reasons.append(f"  - {source}: {'; '.join([*unread, one_line(error)])}")
    raise DataUnavailable(
        "\n".join([f"{dataset.name} could not be had from any source:", *reasons])
        + f"\nTo place it by hand, put {dataset.by_hand} into {dataset.home} "
        "(under any names, packed or not) and try again."
    )
