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

from tests.conftest import load_course

import pytest

ROOT = Path(__file__).parent.parent
COURSE = ROOT / "course.py"
Version = namedtuple("Version", "major minor micro")
Usage = namedtuple("Usage", "total used free")


class Shell:
    """Stands in for subprocess: notes each command and answers as told."""

    PIPE = subprocess.PIPE

    def __init__(self, course):
        self.course = course
        self.commands = []  # what was run: venv, uv, pip, or a module with arguments
        self.codes = {}  # exit code of any of them, else 0
        self.complaint = b""  # what the installer writes to stderr
        self.interrupt = False  # Ctrl-C while it installs
        self.environment = None

    def Popen(self, command, cwd=None, env=None, stderr=None):
        name = command[4] if command[1] == "-P" else "pip"
        if command[1:3] == ["pip", "install"]:
            name = "uv"
        if "venv" in command:
            name = "venv"
            self.stamp = self.course.read_stamp()
            make_environment(Path(self.course.VENV), self.course.sys.version_info)
            install(Path(self.course.VENV), "pip")
        self.commands.append([name, *command[5:]] if command[1] == "-P" else [name])
        self.environment, self.cwd = env, cwd
        child = type("Child", (), {})()
        child.returncode = self.codes.get(name, 0)
        child.stderr = io.BytesIO(self.complaint)
        if "install" in command and child.returncode == 0:
            for option, listed in pairwise(command):
                if option == "--requirement":
                    libraries = self.course.required(listed)
                    install(Path(self.course.VENV), *libraries)
        if self.interrupt and name == "pip":
            child.stderr = interrupted()
        child.wait = lambda: child.returncode
        return child

    def names(self):
        return [command[0] for command in self.commands]


def interrupted():
    yield b"Collecting tensorflow\n"
    raise KeyboardInterrupt


def site_packages(venv):
    if os.name == "nt":
        return venv / "Lib" / "site-packages"
    return venv / "lib" / "python3.x" / "site-packages"


def make_environment(venv, version, maker=""):
    """Lay out what python -m venv makes, as far as course.py looks at it."""
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    python.parent.mkdir(parents=True, exist_ok=True)
    python.touch()
    site_packages(venv).mkdir(parents=True, exist_ok=True)
    number = ".".join(str(part) for part in version[:2])
    settings = f"home = {venv.parent}\nversion = {number}.1\n{maker}"
    (venv / "pyvenv.cfg").write_text(settings, encoding="utf-8")


def install(venv, *libraries):
    for library in libraries:
        (site_packages(venv) / f"{library}-1.0.dist-info").mkdir(exist_ok=True)


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
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: Usage(1, 0, 10**12))
    monkeypatch.chdir(folder)
    return module


@pytest.fixture
def ready(course):
    """The same, set up already."""
    course.main(["data"])
    course.shell.commands.clear()
    return course


def last_words(course, *arguments):
    """Return the sentence that a failing call ends with."""
    with pytest.raises(SystemExit) as stopped:
        course.main(list(arguments))
    sentence = stopped.value.code
    assert isinstance(sentence, str), "sys.exit(text): printed, exit code 1"
    assert re.fullmatch(r"[A-Z][^\n]*[.?]", sentence) and ". " not in sentence
    return sentence


# what can be typed


