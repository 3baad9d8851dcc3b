"""The one way into the course: set up this folder, then hand over to the tools.

It needs nothing but Python itself. The first call makes a private environment
in .venv, installs requirements.txt into it and fetches the data; later calls
find all that in place and start at once. The work is then done by JupyterLab,
the modules in tools, pytest or utils.datasets. The file must parse on
old Pythons, so that they can say that they are too old: no f-strings here.
"""

import argparse
import glob
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys

PYTHONS = (3, 11), (3, 13)  # the oldest and the newest that TensorFlow supports
DOWNLOAD_MB, DISK_GB, FREE_GB = 800, 3, 4  # measured; caches need some room too

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
BIN = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")
PYTHON = os.path.join(BIN, "python.exe" if os.name == "nt" else "python")
STAMP = os.path.join(VENV, "course-stamp.txt")  # what .venv was made from
UNFINISHED = "unfinished"
FIRST_NOTEBOOK = os.path.join("notebooks", "01_introduction_to_neural_networks.ipynb")

HELP = """
commands:
  lab   open the course in JupyterLab, at Unit 1
  run   execute every notebook; results and readable pages go to build/
  test  run the tests and execute every notebook, comparing each stored output
  data  fetch the data sets and verify them
  slides   write a deck of slides for every unit to build/slides
  site     write the course as a site to build/site
  student  copy the notebooks without solutions: course.py student FOLDER

Each command first sets up what is missing: an environment in .venv (about
{mb} MB to download, once) and the data. What follows the command is passed on
to JupyterLab, tools.execute or pytest.

examples:
  python3 course.py lab
  python3 course.py lab --no-browser --port 9999
  python3 course.py run notebooks/01*
  python3 course.py test tests -k datasets

On Windows write py instead of python3.
""".format(mb=DOWNLOAD_MB)

NO_SPACE = (
    "There is not enough room on the disk: free about {gb} GB where this folder "
    "is and start again.".format(gb=FREE_GB)
)
# What the installers say, and what a newcomer can do about it; the first that
# fits is the last thing on the screen.
FAILURES = (
    (r"No space left|[Ee]rrno 28|os error 28|not enough space", NO_SPACE),
    (
        r"connection broken|tcp connect|dns error|error sending|[Tt]imed? ?out|SSL",
        "The libraries could not be downloaded: connect this computer to the "
        "internet (behind a proxy, set HTTPS_PROXY) and start again.",
    ),
    (
        r"No matching distribution|No solution found",
        "A library has no build for this computer (its name is above): TensorFlow "
        "needs 64-bit Python on Linux, on Windows with an Intel or AMD processor "
        "or on a Mac with Apple silicon; elsewhere, such as on an Intel Mac, open "
        "the notebooks in a hosted service such as Google Colab.",
    ),
    (
        "",
        "The libraries could not be installed: the lines above say why; mend that "
        "and start again.",
    ),
)


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def set_up():
    """Make .venv, or bring it up to date; do nothing when it is ready."""
    version = "{}.{}".format(*sys.version_info)
    with open(os.path.join(ROOT, "requirements.txt"), "rb") as file:
        made_from = file.read() + ROOT.encode("utf-8", "surrogateescape")
    wanted = version + " " + hashlib.sha256(made_from).hexdigest()
    if read_stamp() == wanted and os.path.exists(PYTHON):
        return
    with lock():
        found = read_stamp()
        usable = found and found.startswith(version + " ") and os.path.exists(PYTHON)
        if not usable:
            clear_the_way(found)
        try:
            if not usable:
                make_environment()
            write_stamp(UNFINISHED)
            install_libraries()
            write_stamp(wanted)
        except BaseException as error:
            if not usable:
                remove_environment()
            elif isinstance(error, SystemExit):  # nothing was replaced yet
                write_stamp(found)
            raise


def clear_the_way(found):
    """Remove a .venv that cannot be used, but never one that is not ours."""
    if found is None and os.path.exists(os.path.join(VENV, "pyvenv.cfg")):
        sys.exit(
            "The folder .venv holds an environment that course.py did not make: "
            "rename it or delete it, and start again."
        )
    check_venv_module()
    remove_environment()
    if os.path.exists(VENV):
        sys.exit(
            "The folder .venv cannot be replaced while a program uses it: close "
            "JupyterLab and all notebooks, and start again."
        )


def make_environment():
    """Make .venv, marked as unfinished, with nothing in it but pip."""
    if shutil.disk_usage(ROOT).free < FREE_GB * 1e9:
        sys.exit(NO_SPACE)
    say(
        "Setting up the course in the folder .venv: about {} MB to download, {} GB "
        "on disk, a few minutes, only this once.".format(DOWNLOAD_MB, DISK_GB)
    )
    os.mkdir(VENV)
    write_stamp(UNFINISHED)
    base = getattr(sys, "_base_executable", None) or sys.executable
    if subprocess.call([base, "-m", "venv", VENV]):
        sys.exit(
            "Python could not make the environment .venv: the lines above say why; "
            "mend that and start again."
        )


