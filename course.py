"""The one way into the course: set up this folder, then hand over to the tools.

It needs nothing but Python itself. The first call makes a private environment
in .venv, installs requirements.txt into it and fetches the data; later calls
find all that in place and start at once. The work is then done by the module
in tools that has the command's name, by JupyterLab, pytest or utils.datasets.

The file reads from the top: what can be typed, what is said when something goes
wrong, then the call itself - main, the arguments, the environment, the computer,
the installers, the hand-over. It must parse on old Pythons, so that they can
say that they are too old: no f-strings here.
"""

import contextlib
import errno
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
MEMORY_GB = 3  # measured: every notebook runs in it, Unit 4 just

# The real place, links resolved: the tools find themselves there, too.
ROOT = os.path.dirname(os.path.realpath(__file__))
VENV = os.path.join(ROOT, ".venv")
BIN = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")
PYTHON = os.path.join(BIN, "python.exe" if os.name == "nt" else "python")
STAMP = os.path.join(VENV, "course-stamp.txt")  # what .venv was made from
UNFINISHED = "unfinished"
NOTEBOOKS = os.path.join(ROOT, "notebooks")

# What can be typed: command, what may follow it, what it does.
COMMANDS = {
    "lab": (
        "[--original] [NOTEBOOK] [options of JupyterLab]",
        "open your own copy in JupyterLab, at Unit 1 or what is named",
    ),
    "update": ("[ARCHIVE]", "bring the course up to date; what you wrote stays"),
    "progress": ("", "show which self-checks and exercises you have done"),
    "run": (
        "[--save] [NOTEBOOK ...]",
        "execute all notebooks or those named; pages go to build/",
    ),
    "test": (
        "[NOTEBOOK or TEST ...] [options of pytest]",
        "run the tests, execute every notebook, compare each stored output",
    ),
    "data": ("", "fetch the data sets and verify them"),
    "slides": (
        "[UNIT ...]",
        "write the decks of all units, or of those named, to build/slides",
    ),
    "site": ("", "write the course as a site to build/site"),
    "student": ("FOLDER", "copy the notebooks without solutions to a new folder"),
    "assignments": ("FOLDER", "make an nbgrader course of the exercises"),
    "hosted": ("FOLDER", "write notebooks for Google Colab and Kaggle"),
    "quiz": ("FOLDER", "write the self-checks for Moodle (GIFT) and as QTI"),
}
# A command's module is tools.NAME, these apart.
MODULES = {
    "run": "tools.execute",
    "test": "pytest",
    "data": "utils.datasets",
}
NEED_DATA = ("lab", "run", "test")
NEED_MORE = ("assignments", "quiz")  # libraries that no student needs
MORE = "requirements-teaching.txt"

HELP = """\
usage: python3 course.py COMMAND [arguments]

Companion notebooks of Neural Nets and Deep Learning.

commands:
{commands}

Each command first sets up what is missing: an environment in .venv (about
{mb} MB to download, once) and the data. 'course.py COMMAND --help' says what
may follow a command.

examples:
  python3 course.py lab
  python3 course.py lab notebooks/02* --no-browser --port 9999
  python3 course.py run notebooks/01*
  python3 course.py test tests -k datasets

On Windows write py instead of python3."""