def test_help_names_every_command(course, capsys):
    assert course.main(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in course.COMMANDS:
        assert re.search(rf"^  {command}  ", shown, re.MULTILINE)
    assert max(map(len, shown.splitlines())) <= 80
    assert course.main([]) == 2
    assert capsys.readouterr().out == shown
    assert course.shell.commands == []


def test_help_after_a_command_is_that_command_s(course, capsys):
    for command, (follows, _) in course.COMMANDS.items():
        assert course.main([command, "--help"]) == 0
        shown = " ".join(capsys.readouterr().out.split())
        assert f"usage: python3 course.py {command} {follows}".strip() in shown
    assert course.shell.commands == [], "no set-up for that"


def test_every_command_has_its_module_and_names_its_options(course):
    for command, (follows, _) in course.COMMANDS.items():
        module = course.MODULES.get(command, f"tools.{command}")
        assert importlib.util.find_spec(module), module
        if module.startswith("tools."):
            source = Path(importlib.util.find_spec(module).origin).read_text("utf-8")
            for option in re.findall(r'add_argument\(\s*"(--[a-z-]+)', source):
                assert option in follows, f"{command} takes {option}"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("lap", "did you mean 'lab'?"),
        ("LAB", "did you mean 'lab'?"),
        ("--tests", "did you mean 'test'?"),
        ("slide", "did you mean 'slides'?"),
        ("frobnicate", "the commands are lab, update,"),
        ("notebooks/01_a.ipynb", "put a command before it"),
    ],
)
def test_unknown_command(course, typed, said):
    assert said in last_words(course, typed)


def test_misspelt_notebook(course, folder):
    (folder / "notebooks" / "labs" / "01_gates_by_hand.ipynb").touch()
    sentence = last_words(course, "run", "notebooks/01_gate_by_hand.ipynb")
    assert "did you mean" in sentence and "01_gates_by_hand.ipynb?" in sentence
    sentence = last_words(course, "test", "notebooks/06_transformers.ipynb")
    assert "There is no notebook notebooks/06_transformers.ipynb" in sentence
    assert "There is no file" in last_words(course, "lab", "notebooks/09*")
    assert course.shell.commands == []


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
    assert course.find_files("01_b [2].ipynb") == both[1:]
    assert course.find_files("01_a.ipynb::Cell 3") == [both[0] + "::Cell 3"]
    monkeypatch.chdir(folder)
    assert course.find_files("--ignore=notebooks/01_a*") == ["--ignore=" + both[0]]
    assert course.find_files("../out/x") == ["../out/x"], "no such place"
    target = str((tmp_path / "out").resolve())
    assert course.find_files("../out") == [target], "yet to be made"
    assert course.find_files("--to=../out") == ["--to=" + target]
    for untouched in "-k", "notebooks", "--save", "-x", "test[a]", "7":
        assert course.find_files(untouched) == [untouched]


def test_a_tool_runs_where_it_was_called_pytest_in_the_course(ready, tmp_path):
    ready.main(["student", "new"])
    assert ready.shell.commands[-1] == ["tools.student", "new"]
    assert ready.shell.cwd is None
    ready.main(["test", "-k", "form"])
    assert ready.shell.commands[-1] == ["pytest", "-k", "form"]
    assert ready.shell.cwd == ready.ROOT


# the first call, the second, and what makes a later one work again


def test_first_call_sets_up_the_second_installs_nothing(course):
    assert course.main(["test"]) == 0
    assert course.shell.names() == ["venv", "pip", "utils.datasets", "pytest"]
    assert course.shell.stamp == "unfinished", "should it be killed from here on"
    for command in course.COMMANDS:
        course.shell.commands.clear()
        course.main([command])
        expected = [course.MODULES.get(command, f"tools.{command}")]
        if command in ("lab", "run", "test"):
            expected.insert(0, "utils.datasets")
        if command == "assignments":  # the first of those that need more libraries
            expected.insert(0, "pip")
        assert course.shell.names() == expected


def test_changed_requirements_are_installed_into_the_same_environment(ready, folder):
    (folder / "requirements.txt").write_text("pandas\n")
    ready.main(["data"])
    ready.main(["data"])
    assert ready.shell.names() == ["pip", "utils.datasets", "utils.datasets"]


def test_an_emptied_environment_is_filled_again(ready):
    (site_packages(Path(ready.VENV)) / "numpy-1.0.dist-info").rmdir()
    ready.main(["data"])
    ready.main(["data"])
    assert "pip" in ready.shell.names()
    assert ready.shell.names()[-2:] == ["utils.datasets"] * 2


def test_a_library_that_somebody_added_or_renewed_does_no_harm(ready):
    install(Path(ready.VENV), "black")
    place = site_packages(Path(ready.VENV))
    (place / "numpy-1.0.dist-info").rename(place / "numpy-1.1.dist-info")
    ready.main(["data"])
    assert ready.shell.names() == ["utils.datasets"]


