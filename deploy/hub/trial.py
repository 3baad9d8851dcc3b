"""Try the class server with N students: ``sudo .venv/bin/python deploy/hub/trial.py``.

It starts the hub as it is configured, in namespaces of its own: with its own accounts,
homes and network (loopback alone), so that nothing of this machine is touched and
nothing is left. The students log in, start their server, open their copy of Unit 1, run
it to the trained network and answer a self-check. On the way things go wrong: a kernel
dies, one of them logs in twice, one asks for too much memory, one tries to read and to
write what is not hers, and the hub is killed and started again. It ends by itself; the
exit code is 1 where something was lost.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import nbformat
import psutil
import requests
import websocket

COURSE = Path(__file__).resolve().parents[2]
PLACE = Path("/srv/nndl")  # where the course lies in the trial
HUB = "http://127.0.0.1:8000"
FIRST = "01_introduction_to_neural_networks.ipynb"
SECONDS = 150  # for any one step; the trial as a whole stops after three times that
RIGHT = 'check("1.1", {1: "b", 2: 2, 3: 1, 4: "c", 5: "ab"})'


# ---- a machine of its own ----------------------------------------------------------


def run(*command: object) -> None:
    subprocess.run([*map(str, command)], check=True, stdout=subprocess.DEVNULL)


def enter(arguments: list[str]) -> None:
    """Run this file again in namespaces of its own, in place of this process."""
    apart = ["unshare", "--mount", "--pid", "--net", "--fork", "--mount-proc"]
    inside = [sys.executable, __file__, "--inside", *arguments]
    init = ["sh", "-c", '"$@"; exit $?', "sh"]  # it buries what the hub leaves behind
    os.execvp("unshare", [*apart, "--kill-child", *init, *inside])


def furnish(students: list[str]) -> dict[str, str]:
    """Lay out the machine of the trial; returns the students' passwords."""
    run("mount", "--make-rprivate", "/")
    prefix = Path(sys.prefix).resolve()
    data = Path(os.environ.get("COURSE_DATA_DIR", COURSE / "data")).resolve()
    base = Path(sys.base_prefix).resolve()
    hold = Path("/mnt")
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", hold)
    held = {"course": COURSE, "venv": prefix, "data": data, "python": base}
    for name in *held, "upper", "work":
        (hold / name).mkdir()
    for name, source in held.items():
        run("mount", "--bind", source, hold / name)
    closed = [p for p in base.parents if not p.stat().st_mode & 0o001]
    if closed:  # a Python in somebody's home, which students could not reach
        run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", closed[-1])
        base.mkdir(parents=True)
        run("mount", "--bind", hold / "python", base)
    layers = f"lowerdir=/etc,upperdir={hold}/upper,workdir={hold}/work"
    run("mount", "-t", "overlay", "-o", layers, "overlay", "/etc")
    for place in "/home", "/srv", "/var/lib":
        run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", place)
    PLACE.mkdir()
    run("mount", "--bind", hold / "course", PLACE)
    run("mount", "-o", "remount,bind,ro", PLACE)
    for name, target in {"venv": ".venv", "data": "data"}.items():
        run("mount", "--bind", hold / name, PLACE / target)
        run("mount", "-o", "remount,bind,ro", PLACE / target)
    run("ip", "link", "set", "lo", "up")
    for group in "nndl", "nndl-teachers":
        run("groupadd", group)
    passwords = {name: secrets.token_urlsafe(12) for name in students}
    for name in students:  # homes that others may enter: the copies must be safe there
        run("useradd", "--create-home", "-K", "HOME_MODE=0755", "-G", "nndl", name)
    run("useradd", "--create-home", "stranger")  # an account outside the group
    passwords["stranger"] = secrets.token_urlsafe(12)
    lines = "".join(f"{name}:{word}\n" for name, word in passwords.items())
    subprocess.run(["chpasswd"], input=lines, text=True, check=True)
    return passwords


