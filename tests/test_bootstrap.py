"""course.py sets up what is missing, says plainly what is wrong, hands over.

Most tests run a copy of it in an awkward folder with a stand-in for subprocess;
the last ones make a real environment, with nothing to install.
"""

import ast
import errno
import importlib.util
import io
import json
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
from collections import namedtuple
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

from tests.conftest import load_course

import pytest

COURSE = Path(__file__).parents[1] / "course.py"
Version = namedtuple("Version", "major minor micro")
DATA = ["utils.datasets"]
ANEW = ["venv", "pip", *DATA]


class Shell:
    """Stands in for subprocess: notes each command and answers as told."""

    PIPE = subprocess.PIPE

    def __init__(self, course):
        self.course = course
        self.ran = []  # venv, uv, pip, or the name of a module
        self.codes = {}  # exit code of any of them, else 0; or Ctrl-C
        self.complaint = b""  # what the installer writes to stderr

    def Popen(self, command, cwd=None, env=None, stderr=None):
        if command[1] == "-P":
            name, *self.arguments = command[4:]
        elif "venv" in command:
            name = "venv"
            self.stamp = self.course.read_stamp()
            make_environment(Path(self.course.VENV), "pip")
        else:
            name = "uv" if command[1] == "pip" else "pip"
        self.ran.append(name)
        self.environment, self.cwd = env, cwd
        code = self.codes.get(name, 0)
        if code is KeyboardInterrupt:
            raise KeyboardInterrupt
        for option, listed in pairwise(command):
            if option == "--requirement" and code == 0:
                install(self.course.VENV, *self.course.required(listed))
        stderr = io.BytesIO(self.complaint)
        return SimpleNamespace(returncode=code, stderr=stderr, wait=lambda: code)


def site_packages(venv):
    windows = os.name == "nt"
    return Path(venv, "Lib" if windows else "lib/python3.x", "site-packages")


def make_environment(venv, *libraries, maker=""):
    """Lay out what python -m venv makes, as far as course.py looks at it."""
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    python.parent.mkdir(parents=True, exist_ok=True)
    python.touch()
    version = "{}.{}.1".format(*sys.version_info)
    settings = f"home = {venv.parent}\nversion = {version}\n{maker}"
    (venv / "pyvenv.cfg").write_text(settings, encoding="utf-8")
    install(venv, *libraries)


def install(venv, *libraries):
    for library in libraries:
        place = site_packages(venv) / f"{library}-1.0.dist-info"
        place.mkdir(parents=True, exist_ok=True)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "Ünits & more"
    (folder / "notebooks" / "labs").mkdir(parents=True)
    shutil.copy(COURSE, folder)
    (folder / "requirements.txt").write_text("numpy~=2.4 # a comment\n-e .\n")
    (folder / "requirements-teaching.txt").write_text("text2qti~=0.8.0\n")
    return folder


@pytest.fixture
def course(folder, monkeypatch):
    """course.py as a module, in the awkward folder, without a subprocess or uv."""
    module = load_course(folder / "course.py")
    module.shell = Shell(module)
    monkeypatch.setattr(module, "subprocess", module.shell)
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    room = SimpleNamespace(free=10**12)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: room)
    monkeypatch.chdir(folder)
    return module


@pytest.fixture
def ready(course):
    """The same, set up already."""
    run(course)
    return course


def run(course, *arguments, code=0):
    """Call it; returns the names of what it has run."""
    course.shell.ran.clear()
    assert course.main([*arguments] or ["data"]) == code
    return course.shell.ran


def last_words(course, *arguments):
    """Return the sentence that a failing call ends with."""
    course.shell.ran.clear()
    with pytest.raises(SystemExit) as stopped:
        course.main([*arguments] or ["lab"])
    sentence = stopped.value.code
    assert isinstance(sentence, str), "sys.exit(text): printed, exit code 1"
    assert re.fullmatch(r"[A-Z][^\n]*[.?]", sentence) and ". " not in sentence
    return sentence


# what can be typed