# What is said when something goes wrong: one sentence each, which is the last
# thing on the screen and says what to do.
FULL = (
    "There is not enough room on the disk: free about {gb} GB where this folder is, "
    "or ask for a larger quota, and start again.".format(gb=FREE_GB)
)
FOREIGN = (
    "The folder .venv holds an environment that course.py did not make: rename it or "
    "delete it, and start again."
)
IN_USE = (
    "The folder .venv cannot be replaced while a program uses it: close JupyterLab "
    "and all notebooks, and start again."
)
NO_BUILD = (
    "A library has no build for this computer: TensorFlow needs 64-bit Python on "
    "Linux, on Windows with an Intel or AMD processor or on a Mac with Apple silicon "
    "(there with a Python made for it); elsewhere, such as on an Intel Mac, open the "
    "notebooks in a hosted service such as Google Colab."
)
NO_AVX = (
    "The processor of this computer, or of this virtual machine, lacks the AVX "
    "instructions that TensorFlow needs: give the virtual machine the processor type "
    "'host', or open the notebooks on another computer or in a hosted service such "
    "as Google Colab."
)
NO_MEMORY = (
    "There is not enough memory for the notebooks, which need {need} GB ({here:.1f} "
    "GB here): give this virtual machine, container or account more, or open the "
    "notebooks on another computer or in a hosted service such as Google Colab."
)
NO_ROOM = (
    r"[Nn]o space left|not enough space|[Qq]uota exceeded"
    r"|([Ee]rrno|os error|WinError) (28|69|112|122|1295)\b"
)
# What the installers say, and what a newcomer can do about it; the first that
# fits is the last thing on the screen.
ELSEWHERE = (
    "The libraries were installed, but not into .venv: take target, prefix, root or "
    "user out of pip's own settings ('pip config list' shows them), and start again."
)
FAILURES = (
    (
        re.escape(ELSEWHERE)
        + r"|[Cc]an ?not (set|combine|perform).*--?(home|user|target)",
        ELSEWHERE,
    ),
    (NO_ROOM, FULL),
    (
        r"[Cc]ertificate|CERTIFICATE|UnknownIssuer|self.signed",
        "The certificate that answers for the package index is not trusted, as in "
        "networks that inspect what is encrypted: check this computer's clock, set "
        "SSL_CERT_FILE and PIP_CERT to the file with your network's certificate (uv "
        "takes the system's own with UV_SYSTEM_CERTS=1), and start again.",
    ),
    (
        r"[Pp]roxy|SOCKS",
        "The proxy does not let the download through: set HTTPS_PROXY to its address, "
        "as in http://name:password@host:port, unset ALL_PROXY, and start again.",
    ),
    (
        r"connection broken|tcp connect|dns error|error sending|[Tt]imed? ?out|SSL"
        r"|[Cc]onnection (refused|reset|aborted|closed)|unreachable|getaddrinfo"
        r"|name resolution|Failed to fetch|Max retries|connection error|Read ?Error"
        r"|IncompleteRead|network (was|is) disabled|[Hh]andshake",
        "The libraries could not be downloaded: connect this computer to the "
        "internet (behind a proxy, set HTTPS_PROXY) and start again.",
    ),
    (
        r"[Ll]ong[- ][Pp]ath|WinError 206|[Ff]ile name too long",
        "The paths in this folder grow too long for the system: move it near the top "
        "of the drive, such as C:\\nndl, and start again.",
    ),
    (
        r"No matching distribution|No solution found|no wheels with",
        "A library was not found at the package index, or has no build for this "
        "computer (its name is above): check the connection and PIP_INDEX_URL, and "
        "that Python is one from python.org or, on Linux, one for glibc; elsewhere "
        "open the notebooks in a hosted service such as Google Colab.",
    ),
    (
        "",
        "The libraries could not be installed: the lines above say why; mend that "
        "and start again.",
    ),
)


def main(arguments):
    if not PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        sys.exit(
            "This course needs Python 3.11, 3.12 or 3.13, but this is Python {}.{}: "
            "install one of them from python.org and call it by name, as in "
            "'python3.12 course.py lab' (Windows: 'py -3.12 course.py lab').".format(
                *sys.version_info
            )
        )
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        show_help()
        return 0 if arguments else 2
    command = arguments[0]
    if command not in COMMANDS:
        sys.exit(no_such_command(command))
    if "-h" in arguments or "--help" in arguments:
        show_help_of(command)
        return 0
    rest = [found for argument in arguments[1:] for found in find_files(argument)]

    set_up()
    if command in NEED_MORE and not required(MORE) <= installed():
        with lock():
            install_libraries("--requirement", MORE)
    if command in NEED_DATA:
        failed = hand_over("utils.datasets")
        if failed and command != "lab":
            return failed
        if failed:
            say("JupyterLab opens all the same; a notebook says what it misses.")
    return hand_over(MODULES.get(command, "tools." + command), *rest)


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


# What was typed


def show_help():
    lines = ["  {:11}  {}".format(name, COMMANDS[name][1]) for name in COMMANDS]
    say(HELP.format(commands="\n".join(lines), mb=DOWNLOAD_MB))