def test_a_moved_or_linked_folder_installs_nothing(ready, folder, tmp_path):
    moved = folder.rename(tmp_path / "moved")
    (tmp_path / "link").symlink_to(moved, target_is_directory=True)
    for place in moved, tmp_path / "link":
        again = load_course(place / "course.py")
        assert str(moved.resolve()) == again.ROOT
        config = Path(again.VENV, "pyvenv.cfg")
        config.write_text(config.read_text("utf-8").replace(str(folder), str(moved)))
        again.subprocess = ready.shell
        ready.shell.commands.clear()
        assert again.main(["data"]) == 0
        assert ready.shell.names() == ["utils.datasets"]
    [path] = site_packages(moved / ".venv").glob("course.pth")
    found = path.parent / path.read_text(encoding="utf-8").splitlines()[0]
    assert found.resolve() == moved.resolve()


def test_venv_may_be_a_link_to_another_disk(course, folder, tmp_path):
    (folder / ".venv").symlink_to(tmp_path / "disk", target_is_directory=True)
    for _ in range(2):
        assert course.main(["data"]) == 0
        assert course.shell.names()[0] == "venv"
        assert (tmp_path / "disk" / "pyvenv.cfg").exists()
        assert (folder / ".venv").is_symlink()
        course.shell.commands.clear()
        course.write_stamp("unfinished")


@pytest.mark.parametrize("damage", ["unfinished", "no python", "no base", "version"])
def test_unusable_environment_is_made_anew(ready, monkeypatch, damage):
    left = Path(ready.VENV, "left")
    left.touch()
    if damage == "unfinished":
        Path(ready.STAMP).write_text("unfinished")
    elif damage == "no python":
        os.remove(ready.PYTHON)
    elif damage == "no base":
        config = Path(ready.VENV, "pyvenv.cfg")
        config.write_text("home = /nowhere/at/all\nversion = 3.11.1\n")
    else:
        other = 13 if sys.version_info.minor != 13 else 12
        monkeypatch.setattr(ready.sys, "version_info", Version(3, other, 0))
    ready.main(["data"])
    assert ready.shell.names() == ["venv", "pip", "utils.datasets"]
    assert not left.exists()


UV = "uv = 0.13\nprompt = nndl-notebooks\n"


@pytest.mark.parametrize(
    ("libraries", "taken"),
    [
        ([], True),
        (["pip"], True),
        (["nndl_notebooks", "tensorflow"], True),
        (["six"], False),
        (["pip", "django"], False),
    ],
)
def test_environment_of_another_tool_is_taken_if_it_is_nobody_s_work(
    course, libraries, taken
):
    theirs = Path(course.VENV)
    make_environment(theirs, sys.version_info, UV)
    install(theirs, *libraries)
    if taken:
        assert course.main(["data"]) == 0
        assert "venv" not in course.shell.names()
    else:
        assert "rename it or delete it" in last_words(course, "lab")
        assert course.shell.commands == []
    assert UV in (theirs / "pyvenv.cfg").read_text()


@pytest.mark.parametrize("thing", ["file", "folder", "config"])
def test_what_is_not_ours_is_left_alone(course, thing):
    theirs = Path(course.VENV)
    if thing == "file":
        theirs.write_text("precious")
    else:
        theirs.mkdir()
        theirs /= "pyvenv.cfg" if thing == "config" else "thesis.txt"
        theirs.write_text("precious")
    assert "rename it or delete it" in last_words(course, "lab")
    assert theirs.read_text() == "precious" and course.shell.commands == []


# what somebody has set