def test_help_names_every_command_and_needs_no_set_up(course, capsys):
    assert run(course, "--help") == []
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert course.main([]) == 2
    assert capsys.readouterr().out == shown
    for command, (follows, _) in course.COMMANDS.items():
        assert re.search(rf"^  {command}  ", shown, re.MULTILINE)
        assert run(course, command, "--help") == []
        own = " ".join(capsys.readouterr().out.split())
        assert f"usage: python3 course.py {command} {follows}".strip() in own


def test_every_command_has_its_module_and_names_its_options(course):
    for command, (follows, _) in course.COMMANDS.items():
        module = course.MODULES.get(command, f"tools.{command}")
        source = Path(importlib.util.find_spec(module).origin).read_text("utf-8")
        if module.startswith("tools."):
            for option in re.findall(r'add_argument\(\s*"(--[a-z-]+)', source):
                assert option in follows, f"{command} takes {option}"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("lap", "did you mean 'lab'?"),
        ("LAB", "did you mean 'lab'?"),
        ("--tests", "did you mean 'test'?"),
        ("frobnicate", "the commands are lab, update,"),
        ("notebooks/01_a.ipynb", "put a command before it"),
        ("run notebooks/01_gate_by_hand.ipynb", "01_gates_by_hand.ipynb?"),
        ("test notebooks/06_new.ipynb", "There is no notebook notebooks/06_new.ipynb"),
        ("lab notebooks/09*", "There is no file notebooks/09*"),
    ],
)
def test_what_is_misspelt_is_answered(course, folder, typed, said):
    (folder / "notebooks" / "labs" / "01_gates_by_hand.ipynb").touch()
    assert said in last_words(course, *typed.split())
    assert course.shell.ran == []


def test_names_and_patterns_are_found_from_any_folder(
    course, folder, tmp_path, monkeypatch
):
    names = [folder / "notebooks" / name for name in ("01_a.ipynb", "01_b [2].ipynb")]
    for name in names:
        name.touch()
    both = [str(name.resolve()) for name in names]
    for place, pattern in (
        (tmp_path, "notebooks/01*"),  # as seen from the project
        (folder, "notebooks/01*"),
        (folder / "notebooks", "01*"),  # as seen from here
        (tmp_path, "01*.ipynb"),  # among the notebooks
        (tmp_path, str(folder / "notebooks" / "01*")),
    ):
        monkeypatch.chdir(place)
        assert course.find_files(pattern) == both, (place, pattern)
    monkeypatch.chdir(folder)
    target = str((tmp_path / "out").resolve())
    for typed, meant in {
        "01_b [2].ipynb": both[1],
        "01_a.ipynb::Cell 3": both[0] + "::Cell 3",
        "--ignore=notebooks/01_a*": "--ignore=" + both[0],
        "../out/x": "../out/x",  # no such place
        "../out": target,  # yet to be made
        "--to=../out": "--to=" + target,
        **{word: word for word in ("-k", "notebooks", "--save", "test[a]", "7")},
    }.items():
        assert course.find_files(typed) == [meant]


# the first call, the second, and what makes a later one work again


def test_first_call_sets_up_the_second_installs_nothing(course):
    assert run(course, "test") == [*ANEW, "pytest"]
    assert course.shell.stamp == "unfinished", "should it be killed from here on"
    for command in course.COMMANDS:
        expected = [course.MODULES.get(command, f"tools.{command}")]
        if command in ("lab", "run", "test"):
            expected = DATA + expected
        if command == "assignments":  # the first of those that need more libraries
            expected.insert(0, "pip")
        assert run(course, command) == expected


def renew(course):
    """As pip does with a newer numpy, and with a library that somebody adds."""
    place = site_packages(course.VENV)
    (place / "numpy-1.0.dist-info").rename(place / "numpy-1.1.dist-info")
    install(course.VENV, "black")


def configure(course, text):
    Path(course.VENV, "pyvenv.cfg").write_text(text)


