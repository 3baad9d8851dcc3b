"""The cache: what a data set must be, and how it comes into its folder, verified.

The path of a call: load_arrays reads the arrays and compares their digests; if
that fails, fetch asks one source after the other, under a lock, in a scratch
folder, and moves what is verified into place.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from utils.datasets.sources import CLIENT_SECONDS, Contents, Source, contents, one_line

import numpy as np

Arrays = dict[str, np.ndarray]
LARGEST_FILE = 5e8  # of those placed by hand


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
        return cls(sha256(array), f"{array.shape[1:]}{array.dtype.str[1:]}")

    def check(self, name: str, array: np.ndarray) -> np.ndarray:
        """Return the array, or raise Damaged."""
        row = np.dtype(self.dtype)
        if (array.shape[1:], array.dtype) != (row.shape, row.base) or not array.ndim:
            raise Damaged(f"{name} holds {array.dtype}{array.shape}, not {self.dtype}")
        if sha256(array) != self.sha256:
            raise Damaged(f"{name} does not have the expected SHA-256 digest")
        return array


@dataclass(frozen=True)
class DataSet:
    """A data set: what it must contain and where it may come from.

    ``read`` picks the arrays out of fetched or hand-placed files, whatever their
    names. ``arrays`` is None where no digest is known beforehand: those of the
    first fetch are then recorded beside the arrays.
    """

    name: str
    folder: str
    arrays: dict[str, Spec] | None
    read: Callable[[Contents], Arrays]
    sources: tuple[Source, ...]
    by_hand: str  # what a person may place in the folder, and where it lies
    files: Mapping[str, str] = field(default_factory=dict)  # array -> usual file


def data_folder() -> Path:
    """The cache folder: COURSE_DATA_DIR, or data/ beside this package."""
    setting = os.environ.get("COURSE_DATA_DIR")
    if not setting:
        return Path(__file__).resolve().parents[2] / "data"
    folder = Path(setting).expanduser()
    # A relative path would mean another folder in every notebook.
    if not folder.is_absolute() or (os.path.exists(folder) and not folder.is_dir()):
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

    Raises DataUnavailable if every source fails or the folder cannot be used.
    """
    home = data_folder() / dataset.folder
    try:
        # A sound cache is only read, so a shared, write-protected one works too.
        if _damage(dataset, home) is None:
            _open_to_all(home)
            return f"cached and verified in {home}"
        _make_folder(home)
        with _locked(dataset, home) as alone, _scratch(home, alone) as scratch:
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
            _open_to_all(home)
            return f"fetched from {source}, verified in {home}"
    except _Unreadable as error:
        raise DataUnavailable(
            f"The data in {home} cannot be read by you: ask its owner for "
            f"'chmod -R a+rX {home.parent}', or set COURSE_DATA_DIR to a folder of "
            "your own."
        ) from error
    except OSError as error:
        raise DataUnavailable(
            f"{dataset.name} cannot be stored in {home} "
            f"({error.strerror or error}): free some space there (about 200 MB) or "
            "set COURSE_DATA_DIR to a folder that you may write to."
        ) from error


def manifest(text: str) -> dict[str, Spec]:
    """Lines of digest, dtype of a row and name -> the Spec of every name."""
    try:
        lines = [line.rsplit(" ", 1) for line in text.strip().splitlines()]
        return {name: Spec(*spec.split(" ", 1)) for spec, name in lines}
    except (ValueError, TypeError) as error:
        raise Damaged("the list of digests is unreadable") from error


def sha256(content: bytes | np.ndarray) -> str:
    """The digest of bytes, or of an array's bytes in C order."""
    if isinstance(content, np.ndarray):
        content = np.ascontiguousarray(content).reshape(-1).view(np.uint8)
    return hashlib.sha256(content).hexdigest()


# --- reading -----------------------------------------------------------------


class _Unreadable(OSError):
    """There is data, but this user may not read it."""


def _cached(dataset: DataSet, home: Path, names: Iterable[str] = ()) -> Arrays:
    """Verified arrays of the cache; raises FileNotFoundError or Damaged."""
    try:
        specs = dataset.arrays or manifest((home / "digests.txt").read_text("utf-8"))
        arrays = {}
        for name in names or specs:
            with open(home / f"{name}.npy", "rb") as file:
                try:
                    array = np.lib.format.read_array(file, allow_pickle=False)
                except Exception as error:  # a broken header fails in many ways
                    raise Damaged(f"{file.name} is truncated or unreadable") from error
                arrays[name] = specs[name].check(file.name, array)
        return arrays
    except PermissionError as error:
        raise _Unreadable(*error.args) from error