def show_help_of(command):
    """Show what a command takes; that needs no environment."""
    follows, does = COMMANDS[command]
    usage = "usage: python3 course.py {} {}".format(command, follows)
    say("{}\n\n{}{}.".format(usage.strip(), does[0].upper(), does[1:]))
    for name, module in (("lab", "jupyterlab"), ("test", "pytest")):
        if command == name:
            python = os.path.relpath(PYTHON, ROOT)
            say("For the options see: {} -m {} --help".format(python, module))


def no_such_command(typed):
    if re.search(r"[/\\.]", typed):
        return (
            "What is to be done with {}: put a command before it, as in 'python3 "
            "course.py run {}'.".format(typed, typed)
        )
    guess = closest(typed.lower().strip("-"), COMMANDS)
    if guess:
        return "There is no command '{}': did you mean '{}'?".format(typed, guess)
    return "There is no command '{}': the commands are {}.".format(
        typed, ", ".join(COMMANDS)
    )


def closest(typed, names):
    import difflib

    return next(iter(difflib.get_close_matches(typed, names, 1)), None)


def find_files(argument):
    """Return the files that an argument means, or the argument where it means none.

    Names and patterns are looked for where the command was typed, in the course
    folder and among the notebooks; cmd.exe expands no patterns itself. An option
    may carry a path behind its =, a test its name behind ::.
    """
    option, typed = re.match(r"(-[^=]*=)?(.*)", argument, re.DOTALL).groups()
    path, colons, rest = typed.partition("::")
    if path.startswith("-") or not re.search(r"[*?\[/\\]|\.(py|ipynb)$", path):
        return [argument]
    path = os.path.expanduser(path)
    places = [os.getcwd(), ROOT] + [folder for folder, _, _ in os.walk(NOTEBOOKS)]
    for place in places:
        pattern = os.path.join(glob.escape(place), path)
        exact = os.path.join(place, path)
        matches = [exact] if os.path.exists(exact) else sorted(glob.glob(pattern))
        if matches:
            return [
                (option or "") + os.path.realpath(match) + colons + rest
                for match in matches
            ]
    folder = os.path.dirname(path)
    if not option and (path.endswith((".ipynb", ".py")) or (folder and "*" in path)):
        sys.exit(no_such_file(path))
    if folder and os.path.isdir(os.path.abspath(folder)):
        return [(option or "") + os.path.abspath(path) + colons + rest]  # to be made
    return [argument]


def no_such_file(typed):
    names = {}
    for folder in (NOTEBOOKS, os.path.join(ROOT, "tests")):
        for place, _, files in os.walk(folder):
            for name in files:
                stem = os.path.splitext(name)[0]
                names[stem] = os.path.relpath(os.path.join(place, name), ROOT)
    guess = closest(os.path.splitext(os.path.basename(typed))[0], names)
    kind = "notebook" if typed.endswith(".ipynb") else "file"
    if guess:
        return "There is no {} {}: did you mean {}?".format(kind, typed, names[guess])
    return "There is no {} {}, here or in the course folder.".format(kind, typed)


# The environment in .venv


def set_up():
    """Make .venv, or bring it up to date; do nothing when it is ready."""
    version = "{}.{}".format(*sys.version_info)
    with open(os.path.join(ROOT, "requirements.txt"), "rb") as file:
        wanted = version + " " + hashlib.sha256(file.read()).hexdigest()
    found = read_stamp()
    made_from, _, libraries = found.partition("\n")
    complete = set(libraries.split()) <= installed()
    if made_from == wanted and complete and runs(version):
        return
    with lock():
        check_python()
        check_computer()
        if not found and os.path.lexists(VENV) and not may_be_taken():
            sys.exit(FOREIGN)
        usable = found != UNFINISHED and runs(version)
        if not usable:
            remove_environment()
        try:
            if not usable:
                make_environment()
            write_stamp(UNFINISHED)
            install_libraries()
            write_stamp("\n".join([wanted] + sorted(installed())))
        except BaseException as error:
            if not usable:
                remove_environment()
            elif isinstance(error, SystemExit):  # nothing was replaced yet
                write_stamp(found)
            raise


def read_stamp():
    """Return what course.py wrote into .venv; nothing where it did not make it."""
    if not os.path.isfile(STAMP):
        return ""
    with open(STAMP) as file:
        return file.read().strip()