@pytest.mark.parametrize(
    ("change", "runs"),
    [
        (lambda c: Path("requirements.txt").write_text("six\n"), ["pip", *DATA]),
        (lambda c: shutil.rmtree(site_packages(c.VENV)), ["pip", "pip", *DATA]),
        (renew, DATA),
        (lambda c: c.write_stamp("unfinished"), ANEW),
        (lambda c: os.remove(c.PYTHON), ANEW),
        (lambda c: configure(c, "home = /nowhere\nversion = 3.11.1"), ANEW),
        (lambda c: configure(c, "home = /\nversion = 3.9.1"), ANEW),
    ],
    ids=["list", "emptied", "renewed", "unfinished", "no python", "no base", "old"],
)
def test_a_later_call_does_what_has_become_necessary(ready, change, runs):
    left = Path(ready.VENV, "left")
    left.touch()
    change(ready)
    assert run(ready) == runs
    assert left.exists() == (runs != ANEW)
    assert run(ready) == DATA


def test_a_moved_or_linked_folder_installs_nothing(ready, folder, tmp_path):
    moved = folder.rename(tmp_path / "moved")
    (tmp_path / "link").symlink_to(moved, target_is_directory=True)
    for place in moved, tmp_path / "link":
        again = load_course(place / "course.py")
        assert str(moved.resolve()) == again.ROOT
        configure(again, f"home = {moved}\nversion = {sys.version}")
        again.subprocess = again.shell = ready.shell
        assert run(again) == DATA
    [path] = site_packages(moved / ".venv").glob("course.pth")
    found = path.parent / path.read_text(encoding="utf-8").splitlines()[0]
    assert found.resolve() == moved.resolve()


def test_venv_may_be_a_link_to_another_disk(course, folder, tmp_path):
    (folder / ".venv").symlink_to(tmp_path / "disk", target_is_directory=True)
    for _ in range(2):
        assert run(course) == ANEW
        assert (tmp_path / "disk" / "pyvenv.cfg").exists()
        assert (folder / ".venv").is_symlink()
        course.write_stamp("unfinished")


UV = "uv = 0.13\nprompt = nndl-notebooks\n"


@pytest.mark.parametrize("libraries", [[], ["pip"], ["nndl_notebooks", "tensorflow"]])
def test_environment_of_another_tool_is_taken_if_it_is_nobody_s_work(course, libraries):
    make_environment(Path(course.VENV), *libraries, maker=UV)
    assert run(course)[-2:] == ["pip", *DATA] and "venv" not in course.shell.ran
    assert UV in Path(course.VENV, "pyvenv.cfg").read_text()


@pytest.mark.parametrize("name", ["", "pyvenv.cfg", "thesis.txt", "lib/django"])
def test_what_is_not_ours_is_left_alone(course, name):
    theirs = Path(course.VENV, name)
    if name == "lib/django":
        make_environment(Path(course.VENV), "pip", "django", maker=UV)
    theirs.parent.mkdir(exist_ok=True)
    theirs.write_text("precious")
    assert "rename it or delete it" in last_words(course)
    assert theirs.read_text() == "precious" and course.shell.ran == []


def test_settings_of_others_do_not_get_in(ready, monkeypatch, folder):
    theirs = """PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONOPTIMIZE PYTHONWARNINGS
        PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON UV_SYSTEM_PYTHON UV_PYTHON UV_PROJECT
        UV_WORKING_DIR JUPYTER_PATH JUPYTER_CONFIG_PATH PYTEST_ADDOPTS PYTEST_PLUGINS"""
    ours = "PIP_INDEX_URL PIP_CERT PIP_PROXY UV_INDEX_URL UV_HTTP_TIMEOUT HTTPS_PROXY"
    for name in f"{theirs} {ours} PIP_USER COURSE_DATA_DIR".split():
        monkeypatch.setenv(name, "somewhere")
    run(ready)
    seen = ready.shell.environment
    assert not {*theirs.split()} & {*seen}
    assert {seen[name] for name in ours.split()} == {"somewhere"}
    assert seen["PIP_USER"] == "0"
    assert seen["COURSE_DATA_DIR"] == str(folder / "somewhere")


# the computer and its Python


@pytest.mark.parametrize("version", [(2, 7), (3, 10), (3, 14)])
def test_unsupported_python(course, monkeypatch, version):
    monkeypatch.setattr(course.sys, "version_info", Version(*version, 0))
    sentence = last_words(course)
    assert "needs Python 3.11, 3.12 or 3.13" in sentence
    assert "this is Python {}.{}:".format(*version) in sentence