class Hub:
    """The hub as it is configured; it may be killed and started again."""

    def __init__(self) -> None:
        self.log = open("/var/lib/hub.log", "ab")  # noqa: SIM115
        self.starts: list[float] = []
        self.start()

    def start(self) -> None:
        began = time.monotonic()
        config = PLACE / "deploy" / "hub" / "jupyterhub_config.py"
        python = PLACE / ".venv" / "bin" / "python"
        self.process = subprocess.Popen(
            [python, "-P", "-m", "jupyterhub", "--config", config],
            stdout=self.log,
            stderr=self.log,
            cwd="/",
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        )
        wait(lambda: requests.get(f"{HUB}/hub/health", timeout=5).ok, "the hub answers")
        self.starts.append(time.monotonic() - began)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def wait(condition: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    """Wait until something is true; an error counts as not yet."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if condition():
                return
        except (requests.RequestException, websocket.WebSocketException, OSError):
            pass
        except (KeyError, ValueError):  # an answer of another kind
            pass
        time.sleep(0.2)
    raise TimeoutError(f"not after {seconds:.0f} s: {what}")


# ---- a student ---------------------------------------------------------------------


class Student:
    """A browser with one login, as far as the hub and a notebook see it."""

    def __init__(self, name: str, password: str) -> None:
        self.name, self.password = name, password
        self.browser = requests.Session()
        self.times: dict[str, float] = {}
        self.socket: websocket.WebSocket | None = None
        self.kernel = ""
        self.session = uuid.uuid4().hex

    def log_in(self) -> bool:
        page = f"{HUB}/hub/login"
        self.browser.get(page, timeout=SECONDS)
        form = {"username": self.name, "password": self.password}
        form["_xsrf"] = self.browser.cookies.get("_xsrf", path="/hub/")
        answer = self.browser.post(
            page,
            form,
            timeout=SECONDS,
            allow_redirects=False,
            params={"next": "/hub/home"},
        )
        if answer.status_code != 302:
            return False
        self.browser.get(f"{HUB}/hub/home", timeout=SECONDS)
        cookies = self.browser.cookies
        self.browser.headers["X-XSRFToken"] = cookies.get("_xsrf", path="/hub/")
        tokens = f"{HUB}/hub/api/users/{self.name}/tokens"
        answer = self.browser.post(tokens, json={"note": "trial"}, timeout=SECONDS)
        answer.raise_for_status()
        self.token = answer.json()["token"]
        return True

    def ask(self, method: str, path: str, **options: object) -> requests.Response:
        """Ask the hub (/hub/...) or this student's own server (/api/...)."""
        base = HUB if path.startswith("/hub") else f"{HUB}/user/{self.name}"
        if path.startswith("/user"):
            base = HUB
        options.setdefault("timeout", SECONDS)
        head = {"Authorization": f"token {self.token}"}
        return requests.request(method, base + path, headers=head, **options)

    def start_server(self) -> None:
        began = time.monotonic()
        answer = self.ask("POST", f"/hub/api/users/{self.name}/server")
        if answer.status_code not in (201, 202, 400):  # 400: it runs already
            answer.raise_for_status()
        wait(lambda: self.ask("GET", "/api/status").ok, f"{self.name}'s server answers")
        self.times["server"] = time.monotonic() - began

    def open_copy(self) -> None:
        answer = self.ask("GET", f"/api/contents/{FIRST}")
        answer.raise_for_status()
        self.notebook = nbformat.from_dict(answer.json()["content"])
        body = {"path": FIRST, "name": FIRST, "type": "notebook"}
        answer = self.ask(
            "POST", "/api/sessions", json=body | {"kernel": {"name": "python3"}}
        )
        answer.raise_for_status()
        self.kernel = answer.json()["kernel"]["id"]
        self.connect()

    def connect(self) -> None:
        address = (
            f"{HUB.replace('http', 'ws')}/user/{self.name}/api/kernels/{self.kernel}"
        )
        self.socket = websocket.create_connection(
            f"{address}/channels?session_id={self.session}",
            header=[f"Authorization: token {self.token}"],
            timeout=SECONDS,
        )

    def execute(self, code: str, seconds: float = SECONDS) -> str:
        """Run code in the kernel; returns what it printed or the name of its error.

        A lost connection is made anew, as JupyterLab does; the kernel goes on.
        """
        number = uuid.uuid4().hex
        header = {"msg_id": number, "username": self.name, "session": self.session}
        header |= {"msg_type": "execute_request", "version": "5.3", "date": ""}
        content = {"code": code, "silent": False, "store_history": True}
        content |= {"user_expressions": {}, "allow_stdin": False, "stop_on_error": True}
        message = {"header": header, "parent_header": {}, "metadata": {}}
        message |= {"channel": "shell", "content": content, "buffers": []}
        try:
            self.socket.send(json.dumps(message))
        except (websocket.WebSocketException, OSError):
            wait(self.reconnected, f"{self.name} is connected again")
            self.socket.send(json.dumps(message))
        self.socket.settimeout(seconds)
        missing, said, error = {"reply", "idle"}, "", ""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                text = self.socket.recv()
                if not text:
                    raise websocket.WebSocketConnectionClosedException
            except (websocket.WebSocketException, OSError):
                wait(self.reconnected, f"{self.name} is connected again")
                continue
            reply = json.loads(text)
            if reply["msg_type"] == "status" and reply["content"][
                "execution_state"
            ] in (
                "restarting",
                "autorestarting",
            ):
                return "kernel died"
            if reply["parent_header"].get("msg_id") != number:
                continue
            content = reply["content"]
            if reply["msg_type"] == "stream":
                said += content["text"]
            elif reply["msg_type"] == "execute_reply":
                self.last, error = content["status"], content.get("ename", "")
                missing.discard("reply")
            elif content.get("execution_state") == "idle":  # all output has come
                missing.discard("idle")
            if not missing:
                return said if self.last == "ok" else error
        raise TimeoutError(f"{self.name}: no answer to {code[:40]!r}")

    def reconnected(self) -> bool:
        self.connect()
        return True

    def works(self) -> None:
        """Log in, open Unit 1, run it to the trained network, answer, save."""
        assert self.log_in(), f"{self.name} cannot log in"
        self.start_server()
        began = time.monotonic()
        self.open_copy()
        assert self.execute("mine = 1") == ""
        self.times["kernel"] = time.monotonic() - began
        for cell in self.notebook.cells:
            if cell.cell_type == "code":
                said = self.execute(cell.source)
                assert self.last == "ok", f"{self.name}: {said} in {cell.source[:60]!r}"
                if ".fit(" in cell.source:
                    break
        self.times["network"] = time.monotonic() - began
        assert "Passed." in self.execute(f"from utils.lesson import check\n{RIGHT}")
        self.notebook.cells.append(nbformat.v4.new_code_cell(f"# {self.name}\n{RIGHT}"))
        self.save()

    def save(self) -> None:
        body = {"type": "notebook", "format": "json", "content": self.notebook}
        self.ask("PUT", f"/api/contents/{FIRST}", json=body).raise_for_status()

    def has_saved(self) -> bool:
        content = self.ask("GET", f"/api/contents/{FIRST}").json()["content"]
        return content["cells"][-1]["source"].startswith(f"# {self.name}\n")


def all_at_once(steps: list[Callable[[], None]]) -> list[str]:
    """Take steps at the same time; returns what went wrong."""
    errors: list[str] = []

    def take(step: Callable[[], None]) -> None:
        try:
            step()
        except Exception:
            errors.append(traceback.format_exc(limit=3))

    threads = [
        threading.Thread(target=take, args=[step], daemon=True) for step in steps
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * SECONDS)
    return errors + ["a student hangs" for thread in threads if thread.is_alive()]


class Memory(threading.Thread):
    """Watches what each account's processes hold, shared pages counted once."""

    def __init__(self, students: list[str]) -> None:
        super().__init__(daemon=True)
        self.peak = dict.fromkeys(students, 0.0)
        self.together = 0.0
        self.least_left = psutil.virtual_memory().available / 1e9

    def run(self) -> None:
        while True:
            now = dict.fromkeys(self.peak, 0.0)
            for process in psutil.process_iter():
                try:
                    if process.username() in now:
                        now[process.username()] += process.memory_full_info().pss / 1e9
                except psutil.Error:
                    continue
            self.peak = {name: max(now[name], self.peak[name]) for name in now}
            self.together = max(self.together, sum(now.values()))
            left = psutil.virtual_memory().available / 1e9
            self.least_left = min(self.least_left, left)
            if left < 1:  # before anything else on this machine suffers
                print("Less than 1 GB is left: the trial stops.", flush=True)
                os._exit(1)
            time.sleep(1)


# ---- what goes wrong ---------------------------------------------------------------


def kernel_dies(student: Student) -> None:
    """A kernel is killed: Jupyter starts it again, the file is as it was saved."""
    with suppress(TimeoutError):  # a browser that missed the news sees a silent kernel
        said = student.execute("import os; os.kill(os.getpid(), 9)", 20)
        assert said == "kernel died", said
    # What is sent while it starts is lost: ask until it answers.
    wait(lambda: student.execute("mine", 10) == "NameError", "a new kernel answers")
    assert student.has_saved()
    student.execute("mine = 1")


def logs_in_twice(student: Student) -> None:
    """The second login finds the same server and the same kernel."""
    twin = Student(student.name, student.password)
    assert twin.log_in()
    twin.start_server()
    kernels = [kernel["id"] for kernel in twin.ask("GET", "/api/kernels").json()]
    assert kernels == [student.kernel]
    twin.kernel = student.kernel
    twin.connect()
    assert twin.execute("print(mine)") == "1\n"
    twin.socket.close()


def asks_for_too_much(student: Student) -> None:
    """More memory than the limit: an error in that notebook, whose kernel lives."""
    said = student.execute("import numpy as np; much = np.ones((600, 1000, 1000))")
    assert said.endswith("MemoryError"), said
    assert student.execute("print(mine)") == "1\n"


def stays_out(student: Student, other: Student) -> None:
    """Nobody reads another's files, server or kernel, or changes what is shared."""
    path = f"/home/{other.name}/nndl/{FIRST}"
    assert student.execute(f"open({path!r}).read()") == "PermissionError"
    shared = PLACE / "data" / "mine.txt"
    assert student.execute(f"open({str(shared)!r}, 'w')") in (
        "OSError",
        "PermissionError",
    )
    theirs = f"/user/{other.name}/api"
    for path in f"/contents/{FIRST}", "/kernels", f"/kernels/{other.kernel}":
        assert student.ask("GET", theirs + path).status_code in (403, 404), path
    assert student.ask("GET", f"/hub/api/users/{other.name}").status_code in (403, 404)
    connections = f"/home/{other.name}/.local/share/jupyter/runtime"
    said = student.execute(f"import os; os.listdir({connections!r})")
    assert said == "PermissionError", said


def hub_is_killed(hub: Hub, students: list[Student]) -> list[str]:
    """The hub is killed in the middle of a computation; nobody loses anything."""
    code = "import time\nfor i in range(8):\n    time.sleep(1); print(i)\nmine += 1"
    said: dict[str, str] = {}

    def computes(student: Student) -> None:
        said[student.name] = student.execute(code)

    def restart() -> None:
        time.sleep(3)
        hub.kill()
        hub.start()

    before = {s.name: pids(s.name) for s in students}
    errors = all_at_once([restart, *(lambda s=s: computes(s) for s in students)])
    for student in students:
        if before[student.name] != pids(student.name):
            errors.append(f"{student.name}: other processes than before")
        if said.get(student.name) != "".join(f"{i}\n" for i in range(8)):
            errors.append(f"{student.name} saw {said.get(student.name)!r}")
        if (mine := student.execute("print(mine)")) != "2\n":
            errors.append(f"{student.name}: the kernel has {mine!r}, not 2")
        if not student.has_saved():
            errors.append(f"{student.name}: the notebook is not as it was saved")
    return errors


def pids(name: str) -> set[int]:
    return {p.pid for p in psutil.process_iter() if p.username() == name}


# ---- the trial ---------------------------------------------------------------------


def trial(count: int) -> dict[str, object]:
    """Let the students work and things go wrong; returns what was measured."""
    names = [f"student{number:02}" for number in range(1, count + 1)]
    passwords = furnish(names)
    hub, memory = Hub(), Memory(names)
    memory.start()
    students = [Student(name, passwords[name]) for name in names]
    errors = []
    for name, password in {
        "stranger": passwords["stranger"],
        names[0]: "not the password",
        "nobody-here": "anything",
    }.items():
        if Student(name, password).log_in():
            errors.append(f"{name} could log in")
    errors += all_at_once([student.works for student in students])
    if not errors:
        first, second, last = students[0], students[1], students[-1]
        steps = {
            "kernel dies": lambda: kernel_dies(first),
            "logs in twice": lambda: logs_in_twice(second),
            "too much memory": lambda: asks_for_too_much(last),
            "stays out": lambda: stays_out(first, last),
        }
        for name, step in steps.items():
            errors += [f"{name}: {error}" for error in all_at_once([step])]
        errors += hub_is_killed(hub, students)
    if errors:
        log = Path("/var/lib/hub.log").read_text(encoding="utf-8", errors="replace")
        print(log[-6000:], file=sys.stderr)
    columns = {
        key: sorted(round(s.times[key], 1) for s in students if key in s.times)
        for key in ("server", "kernel", "network")
    }
    columns["GB"] = sorted(round(gb, 2) for gb in memory.peak.values())
    return {
        "students": count,
        "errors": errors,
        "hub": [round(seconds, 1) for seconds in hub.starts],
        **columns,
        "GB together": round(memory.together, 1),
        "GB left": round(memory.least_left, 1),
    }


def show(found: dict[str, object]) -> None:
    print(f"{found['students']} students at once, {os.cpu_count()} cores")
    print(f"{'':32}{'first':>8}{'middle':>8}{'last':>8}")
    rows = {
        "server": "server answers after, s",
        "kernel": "kernel answers after, s",
        "network": "network trained after, s",
        "GB": "memory of a student, GB",
    }
    for key, text in rows.items():
        if values := found[key]:
            picked = values[0], values[len(values) // 2], values[-1]
            print(f"{text:32}" + "".join(f"{value:8}" for value in picked))
    started = " and ".join(map(str, found["hub"]))
    print(
        f"hub started in {started} s; memory of all students {found['GB together']} GB"
    )
    print(f"errors: {len(found['errors'])}", *found["errors"], sep="\n  ")


def main() -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=2, help="2 to 50")
    parser.add_argument("--json", type=Path, help="where the figures are written, too")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not 2 <= options.students <= 50:
        parser.error("2 to 50 students")
    if os.geteuid() or not shutil.which("unshare"):
        sys.exit("The trial needs root, on Linux: it becomes several people.")
    if not options.inside:
        enter(sys.argv[1:])
    faulthandler.dump_traceback_later(3 * SECONDS, exit=True)  # and say where it hangs
    found = trial(options.students)
    show(found)
    if options.json:
        options.json.write_text(json.dumps(found), encoding="utf-8")
    return int(bool(found["errors"]))  # the end of this process ends all others


if __name__ == "__main__":
    sys.exit(main())