def test_settings_of_others_do_not_get_in(ready, monkeypatch, folder):
    theirs = "PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONOPTIMIZE PYTHONWARNINGS"
    theirs += " PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON UV_SYSTEM_PYTHON UV_PYTHON"
    theirs += " UV_PROJECT UV_WORKING_DIR JUPYTER_PATH JUPYTER_CONFIG_PATH"
    theirs += " PYTEST_ADDOPTS PYTEST_PLUGINS"
    ours = "PIP_INDEX_URL PIP_CERT PIP_PROXY UV_INDEX_URL UV_HTTP_TIMEOUT HTTPS_PROXY"
    for name in [*theirs.split(), *ours.split()]:
        monkeypatch.setenv(name, "somewhere")
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("COURSE_DATA_DIR", "class")
    ready.main(["data"])
    seen = ready.shell.environment
    assert not [name for name in theirs.split() if name in seen]
    assert all(seen[name] == "somewhere" for name in ours.split())
    assert seen["PIP_USER"] == "0"
    assert seen["COURSE_DATA_DIR"] == str(folder / "class")


# failures


@pytest.mark.parametrize("version", [(2, 7), (3, 6), (3, 10), (3, 14), (4, 0)])
def test_unsupported_python(course, monkeypatch, version):
    monkeypatch.setattr(course.sys, "version_info", Version(*version, 0))
    sentence = last_words(course, "lab")
    assert "needs Python 3.11, 3.12 or 3.13" in sentence
    assert "this is Python {}.{}:".format(*version) in sentence
    assert not os.path.exists(course.VENV)


def test_old_pythons_can_parse_it():
    source = COURSE.read_text(encoding="ascii")
    tree = ast.parse(source, feature_version=(3, 7))
    newer = ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.YieldFrom, ast.Nonlocal
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, newer)]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert not (node.returns or node.args.kwonlyargs), node.name


@pytest.mark.parametrize("module", ["venv", "ensurepip", "ssl", "sqlite3"])
def test_python_without_a_part(course, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    said = "apt install python3-venv" if module in ("venv", "ensurepip") else module
    assert said in last_words(course, "lab")
    assert not os.path.exists(course.VENV)


SYSTEM = {  # what the files of a suitable Linux computer say
    "/proc/cpuinfo": "processor : 0\nflags\t\t: fpu sse4_2 avx avx2\n",
    "/proc/meminfo": "MemTotal:  8000000 kB\n",
    "/sys/fs/cgroup/memory.max": "max\n",
}


@pytest.mark.parametrize(
    ("path", "says", "said"),
    [
        ("/proc/cpuinfo", "flags\t\t: fpu sse4_2\n", "lacks the AVX instructions"),
        ("/proc/meminfo", "MemTotal: 1990000 kB\n", "need 3 GB (2.0 GB here)"),
        ("/sys/fs/cgroup/memory.max", "1000000000\n", "need 3 GB (1.0 GB here)"),
        ("/proc/cpuinfo", "", None),
    ],
)
def test_unsuitable_linux_computer(course, monkeypatch, path, says, said):
    files = {**SYSTEM, path: says}
    monkeypatch.setattr(course, "read", lambda path: files.get(path, ""))
    monkeypatch.setattr(course.sys, "platform", "linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    if said is None:
        assert course.main(["data"]) == 0
    else:
        assert said in last_words(course, "lab")
        assert course.shell.commands == [] and not os.path.exists(course.VENV)


@pytest.mark.parametrize(
    ("features", "total", "said"),
    [(7, 8e9, None), (3, 8e9, "lacks the AVX"), (7, 2e9, "need 3 GB (2.0 GB here)")],
)
def test_windows_computer(course, monkeypatch, features, total, said):
    import ctypes

    def memory(status):
        assert status[0] == 64
        status[1] = int(total)

    kernel = type("Kernel", (), {})()
    kernel.GetEnabledXStateFeatures = type(
        "F", (), {"__call__": lambda self: features}
    )()
    kernel.GlobalMemoryStatusEx = memory
    library = type("Library", (), {"kernel32": kernel})
    monkeypatch.setattr(ctypes, "windll", library, raising=False)
    monkeypatch.setattr(course.sys, "platform", "win32")
    monkeypatch.setattr("platform.machine", lambda: "AMD64")
    if said is None:
        course.check_computer()
    else:
        assert said in last_words(course, "lab")


@pytest.mark.parametrize(
    ("system", "machine"),
    [("darwin", "x86_64"), ("win32", "ARM64"), ("linux", "riscv64"), ("aix", "ppc")],
)
def test_computer_without_a_build(course, monkeypatch, system, machine):
    monkeypatch.setattr(course.sys, "platform", system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert "no build for this computer" in last_words(course, "lab")
    assert course.shell.commands == []


def test_venv_fails(course):
    course.shell.codes["venv"] = 1
    assert "could not make the environment" in last_words(course, "lab")
    assert not os.path.exists(course.VENV)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, None])
def test_disk_is_full_before_the_start(course, folder, monkeypatch, capsys, number):
    def full(*_, **__):
        raise OSError(number, os.strerror(number))

    if number is None:
        monkeypatch.setattr(course.shutil, "disk_usage", lambda path: Usage(1, 1, 1e9))
        assert "not enough room on the disk" in last_words(course, "lab")
    else:
        monkeypatch.setattr(os, "makedirs", full)
        assert "not enough room on the disk" in last_words_of_call(monkeypatch, folder)
    assert course.shell.commands == []


def last_words_of_call(monkeypatch, folder):
    """Return what the file, run as a program, ends with."""
    monkeypatch.setattr(sys, "argv", ["course.py", "lab"])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(folder / "course.py"), run_name="__main__")
    return stopped.value.code