def test_old_pythons_can_parse_it():
    tree = ast.parse(COURSE.read_text(encoding="ascii"), feature_version=(3, 7))
    newer = ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.YieldFrom, ast.Nonlocal
    for node in ast.walk(tree):
        assert not isinstance(node, newer), node.lineno
        if isinstance(node, ast.FunctionDef):
            assert not (node.returns or node.args.kwonlyargs), node.name


@pytest.mark.parametrize("module", ["venv", "ensurepip", "ssl", "sqlite3"])
def test_python_without_a_part(course, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    said = "python3-venv" if module in ("venv", "ensurepip") else f"module {module},"
    assert said in last_words(course)
    assert not os.path.exists(course.VENV)


NO_BUILD, NO_AVX = "no build for this computer", "lacks the AVX instructions"
OLD = {"/proc/cpuinfo": "flags\t\t: fpu sse4_2\n"}
SMALL = {"/proc/meminfo": "MemTotal: 1990000 kB\n"}
CONTAINER = {"/sys/fs/cgroup/memory.max": "1000000000\n"}
SYSTEM = {  # what the files of a suitable Linux computer say
    "/proc/cpuinfo": "processor : 0\nflags\t\t: fpu sse4_2 avx avx2\n",
    "/proc/meminfo": "MemTotal:  8000000 kB\n",
    "/sys/fs/cgroup/memory.max": "max\n",
}


@pytest.mark.parametrize(
    ("system", "machine", "files", "said"),
    [
        ("linux", "x86_64", {}, None),
        ("linux", "x86_64", {"/proc/cpuinfo": ""}, None),
        ("linux", "x86_64", OLD, NO_AVX),
        ("linux", "x86_64", SMALL, "need 3 GB (2.0 GB here)"),
        ("linux", "x86_64", CONTAINER, "need 3 GB (1.0 GB here)"),
        ("linux", "riscv64", {}, NO_BUILD),
        ("darwin", "x86_64", {}, NO_BUILD),
        ("win32", "ARM64", {}, NO_BUILD),
        ("win32", "AMD64", {}, None),
        ("win32", "AMD64", OLD, NO_AVX),
        ("win32", "AMD64", SMALL, "need 3 GB (2.0 GB here)"),
    ],
)
def test_an_unsuitable_computer(course, monkeypatch, system, machine, files, said):
    def memory(status):
        assert status[0] == 64
        status[1] = 1_990_000_000 if files == SMALL else 8_000_000_000

    features = Mock(return_value=3 if files == OLD else 7)
    windows = Mock(GetEnabledXStateFeatures=features, GlobalMemoryStatusEx=memory)
    monkeypatch.setattr("ctypes.windll", Mock(kernel32=windows), raising=False)
    monkeypatch.setattr(course, "read", lambda path: (SYSTEM | files).get(path, ""))
    monkeypatch.setattr(course.sys, "platform", system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    if said is None:
        course.check_computer()
    else:
        assert said in last_words(course)
        assert course.shell.ran == [] and not os.path.exists(course.VENV)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "full"), "not enough room on the disk"),
        (OSError(errno.EDQUOT, "full"), "not enough room on the disk"),
        (PermissionError(13, "Permission denied"), "denied): copy it to a folder of"),
        (KeyboardInterrupt(), None),
    ],
)
def test_a_folder_that_cannot_be_filled(folder, monkeypatch, capsys, error, said):
    """It is run as a program, which ends in a sentence or, by Ctrl-C, in a line."""
    monkeypatch.setattr(os, "makedirs", Mock(side_effect=error))
    monkeypatch.setattr(sys, "argv", ["course.py", "lab"])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(folder / "course.py"), run_name="__main__")
    if said:
        assert said in stopped.value.code
    else:
        assert stopped.value.code == 130
        assert capsys.readouterr().err.startswith("\nStopped; nothing half-made")
    assert not (folder / ".venv").exists()


