"""course.py sets up what is missing, says plainly what is wrong, hands over.

Most tests run a copy of it in an awkward folder with a stand-in for subprocess;
the last ones make a real environment, with nothing to install.
"""

import ast
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
import time
from collections import namedtuple
from pathlib import Path

import pytest

COURSE = Path(__file__).parent.parent / "course.py"
Version = namedtuple("Version", "major minor micro")


class Shell:
    """Stands in for subprocess: notes each command and answers as told."""

    PIPE = subprocess.PIPE

    def __init__(self, course):
        self.course = course
        self.commands = []
        self.codes = {}  # exit code of a module or of "install", else 0
        self.complaint = b""  # what the installer writes to stderr
        self.interrupt = False  # Ctrl-C while it installs

    def call(self, command):
        self.commands.append(command[1:])
        self.stamp = self.course.read_stamp()
        for path in Path(self.course.PYTHON), Path(self.course.VENV, "pyvenv.cfg"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return self.codes.get("venv", 0)

    def Popen(self, command, cwd, env=None, stderr=None):
        self.commands.append(command[1:])
        assert cwd == self.course.ROOT
        installs = "install" in command
        child = type("Child", (), {})()
        child.returncode = self.codes.get("install" if installs else command[2], 0)
        child.stderr = io.BytesIO(self.complaint)
        if self.interrupt and installs:
            child.stderr = interrupted()
        child.wait = lambda: child.returncode
        return child

    def modules(self):
        return [
            "install" if "install" in command else command[1]
            for command in self.commands
        ]


def interrupted():
    yield b"Collecting tensorflow\n"
    raise KeyboardInterrupt


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "Ünits & more"
    (folder / "notebooks").mkdir(parents=True)
    shutil.copy(COURSE, folder)
    (folder / "requirements.txt").write_text("# nothing\n")
    return folder


@pytest.fixture
def course(folder, monkeypatch):
    """course.py as a module, in the awkward folder, without a subprocess or uv."""
    spec = importlib.util.spec_from_file_location("bootstrap", folder / "course.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.shell = Shell(module)
    monkeypatch.setattr(module, "subprocess", module.shell)
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    plenty = namedtuple("usage", "total used free")(10**12, 0, 10**12)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: plenty)
    return module


def last_words(course, *arguments):
    """Return the sentence that a failing call ends with."""
    with pytest.raises(SystemExit) as stopped:
        course.main(list(arguments))
    sentence = stopped.value.code
    assert isinstance(sentence, str), "sys.exit(text): printed, exit code 1"
    assert re.fullmatch(r"[A-Z][^\n]*\.", sentence) and ". " not in sentence
    return sentence


# the help


def test_help_names_every_command(course, capsys):
    assert course.main(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in "lab", "run", "test", "data":
        assert re.search(rf"^  {command} ", shown, re.MULTILINE)
    assert course.main([]) == 2
    assert capsys.readouterr().out == shown
    assert course.shell.commands == []


def test_unknown_command(course, capsys):
    with pytest.raises(SystemExit) as stopped:
        course.main(["lap"])
    assert stopped.value.code == 2
    assert "invalid choice: 'lap'" in capsys.readouterr().err


# the first call, the second, and what makes a later one work again


def test_first_call_sets_up_and_hands_over(course):
    assert course.main(["test", "-k", "form"]) == 0
    assert course.shell.modules() == ["venv", "install", "utils.datasets", "pytest"]
    assert course.shell.commands[-1] == ["-m", "pytest", "-k", "form"]
    assert course.shell.stamp == "unfinished", "should it be killed from here on"


@pytest.mark.parametrize(
    ("command", "modules"),
    [
        ("data", ["utils.datasets"]),
        ("run", ["utils.datasets", "tools.execute"]),
        ("test", ["utils.datasets", "pytest"]),
        ("lab", ["utils.datasets", "jupyterlab"]),
    ],
)
def test_second_call_installs_nothing(course, command, modules):
    course.main(["data"])
    course.shell.commands.clear()
    course.main([command])
    assert course.shell.modules() == modules


def test_changed_requirements_are_installed_into_the_same_environment(course, folder):
    course.main(["data"])
    (folder / "requirements.txt").write_text("numpy\n")
    course.shell.commands.clear()
    course.main(["data"])
    course.main(["data"])
    assert course.shell.modules() == ["install", "utils.datasets", "utils.datasets"]


def test_another_python_makes_a_new_environment(course, monkeypatch):
    course.main(["data"])
    left = Path(course.VENV, "left")
    left.touch()
    other = 13 if sys.version_info.minor != 13 else 12
    monkeypatch.setattr(course.sys, "version_info", Version(3, other, 0))
    course.shell.commands.clear()
    course.main(["data"])
    assert course.shell.modules() == ["venv", "install", "utils.datasets"]
    assert not left.exists()


@pytest.mark.parametrize("damage", ["unfinished", "empty", "no python"])
def test_half_made_environment_is_made_anew(course, damage):
    course.main(["data"])
    left = Path(course.VENV, "left")
    left.touch()
    if damage == "no python":
        os.remove(course.PYTHON)
    else:
        Path(course.STAMP).write_text("unfinished" if damage == "unfinished" else "")
    course.shell.commands.clear()
    course.main(["data"])
    assert course.shell.modules() == ["venv", "install", "utils.datasets"]
    assert not left.exists()


def test_environment_of_somebody_else_is_left_alone(course):
    theirs = Path(course.VENV, "pyvenv.cfg")
    theirs.parent.mkdir()
    theirs.touch()
    assert "rename it or delete it" in last_words(course, "lab")
    assert theirs.exists() and course.shell.commands == []


def test_uv_is_used_when_it_is_there(course, monkeypatch):
    monkeypatch.setattr(course.shutil, "which", {"uv": "/opt/uv"}.get)
    course.main(["data"])
    assert course.shell.commands[1][:4] == ["pip", "install", "--python", course.PYTHON]


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


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_no_venv_module(course, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    assert "apt install python3-venv" in last_words(course, "lab")
    assert not os.path.exists(course.VENV)


def test_venv_fails(course):
    course.shell.codes["venv"] = 1
    assert "could not make the environment" in last_words(course, "lab")
    assert not os.path.exists(course.VENV)


def test_disk_is_full_before_the_start(course, monkeypatch):
    nearly_full = namedtuple("usage", "total used free")(10**12, 10**12, 10**9)
    monkeypatch.setattr(course.shutil, "disk_usage", lambda path: nearly_full)
    assert "not enough room on the disk" in last_words(course, "lab")
    assert course.shell.commands == [] and not os.path.exists(course.VENV)


@pytest.mark.parametrize(
    ("complaint", "hint"),
    [
        (b"OSError: [Errno 28] No space left on device", "not enough room"),
        (
            b"after connection broken by 'NewConnectionError(...)'\n"
            b"ERROR: No matching distribution found for tensorflow",
            "connect this computer to the internet",
        ),
        (b"error: Failed to fetch\n  cause: dns error", "connect this computer"),
        (b"ERROR: No matching distribution found for tensorflow", "no build for this"),
        (b"error: No solution found when resolving", "no build for this computer"),
        (b"PermissionError: [WinError 5] \x80", "could not be installed"),
    ],
)
def test_installer_fails(course, capsys, complaint, hint):
    course.shell.codes["install"] = 1
    course.shell.complaint = complaint
    assert hint in last_words(course, "lab")
    assert complaint[:20].decode() in capsys.readouterr().err
    assert not os.path.exists(course.VENV)
    course.shell.codes.clear()
    assert course.main(["data"]) == 0


def test_failed_update_keeps_the_environment_and_is_tried_again(course, folder):
    course.main(["data"])
    (folder / "requirements.txt").write_text("numpy\n")
    course.shell.codes["install"] = 1
    course.shell.complaint = b"dns error"
    assert "connect this computer" in last_words(course, "lab")
    course.shell.commands.clear()
    course.shell.codes.clear()
    course.main(["data"])
    assert course.shell.modules() == ["install", "utils.datasets"]


def test_interrupted_install_leaves_nothing(course):
    course.shell.interrupt = True
    with pytest.raises(KeyboardInterrupt):
        course.main(["lab"])
    assert not os.path.exists(course.VENV)


def test_interrupted_update_makes_a_new_environment(course, folder):
    course.main(["data"])
    (folder / "requirements.txt").write_text("numpy\n")
    course.shell.interrupt = True
    with pytest.raises(KeyboardInterrupt):
        course.main(["lab"])
    course.shell.interrupt = False
    course.shell.commands.clear()
    course.main(["data"])
    assert course.shell.modules() == ["venv", "install", "utils.datasets"]


def test_two_at_once(course):
    with course.lock():
        assert "Another course.py" in last_words(course, "lab")
    assert course.main(["data"]) == 0


@pytest.mark.parametrize(
    ("error", "code"),
    [(KeyboardInterrupt(), 130), (PermissionError(13, "Permission denied"), str)],
)
def test_interrupt_and_unwritable_folder_end_plainly(folder, monkeypatch, error, code):
    def fail(*_):
        raise error

    monkeypatch.setattr(os, "mkdir", fail)
    monkeypatch.setattr(sys, "argv", ["course.py", "lab"])
    usage = namedtuple("usage", "total used free")(10**12, 0, 10**12)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises((SystemExit, KeyboardInterrupt)) as stopped:
        runpy.run_path(str(folder / "course.py"), run_name="__main__")
    if code is str:
        assert "Permission denied" in stopped.value.code
        assert "copy it to a folder of your own" in stopped.value.code
    else:
        assert stopped.type is SystemExit and stopped.value.code == code
    assert not (folder / ".venv").exists()


def test_data_failure_stops_before_the_work(course):
    course.shell.codes["utils.datasets"] = 3
    assert course.main(["lab"]) == 3
    assert course.shell.modules()[-1] == "utils.datasets"


@pytest.mark.parametrize(("code", "passed_on"), [(0, 0), (5, 5), (-9, 137)])
def test_exit_code_is_passed_on(course, code, passed_on):
    course.shell.codes["tools.execute"] = code
    assert course.main(["run"]) == passed_on


# arguments


def test_lab_opens_unit_1_unless_told_otherwise(course, folder):
    course.main(["lab", "--port", "9999"])
    root, *rest = course.shell.commands[-1][2:]
    assert root == "--ServerApp.root_dir=" + str(folder)
    assert rest == ["--port", "9999", course.FIRST_NOTEBOOK]
    other = folder / "notebooks" / "99_other.ipynb"
    other.touch()
    course.main(["lab", "notebooks/99*"])
    assert course.shell.commands[-1][3:] == [str(other)]


def test_first_notebook_is_named_as_in_the_course(course):
    assert (COURSE.parent / course.FIRST_NOTEBOOK).exists()


def test_patterns_and_paths_are_resolved_from_any_folder(
    course, folder, tmp_path, monkeypatch
):
    names = [folder / "notebooks" / name for name in ("01_a.ipynb", "01_b.ipynb")]
    for name in names:
        name.touch()
    both = [str(name) for name in names]
    for place, pattern in (
        (tmp_path, "notebooks/01*"),  # as seen from the project
        (folder, "notebooks/01*"),
        (folder / "notebooks", "01*"),  # as seen from here
        (folder / "notebooks", "01_?.ipynb"),
        (tmp_path, str(folder / "notebooks" / "01*")),
    ):
        monkeypatch.chdir(place)
        assert course.expand([pattern]) == both
    monkeypatch.chdir(folder)
    assert course.expand(["notebooks/01_a.ipynb::Cell 3"]) == [both[0] + "::Cell 3"]
    untouched = ["-k", "notebooks", "--save", "notebooks/09*", "-x", "test[a]"]
    assert course.expand(untouched) == untouched


# for real: an environment with nothing in it but pip


CHILD = """
import json, os, sys, time
try:
    print("child", json.dumps([__spec__.name, sys.argv[1:], os.getcwd(), sys.prefix]))
    if "execute" in __spec__.name:
        time.sleep(float(os.environ.get("SLEEP", 0)))
except KeyboardInterrupt:
    sys.exit(5)
sys.exit(int(os.environ.get("CODE", 0)) if "execute" in __spec__.name else 0)
"""


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """A folder set up for real, with stand-ins for utils; made once."""
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


def call(folder, *arguments, **more):
    return subprocess.run(
        [sys.executable, str(folder / "course.py"), *arguments],
        cwd=folder.parent,
        env=settings(**more),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def test_real_set_up_from_another_folder(ready):
    started = time.monotonic()
    result = call(ready, "run", "--save", "notebooks/09*", CODE="7", PYTHONUTF8="1")
    assert time.monotonic() - started < 2
    assert result.returncode == 7 and not result.stderr
    data, work = (json.loads(line[6:]) for line in result.stdout.splitlines())
    assert data[:2] == ["utils.datasets", []]
    assert work[:2] == ["tools.execute", ["--save", "notebooks/09*"]]
    assert [os.path.realpath(path) for path in work[2:]] == [
        os.path.realpath(path) for path in (ready, ready / ".venv")
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
def test_real_pip_failure(ready, source, hint):
    nothing = (ready / "requirements.txt").read_text()
    (ready / "requirements.txt").write_text("no-such-library-for-this-test\n")
    result = call(ready, "lab", **source)
    (ready / "requirements.txt").write_text(nothing)
    assert result.returncode == 1
    assert hint in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr
    assert call(ready, "data").returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="sends Ctrl-C as a Unix terminal does")
@pytest.mark.parametrize("attempt", range(3))  # it is a race: once is luck
def test_real_interrupt_is_left_to_the_child(ready, attempt):
    child = subprocess.Popen(
        [sys.executable, str(ready / "course.py"), "run"],
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
    time.sleep(0.5)
    os.killpg(child.pid, signal.SIGINT)
    _, errors = child.communicate(timeout=30)
    assert (child.returncode, errors) == (5, b"")