def check_venv_module():
    """Debian and Ubuntu keep this part of Python in a package of its own."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        sys.exit(
            "This Python cannot make environments: on Debian or Ubuntu run 'sudo "
            "apt install python3-venv python{}.{}-venv', elsewhere install Python "
            "from python.org; then start again.".format(*sys.version_info)
        )


def install_libraries():
    """Install requirements.txt, with uv where uv is there, else with pip."""
    uv = shutil.which("uv")
    if uv:
        command = [uv, "pip", "install", "--python", PYTHON]
    else:
        command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]
    say("Installing the libraries with " + ("uv." if uv else "pip."))
    command += ["--requirement", "requirements.txt"]
    child = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
    complaints = ""
    try:
        for line in child.stderr:
            complaints += line.decode("utf-8", "replace")
            sys.stderr.write(line.decode("utf-8", "replace"))
    finally:
        child.wait()
    if child.returncode:
        sys.exit(next(hint for words, hint in FAILURES if re.search(words, complaints)))


def remove_environment():
    """Remove .venv; if that is cut short, no environment seems to be left."""
    if os.path.exists(os.path.join(VENV, "pyvenv.cfg")):
        os.remove(os.path.join(VENV, "pyvenv.cfg"))
    shutil.rmtree(VENV, ignore_errors=True)


def read_stamp():
    if not os.path.exists(STAMP):
        return None
    with open(STAMP) as file:
        return file.read()


def write_stamp(text):
    with open(STAMP, "w") as file:
        file.write(text)


def lock():
    """Let one course.py at a time set up this folder; released when it closes."""
    file = open(os.path.join(ROOT, ".venv.lock"), "w")  # noqa: SIM115
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(
            "Another course.py is setting up this folder: wait until it has "
            "finished, and start again."
        )
    return file


def expand(arguments):
    """Resolve paths and patterns as a Unix shell would, from any folder."""
    expanded = []
    for argument in arguments:
        path, colons, rest = argument.partition("::")
        matches = []
        if not path.startswith("-") and re.search(r"[*?\[/\\]|\.(py|ipynb)$", path):
            for folder in (os.getcwd(), ROOT):
                matches = matches or glob.glob(os.path.join(glob.escape(folder), path))
        expanded += [match + colons + rest for match in sorted(matches)] or [argument]
    return expanded


def hand_over(*command):
    """Run Python in .venv with these arguments and return its exit code."""
    environment = dict(os.environ, VIRTUAL_ENV=VENV, PYTHONUTF8="1")
    environment["PATH"] = BIN + os.pathsep + environment.get("PATH", "")
    environment.pop("PYTHONHOME", None)
    child = subprocess.Popen([PYTHON] + list(command), cwd=ROOT, env=environment)
    # Ctrl-C reaches the child too: let it decide, and wait for what it says.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    code = child.wait()
    signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code


def main(arguments):
    if not PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        sys.exit(
            "This course needs Python 3.11, 3.12 or 3.13, but this is Python {}.{}: "
            "install one of them from python.org and call it by name, as in "
            "'python3.12 course.py lab' (Windows: 'py -3.12 course.py lab').".format(
                *sys.version_info
            )
        )
    parser = argparse.ArgumentParser(
        prog="course.py",
        usage="python3 course.py {lab,run,test,data,slides,site,student} [arguments]",
        description="Companion notebooks of Neural Nets and Deep Learning.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    published = ["slides", "site", "student"]
    commands = ["lab", "run", "test", "data"] + published
    parser.add_argument("command", choices=commands, help=argparse.SUPPRESS)
    if not arguments or "-h" in arguments or "--help" in arguments:
        parser.print_help()
        return 0 if arguments else 2
    command = parser.parse_args(arguments[:1]).command
    rest = expand(arguments[1:])

    set_up()
    if command in published:
        folders = [os.path.abspath(argument) for argument in rest]
        return hand_over("-m", "tools." + command, *folders)
    if command == "data":
        return hand_over("-m", "utils.datasets", *rest)
    failed = hand_over("-m", "utils.datasets")
    if failed:
        return failed
    if command == "run":
        return hand_over("-m", "tools.execute", *rest)
    if command == "test":
        return hand_over("-m", "pytest", *rest)
    if not any(os.path.exists(argument) for argument in rest):
        rest.append(FIRST_NOTEBOOK)
    return hand_over("-m", "jupyterlab", "--ServerApp.root_dir=" + ROOT, *rest)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sys.exit(
            "The course folder cannot be used ({}): copy it to a folder of your own "
            "and start again.".format(error)
        )