def test_a_disk_without_room_or_a_python_that_makes_no_environment(course, monkeypatch):
    course.shell.codes["venv"] = 1
    assert "could not make the environment" in last_words(course)
    course.shell.complaint = b"OSError: [Errno 28] No space left on device"
    assert "not enough room on the disk" in last_words(course)
    room = SimpleNamespace(free=10**9)
    monkeypatch.setattr(course.shutil, "disk_usage", lambda path: room)
    assert "not enough room on the disk" in last_words(course)
    assert course.shell.ran == [] and not os.path.exists(course.VENV)


# the installers


@pytest.mark.parametrize(
    ("complaint", "hint"),
    [
        (b"OSError: [Errno 28] No space left on device", "not enough room"),
        (b"error: failed to write: Disk quota exceeded (os error 122)", "larger quota"),
        (
            b"after connection broken by 'SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]"
            b" self-signed certificate'\nERROR: No matching distribution",
            "SSL_CERT_FILE",
        ),
        (b"invalid peer certificate: UnknownIssuer", "PIP_CERT"),
        (b"OSError('Tunnel connection failed: 407 Proxy Auth...')", "HTTPS_PROXY to"),
        (b"ERROR: Missing dependencies for SOCKS support.", "unset ALL_PROXY"),
        (
            b"after connection broken by 'NewConnectionError(...)'\n"
            b"ERROR: No matching distribution found for tensorflow",
            "connect this computer to the internet",
        ),
        (b"error: Failed to fetch\n  cause: dns error", "connect this computer"),
        (b"[SSL: WRONG_VERSION_NUMBER] wrong version number", "connect this computer"),
        (b"ERROR: No matching distribution found for tensorflow", NO_BUILD),
        (b"error: No solution found when resolving", NO_BUILD),
        (b"ERROR: Can not perform a '--user' install.", "pip config list"),
        (b"HINT: This error might have occurred: Long Path", "top of the drive"),
        (b"PermissionError: [WinError 5] \x80", "could not be installed"),
    ],
)
def test_installer_fails(course, capsys, complaint, hint):
    course.shell.codes["pip"] = 1
    course.shell.complaint = complaint
    assert hint in last_words(course)
    assert complaint[:20].decode() in capsys.readouterr().err
    assert not os.path.exists(course.VENV)
    course.shell.codes.clear()
    assert run(course) == ANEW


def test_uv_is_used_where_it_is_and_pip_where_it_fails(course, monkeypatch):
    monkeypatch.setattr(course.shutil, "which", {"uv": "/opt/uv"}.get)
    assert run(course) == ["venv", "uv", *DATA]
    Path("requirements.txt").write_text("pandas\n")
    course.shell.codes["uv"] = 2
    course.shell.complaint = b"invalid peer certificate: UnknownIssuer"
    assert run(course) == ["uv", "pip", *DATA]


def test_libraries_that_landed_elsewhere_are_noticed(course, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "install", lambda *_: None)
    assert "pip config list" in last_words(course)


@pytest.mark.parametrize(
    ("code", "again"), [(1, ["pip", *DATA]), (KeyboardInterrupt, ANEW)]
)
def test_a_failed_update_is_tried_again(ready, code, again):
    Path("requirements.txt").write_text("pandas\n")
    ready.shell.codes["pip"] = code
    with pytest.raises((SystemExit, KeyboardInterrupt)):
        ready.main(["lab"])
    ready.shell.codes.clear()
    assert run(ready) == again


@pytest.mark.skipif(os.name == "nt", reason="Windows has its own locks")
def test_only_a_rival_is_taken_for_one(course, monkeypatch):
    import fcntl

    with course.lock():
        assert "Another course.py" in last_words(course)
    for name in "EACCES", "ENOSYS", "ENOLCK", "EOPNOTSUPP", "EIO":
        error = OSError(getattr(errno, name), name)
        monkeypatch.setattr(fcntl, "flock", Mock(side_effect=error))
        if name == "EACCES":
            assert "Another course.py" in last_words(course)
        else:
            assert run(course)[-1:] == DATA
            course.write_stamp("unfinished")


# the hand-over