def test_unwritable_folder_and_interrupt_end_plainly(folder, monkeypatch, capsys):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(os, "makedirs", fail)
    error = PermissionError(13, "Permission denied")
    sentence = last_words_of_call(monkeypatch, folder)
    assert "Permission denied" in sentence and "a folder of your own" in sentence
    error = KeyboardInterrupt()
    assert last_words_of_call(monkeypatch, folder) == 130
    assert capsys.readouterr().err.strip().startswith("Stopped; nothing half-made")
    assert not (folder / ".venv").exists()


@pytest.mark.parametrize(
    ("complaint", "hint"),
    [
        (b"OSError: [Errno 28] No space left on device", "not enough room"),
        (b"error: failed to write: Disk quota exceeded (os error 122)", "larger quota"),
        (
            b"after connection broken by 'SSLError(SSLCertVerificationError(1, '[SSL: "
            b"CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed "
            b"certificate in certificate chain'\nERROR: No matching distribution",
            "certificate",
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
        (b"ERROR: No matching distribution found for tensorflow", "no build for this"),
        (b"error: No solution found when resolving", "no build for this computer"),
        (b"ERROR: Can not perform a '--user' install.", "pip config list"),
        (
            b"HINT: This error might have occurred: Long Path support",
            "top of the drive",
        ),
        (b"PermissionError: [WinError 5] \x80", "could not be installed"),
    ],
)
def test_installer_fails(course, capsys, complaint, hint):
    course.shell.codes["pip"] = 1
    course.shell.complaint = complaint
    assert hint in last_words(course, "lab")
    assert complaint[:20].decode() in capsys.readouterr().err
    assert not os.path.exists(course.VENV)
    course.shell.codes.clear()
    assert course.main(["data"]) == 0


def test_uv_is_used_where_it_is_and_pip_where_it_fails(course, monkeypatch, folder):
    monkeypatch.setattr(course.shutil, "which", {"uv": "/opt/uv"}.get)
    course.main(["data"])
    assert course.shell.names() == ["venv", "uv", "utils.datasets"]
    (folder / "requirements.txt").write_text("pandas\n")
    course.shell.codes["uv"] = 2
    course.shell.complaint = b"invalid peer certificate: UnknownIssuer"
    course.main(["data"])
    assert "pip" in course.shell.names()


def test_libraries_that_landed_elsewhere_are_noticed(course, monkeypatch):
    monkeypatch.setattr(course, "required", lambda *_: {"tensorflow"})
    monkeypatch.setattr(course, "installed", lambda: {"pip"})
    assert "pip config list" in last_words(course, "lab")


def test_failed_update_keeps_the_environment_and_is_tried_again(ready, folder):
    (folder / "requirements.txt").write_text("pandas\n")
    ready.shell.codes["pip"] = 1
    ready.shell.complaint = b"dns error"
    assert "connect this computer" in last_words(ready, "lab")
    ready.shell.commands.clear()
    ready.shell.codes.clear()
    ready.main(["data"])
    assert ready.shell.names() == ["pip", "utils.datasets"]


def test_interrupted_install_leaves_nothing(course):
    course.shell.interrupt = True
    with pytest.raises(KeyboardInterrupt):
        course.main(["lab"])
    assert not os.path.exists(course.VENV)


def test_interrupted_update_makes_a_new_environment(ready, folder):
    (folder / "requirements.txt").write_text("pandas\n")
    ready.shell.interrupt = True
    with pytest.raises(KeyboardInterrupt):
        ready.main(["lab"])
    ready.shell.interrupt = False
    ready.shell.commands.clear()
    ready.main(["data"])
    assert ready.shell.names() == ["venv", "pip", "utils.datasets"]


def test_two_at_once(course):
    with course.lock():
        assert "Another course.py" in last_words(course, "lab")
    assert course.main(["data"]) == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has its own locks")
@pytest.mark.parametrize(
    ("number", "rival"),
    [(errno.EACCES, True)]
    + [(n, False) for n in (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EIO)],
)
def test_only_a_rival_is_taken_for_one(course, monkeypatch, number, rival):
    import fcntl

    def flock(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    if rival:
        assert "Another course.py" in last_words(course, "lab")
    else:
        assert course.main(["data"]) == 0


def test_lab_starts_with_the_data_that_is_there(ready, capsys):
    ready.shell.codes["utils.datasets"] = 3
    assert ready.main(["run"]) == 3
    assert ready.shell.names() == ["utils.datasets"]
    assert ready.main(["lab"]) == 0
    assert ready.shell.names()[-1] == "tools.lab"
    assert "opens all the same" in capsys.readouterr().out


@pytest.mark.parametrize(("code", "passed_on"), [(0, 0), (5, 5), (-9, 137)])
def test_exit_code_is_passed_on(ready, code, passed_on):
    ready.shell.codes["tools.execute"] = code
    assert ready.main(["run"]) == passed_on


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
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIP_", "UV_", "PYTEST_"))
    }
    path = [p for p in kept["PATH"].split(os.pathsep) if not shutil.which("uv", path=p)]
    kept.update(PATH=os.pathsep.join(path), PIP_CONFIG_FILE=os.devnull, **more)
    return kept


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
    (tmp_path / "utils.py").write_text("x = 1\n")
    (tmp_path / "tools.py").write_text("x = 1\n")
    (tmp_path / "cluster").mkdir()
    (tmp_path / "cluster" / "json.py").write_text("x = 1\n")
    result = call(
        *(real, "run", "--save", "new"),
        cwd=tmp_path,
        CODE="7",
        PYTHONPATH=str(tmp_path / "cluster"),
        PYTHONUTF8="1",
    )
    assert result.returncode == 7 and not result.stderr
    data, work = (json.loads(line[6:]) for line in result.stdout.splitlines())
    assert data[:2] == ["utils.datasets", []]
    assert work[:2] == ["tools.execute", ["--save", "new"]]
    assert [os.path.realpath(path) for path in work[2:]] == [
        os.path.realpath(path) for path in (tmp_path, real / ".venv")
    ]


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ({"PIP_NO_INDEX": "1"}, "no build for this computer"),
        (
            {"PIP_INDEX_URL": "https://127.0.0.1:9/simple", "PIP_RETRIES": "1"},
            "connect this computer to the internet",
        ),
    ],
)
def test_real_pip_failure(real, source, hint):
    nothing = (real / "requirements.txt").read_text()
    (real / "requirements.txt").write_text("no-such-library-for-this-test\n")
    result = call(real, "lab", **source)
    (real / "requirements.txt").write_text(nothing)
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