def write_stamp(text):
    """Replace the stamp in one go, so that it is never half-written."""
    with open(STAMP + ".new", "w") as file:
        file.write(text)
    os.replace(STAMP + ".new", STAMP)


def settings_of_environment():
    """Return what pyvenv.cfg says: the Python that .venv was made with."""
    path = os.path.join(VENV, "pyvenv.cfg")
    if not os.path.isfile(path):
        return {}
    with open(path, "rb") as file:
        lines = file.read().decode("utf-8", "replace").splitlines()
    pairs = [line.partition("=") for line in lines]
    return {name.strip(): value.strip() for name, _, value in pairs}


def runs(version):
    """Tell whether .venv has a Python of this version, with its base still there."""
    settings = settings_of_environment()
    made_with = settings.get("version", settings.get("version_info", ""))
    return (
        os.path.exists(PYTHON)
        and os.path.isdir(settings.get("home", ""))
        and made_with.split(".")[:2] == version.split(".")
    )


def installed():
    """Return the names of the libraries in .venv, which others may have emptied."""
    names = set()
    for place in site_packages():
        for entry in os.listdir(place):
            name = re.match(r"(.+?)-[^-]*\.(dist|egg)-info$", entry)
            if name:
                names.add(plain_name(name.group(1)))
    return names


def site_packages():
    pattern = os.path.join("[Ll]ib", "python*", "site-packages")
    if os.name == "nt":
        pattern = os.path.join("Lib", "site-packages")
    return glob.glob(os.path.join(glob.escape(VENV), pattern))


def plain_name(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def may_be_taken():
    """Tell whether a .venv that another tool made may be filled, or holds nothing.

    uv, editors and IDEs make one for every project. It is nobody's work if it
    holds no library but the tools that come with it, and the course's if the
    course is installed in it. Nothing is deleted from it unless it is empty.
    """
    if not os.path.exists(VENV):
        return True  # a link to a folder that is yet to be made
    if not os.path.isdir(VENV):
        return False
    if not settings_of_environment().get("home"):
        return not os.listdir(VENV)
    version = "{}.{}".format(*sys.version_info)
    alone = {"pip", "setuptools", "wheel", "nndl-notebooks"}
    return installed() <= alone or ("nndl-notebooks" in installed() and runs(version))


def make_environment():
    """Make .venv, marked as unfinished, with nothing in it but pip."""
    place = os.path.realpath(VENV)  # perhaps a link to another disk
    os.makedirs(place, exist_ok=True)
    if shutil.disk_usage(place).free < FREE_GB * 1e9:
        sys.exit(FULL)
    say(
        "Setting up the course in the folder .venv: about {} MB to download, {} GB "
        "on disk, a few minutes, only this once.".format(DOWNLOAD_MB, DISK_GB)
    )
    write_stamp(UNFINISHED)
    base = getattr(sys, "_base_executable", None) or sys.executable
    complaint = complaint_of([base, "-m", "venv", place])
    if complaint is None and os.path.exists(PYTHON):
        return
    if re.search(NO_ROOM, complaint or ""):
        sys.exit(FULL)
    sys.exit(
        "Python could not make the environment .venv: the lines above say why; mend "
        "that and start again."
    )


def remove_environment():
    """Remove .venv, or what it holds if it is a link; if cut short, it stays ours."""
    if not os.path.isdir(VENV):
        return
    # A full disk must not keep it from being emptied.
    with contextlib.suppress(OSError):
        write_stamp(UNFINISHED)
    for entry in os.listdir(VENV):
        path = os.path.join(VENV, entry)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path, ignore_errors=True)
        elif path != STAMP:
            with contextlib.suppress(OSError):  # perhaps in use: see below
                os.remove(path)
    if os.path.exists(PYTHON):
        sys.exit(IN_USE)
    os.remove(STAMP)
    with contextlib.suppress(OSError):  # a link or a mounted disk stays
        os.rmdir(VENV)


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
    except OSError as error:
        # Anything else comes from a file system that has no locks: go on without.
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK):
            sys.exit(
                "Another course.py is setting up this folder: wait until it has "
                "finished, and start again."
            )
    return file


# The computer, looked at before anything is downloaded