def test_lab_starts_with_the_data_that_is_there(ready, capsys):
    ready.shell.codes["utils.datasets"] = 3
    assert run(ready, "run", code=3) == DATA
    assert run(ready, "lab") == [*DATA, "tools.lab"]
    assert "opens all the same" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "module", "code", "passed_on"),
    [("student new", "tools.student", 5, 5), ("test -k form", "pytest", -9, 137)],
)
def test_a_tool_runs_where_it_was_called_pytest_in_the_course(
    ready, typed, module, code, passed_on
):
    ready.shell.codes[module] = code
    assert run(ready, *typed.split(), code=passed_on)[-1] == module
    assert ready.shell.arguments == typed.split()[1:]
    assert ready.shell.cwd == (ready.ROOT if module == "pytest" else None)


# for real: an environment with nothing in it but pip


CHILD = """
import json, os, sys, time
print("child", json.dumps([__spec__.name, sys.argv[1:], os.getcwd(), sys.prefix]))
if "execute" in __spec__.name:
    time.sleep(float(os.environ.get("SLEEP", 0)))
    sys.exit(int(os.environ.get("CODE", 0)))
"""


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """A folder set up for real, with stand-ins for the tools; made once."""
    folder = tmp_path_factory.mktemp("Ünits & more")
    shutil.copy(COURSE, folder)
    (folder / "requirements.txt").write_text("# nothing\n")
    for module in Path("utils/datasets.py"), Path("tools/execute.py"):
        (folder / module).parent.mkdir()
        (folder / module).write_text(CHILD)
    first = call(folder, "data")
    assert first.returncode == 0, first.stderr
    return folder


def settings(**more):
    """The environment for a real call: no uv, no index but what ``more`` says."""
    theirs = "PIP_", "UV_", "PYTEST_"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(theirs)}
    path = [p for p in kept["PATH"].split(os.pathsep) if not shutil.which("uv", path=p)]
    return kept | {"PATH": os.pathsep.join(path), "PIP_CONFIG_FILE": os.devnull} | more


def call(folder, *arguments, cwd=None, **more):
    return subprocess.run(
        [sys.executable, str(folder / "course.py"), *arguments],
        cwd=cwd or folder.parent,
        env=settings(**more),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def test_real_call_from_a_folder_with_names_of_its_own(real, tmp_path):
    for name in "utils.py", "tools.py", "json.py":
        (tmp_path / name).write_text("x = 1\n")
    more = {"CODE": "7", "PYTHONPATH": str(tmp_path), "PYTHONUTF8": "1"}
    result = call(real, "run", "--save", "new", cwd=tmp_path, **more)
    assert result.returncode == 7 and not result.stderr
    data, work = (json.loads(line[6:]) for line in result.stdout.splitlines())
    assert data[:2] == ["utils.datasets", []]
    assert work[:2] == ["tools.execute", ["--save", "new"]]
    seen, meant = work[2:], (tmp_path, real / ".venv")
    assert [*map(os.path.realpath, seen)] == [*map(os.path.realpath, meant)]


CLOSED = {"PIP_INDEX_URL": "https://127.0.0.1:9/simple", "PIP_RETRIES": "1"}


@pytest.mark.parametrize(
    ("source", "hint"),
    [({"PIP_NO_INDEX": "1"}, NO_BUILD), (CLOSED, "connect this computer")],
)
def test_real_pip_failure(real, source, hint):
    listed = real / "requirements.txt"
    listed.write_text("no-such-library-for-this-test\n")
    result = call(real, "lab", **source)
    listed.write_text("# nothing\n")
    assert result.returncode == 1
    assert hint in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr
    assert call(real, "data").returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="sends Ctrl-C as a Unix terminal does")
@pytest.mark.parametrize("attempt", range(3))  # it is a race: once is luck
def test_real_interrupt_ends_in_one_line(real, attempt):
    child = subprocess.Popen(
        [sys.executable, str(real / "course.py"), "run"],
        env=settings(SLEEP="60", PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # Tests that a shell runs in the background ignore Ctrl-C, and so would
        # their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    for name in b"datasets", b"execute":
        assert name in child.stdout.readline()
    os.killpg(child.pid, signal.SIGINT)
    _, errors = child.communicate(timeout=30)
    assert (child.returncode, errors) == (130, b"\nStopped.\n")