def _damage(dataset: DataSet, home: Path) -> str | None:
    """None if the cache is sound, "" if there is none, else what is wrong."""
    try:
        _cached(dataset, home)
    except FileNotFoundError:
        return ""
    except _Unreadable:
        raise
    except (Damaged, OSError) as error:
        return str(error)
    return None


# --- writing -----------------------------------------------------------------


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, for everybody to read whatever the umask."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _allow(folder, 0o555)


def _open_to_all(home: Path) -> None:
    """Let everybody read a data set: one copy may serve a whole class."""
    # The folder around it only if it holds nothing but data sets.
    around = [entry for entry in home.parent.iterdir() if entry.name != "README.md"]
    if all(any(entry.glob("*.npy")) for entry in around):
        _allow(home.parent, 0o555)
    _allow(home, 0o555)
    for file in [*home.glob("*.npy"), *home.glob("digests.txt")]:
        _allow(file, 0o444)


def _allow(path: Path, bits: int) -> None:
    with suppress(OSError):  # somebody else's: then it is for them to do
        mode = path.stat().st_mode
        if mode & bits != bits:
            path.chmod(mode | bits)


@contextmanager
def _locked(dataset: DataSet, home: Path) -> Iterator[bool]:
    """Keep other processes out; False where the file system knows no locks."""
    from filelock import FileLock, Timeout

    lock = FileLock(home / ".lock", fallback_to_soft=False)
    try:
        try:
            lock.acquire(timeout=1)
        except Timeout:
            print(f"{dataset.name}: another process is fetching it, waiting for it.")
            lock.acquire(timeout=2 * CLIENT_SECONDS)
    except (NotImplementedError, OSError):
        pass  # without a lock two processes at worst fetch the same files twice
    try:
        yield lock.is_locked
    finally:
        lock.release()


@contextmanager
def _scratch(home: Path, alone: bool) -> Iterator[Path]:
    """A folder for unverified files: inside the cache, so that renaming is atomic.

    Whoever is sure to be alone sweeps away what a killed process left there.
    """
    partial = home / ".partial"
    if alone:
        shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=partial))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        with suppress(OSError):  # another one works beside it
            partial.rmdir()


def _first_answer(dataset: DataSet, home: Path, scratch: Path) -> tuple[str, Arrays]:
    """The first source whose content is what the digests say, and its arrays."""
    reasons = []
    if placed := _placed(dataset, home):
        try:
            return "files placed by hand", _verified(dataset, placed)
        except Exception as error:
            names = [path.name for path in placed if home in path.parents]
            if names:
                seen = ", ".join(names[:6]) + ", ..." * (len(names) > 6)
                reasons.append(f"  - files placed by hand ({seen}): {one_line(error)}")
    for number, source in enumerate(dataset.sources):
        # A folder for each: the left-overs of one must not confuse the next.
        folder = scratch / str(number)
        folder.mkdir()
        try:
            source.fetch(folder)
            return source.name, _verified(dataset, [*folder.rglob("*")])
        except Exception as error:  # any failure is a reason to try the next source
            if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
                raise
            reasons.append(f"  - {source.name}: {one_line(error)}")
    if shutil.disk_usage(scratch).free < 100e6:  # clients do not always say so
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    raise DataUnavailable(
        "\n".join([f"{dataset.name} could not be had from any source:", *reasons])
        + f"\nTo place it by hand, put {dataset.by_hand} into {home} (under any "
        "names, packed or not) and try again."
    )


def _placed(dataset: DataSet, home: Path) -> list[Path]:
    """Files that a person may have put into the folder, or into the one above."""
    ours = {home / "digests.txt", *home.glob("*.npy")}
    if dataset.arrays:
        ours &= {home / f"{name}.npy" for name in dataset.arrays}
    hidden = re.compile(r"/\.|__MACOSX|/README\.md$")

    def own(paths: Iterable[Path]) -> list[Path]:
        return [
            path
            for path in sorted(set(paths) - ours)
            if not hidden.search(path.as_posix()[len(str(home.parent)) :])
            and path.is_file()
            and path.stat().st_size < LARGEST_FILE
        ]

    return own(home.rglob("*")) or own(home.parent.iterdir())


def _verified(dataset: DataSet, files: list[Path]) -> Arrays:
    """The arrays that the files hold; raises Damaged unless all are as expected."""
    unread: list[str] = []
    try:
        arrays = dataset.read(contents(files, unread))
    except ValueError as error:
        raise Damaged(f"{error}") from error
    missing = [name for name in dataset.arrays or arrays if name not in arrays]
    if missing or not arrays:
        names = ", ".join(dataset.files.get(name, name) for name in missing)
        raise Damaged("; ".join([*unread, f"missing or altered: {names or 'all'}"]))
    for name, spec in (dataset.arrays or {}).items():
        spec.check(name, arrays[name])
    return arrays