def check_computer():
    """Stop where TensorFlow has no build, or would only crash."""
    import platform

    machine = platform.machine().lower()
    builds = {
        "linux": ("x86_64", "amd64", "aarch64", "arm64"),
        "win32": ("amd64", "x86_64"),
        "darwin": ("arm64",),
    }
    if sys.maxsize < 2**32 or machine not in builds.get(sys.platform, ()):
        sys.exit(NO_BUILD)
    if machine in ("x86_64", "amd64") and not has_avx():
        sys.exit(NO_AVX)
    here = memory_gb()
    if here < MEMORY_GB:
        sys.exit(NO_MEMORY.format(need=MEMORY_GB, here=here))


def has_avx():
    """Tell whether an Intel or AMD processor has AVX; where unknown, it has."""
    import ctypes

    if sys.platform == "win32":
        features = ctypes.windll.kernel32.GetEnabledXStateFeatures
        features.restype = ctypes.c_uint64
        return bool(features() & 4)
    flags = re.search(r"^flags\s*:(.*)", read("/proc/cpuinfo"), re.MULTILINE)
    if flags and "avx" not in flags.group(1).split():
        return False
    # The C library knows better than /proc what an emulated processor can do.
    leaf = getattr(ctypes.CDLL(None), "__x86_get_cpuid_feature_leaf", None)
    if leaf is None:
        return True
    leaf.restype = ctypes.POINTER(ctypes.c_uint32 * 8)
    return bool(leaf(0)[0][6] & 1 << 28)


def memory_gb():
    """Return the memory in GB that this computer, container or account has."""
    if sys.platform == "win32":
        import ctypes

        status = (ctypes.c_uint64 * 8)(64)  # MEMORYSTATUSEX; its size comes first
        ctypes.windll.kernel32.GlobalMemoryStatusEx(status)
        return status[1] / 1e9 if status[1] else float("inf")
    import resource

    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    limits += [
        1024 * int(n) for n in re.findall(r"MemTotal: *(\d+)", read("/proc/meminfo"))
    ]
    for group in ("memory.max", "memory/memory.limit_in_bytes"):
        limits += [int(n) for n in re.findall(r"^\d+", read("/sys/fs/cgroup/" + group))]
    address_space = resource.getrlimit(resource.RLIMIT_AS)[0]
    if address_space != resource.RLIM_INFINITY:
        limits.append(address_space)
    return min(limit for limit in limits if limit > 0) / 1e9


def read(path):
    """Return the text of one of the system's own files; nothing where it has none."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def check_python():
    """Stop where this Python was built or packaged without a part that is needed."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        sys.exit(
            "This Python cannot make environments: on Debian or Ubuntu run 'sudo "
            "apt install python3-venv python{}.{}-venv', elsewhere install Python "
            "from python.org; then start again.".format(*sys.version_info)
        )
    for part in ("ssl", "zlib", "ctypes", "sqlite3"):
        try:
            __import__(part)
        except ImportError:
            sys.exit(
                "This Python was built without its module {}, which downloads and "
                "notebooks need: install Python from python.org or from your system's "
                "packages, and start again.".format(part)
            )


# The installers


def install_libraries(*more):
    """Install requirements.txt with uv where uv is there, with pip if that fails."""
    uv = shutil.which("uv")
    if uv and os.path.realpath(os.path.dirname(uv)) != os.path.realpath(BIN):
        say("Installing the libraries with uv.")
        complaint = install([uv, "pip", "install", "--python", PYTHON] + list(more))
        if complaint is None:
            return
        if re.search(NO_ROOM, complaint):
            sys.exit(FULL)
        # pip has other certificates, other settings and another cache.
        say("That failed; once more, with pip.")
    if "pip" not in installed():
        complaint_of([PYTHON, "-m", "ensurepip"])
    say("Installing the libraries with pip.")
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]
    complaint = install(pip + list(more))
    if complaint is not None:
        sys.exit(next(hint for words, hint in FAILURES if re.search(words, complaint)))


def install(command):
    """Install into .venv; return what the installer complained of, None if it is done.

    It is done when the libraries are there: settings that somebody left may send
    them elsewhere.
    """
    complaint = complaint_of(command + ["--requirement", "requirements.txt"])
    if complaint is None and not required() <= installed():
        return ELSEWHERE
    if complaint is None:
        for place in site_packages():
            # The course itself is found from .venv, wherever both are moved to,
            # and, where .venv is a link, from the folder behind it.
            with open(os.path.join(place, "course.pth"), "wb") as file:
                for path in os.path.relpath(ROOT, place), ROOT:
                    file.write(path.encode("utf-8", "surrogateescape") + b"\n")
    return complaint


def required(listed="requirements.txt"):
    """Return the names of the libraries listed that every computer needs."""
    with open(os.path.join(ROOT, listed), "rb") as file:
        lines = file.read().decode("utf-8").splitlines()
    names = [re.match(r"([A-Za-z0-9][\w.-]*) *([\[~=<>!#]|$)", line) for line in lines]
    return {
        plain_name(name.group(1))
        for name, line in zip(names, lines)
        if name and ";" not in line
    }


def complaint_of(command):
    """Run an installer, its lines on the screen; return its complaints if it fails."""
    try:
        child = subprocess.Popen(
            command, cwd=ROOT, env=environment(), stderr=subprocess.PIPE
        )
    except OSError as error:
        return str(error)  # a program of that name which does not run here
    complaints = ""
    try:
        for line in child.stderr:
            complaints += line.decode("utf-8", "replace")
            sys.stderr.write(line.decode("utf-8", "replace"))
    finally:
        child.stderr.close()
        child.wait()
    return complaints if child.returncode else None


# The hand-over

# Of what somebody has set, this reaches the installers: where packages lie and
# how the network is reached. What sends libraries elsewhere does not.
REACH = re.compile(
    "INDEX|FIND_LINKS|_HOST|PROXY|CERT|TLS|CACHE|CONFIG_FILE|NO_CONFIG|RETR|TIMEOUT"
    "|KEYRING|OFFLINE|CONSTRAINT|LINK_MODE|HTTP|AUTH|CREDENTIAL|CONCURRENT|PROGRESS"
)
# Python, pytest and Jupyter take nothing from outside that changes what runs.
HARMLESS = ("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
DROPPED = re.compile(
    "PYTHON|PYTEST_|JUPYTER_(CONFIG_)?PATH$|JUPYTERLAB_DIR$|__PYVENV_LAUNCHER__$"
)

# Runs a module as python -m does, but not what lies in the folder of the call,
# and ends in one line where Ctrl-C meets it unprepared.
RUN = """\
import runpy, sys
try:
    runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
except KeyboardInterrupt:
    sys.stderr.write("\\nStopped.\\n")
    sys.exit(130)
"""


def environment():
    """Return the variables for what runs in .venv, without what others have set."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if (name in HARMLESS or not DROPPED.match(name))
        and (not name.startswith(("PIP_", "UV_")) or REACH.search(name))
    }
    # As said by nobody, above what pip.conf may say.
    for name in ("PIP_USER", "PIP_NO_DEPS", "PIP_DRY_RUN", "PIP_REQUIRE_HASHES"):
        kept[name] = "0"
    for name in ("COURSE_DATA_DIR", "COURSE_WORK_DIR"):
        if kept.get(name):
            kept[name] = os.path.abspath(os.path.expanduser(kept[name]))
    kept.update(VIRTUAL_ENV=VENV, PYTHONUTF8="1", JUPYTER_PREFER_ENV_PATH="1")
    kept["PATH"] = BIN + os.pathsep + kept.get("PATH", "")
    return kept


def hand_over(module, *arguments):
    """Run a module in .venv with these arguments and return its exit code.

    Ctrl-C reaches it too: it decides, and we wait for what it says. It ends the
    whole command if it ends the module.
    """
    pressed = []
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: pressed.append(True))
    child = subprocess.Popen(
        [PYTHON, "-P", "-c", RUN, module] + list(arguments),
        cwd=ROOT if module == "pytest" else None,
        env=environment(),
    )
    code = child.wait()
    signal.signal(signal.SIGINT, before)
    code = code if code >= 0 else 128 - code
    if pressed and code:
        sys.exit(code)
    return code


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped; nothing half-made is left: start again.\n")
        sys.exit(130)
    except OSError as error:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
            sys.exit(FULL)
        sys.exit(
            "The course folder cannot be used ({}): copy it to a folder of your own "
            "and start again.".format(error)
        )
