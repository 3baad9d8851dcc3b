"""A class server on one machine: JupyterHub with the course's environment.

Who may log in: accounts of this machine that are in the group nndl, with the password
that the machine knows. There is no sign-up and no password here. Every student's server
runs under the student's own account.
"""

import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821

COURSE = Path(__file__).resolve().parents[2]
STATE = Path("/var/lib/nndl-hub")  # the hub's database and secrets
CERTIFICATES = Path("/etc/nndl-hub")  # cert.pem and key.pem, for HTTPS
STUDENTS, TEACHERS = "nndl", "nndl-teachers"  # groups of this machine
# Measured with Unit 1: 0.8 GB for server and kernel; with Unit 4 a kernel takes up to
# 3 GB. The limit holds for each process and is kept by the kernel of Linux: a
# notebook that asks for more gets a MemoryError, nobody else notices.
LIMIT_GB = 4

STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
c.JupyterHub.db_url = f"sqlite:///{STATE}/hub.sqlite"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")

# Without a certificate passwords would cross the network in the open: then only this
# machine is served, for a try or for a web server in front that speaks HTTPS.
if (CERTIFICATES / "cert.pem").exists():
    c.JupyterHub.ssl_cert = str(CERTIFICATES / "cert.pem")
    c.JupyterHub.ssl_key = str(CERTIFICATES / "key.pem")
    c.JupyterHub.bind_url = "https://:443"
else:
    c.JupyterHub.bind_url = "http://127.0.0.1:8000"
proxy = COURSE / ".venv" / "node_modules" / ".bin" / "configurable-http-proxy"
c.ConfigurableHTTPProxy.command = [str(proxy)]

c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {STUDENTS}
c.PAMAuthenticator.admin_groups = {TEACHERS}
c.PAMAuthenticator.open_sessions = False  # a session is for a terminal

# A student's server: course.py lab, on the copy in ~/nndl, which is brought up to date
# each time. It is private (umask), its memory limited, and it outlives the hub.
python = COURSE / ".venv" / "bin" / "python"
limit = ["prlimit", f"--data={LIMIT_GB * 10**9}"]
c.Spawner.cmd = [*limit, str(python), "-P", "-m", "tools.lab"]
c.Spawner.default_url = "/lab/tree/01_introduction_to_neural_networks.ipynb"
c.Spawner.environment = {
    "COURSE_DATA_DIR": str(COURSE / "data"),
    "COURSE_WORK_DIR": "nndl",  # in the home, where the server starts
    "JUPYTER_PREFER_ENV_PATH": "1",
    "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin",
    # One thread a kernel: fair on shared cores, and the numbers are the stored ones.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}
c.LocalProcessSpawner.popen_kwargs = {"umask": 0o077}
c.JupyterHub.cleanup_servers = False
c.Spawner.start_timeout = c.Spawner.http_timeout = 180  # when all come at once
c.JupyterHub.concurrent_spawn_limit = 10

# Servers that nobody has used for an hour end; the notebooks are on the disk.
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "scopes": [
            "list:users",
            "read:users:activity",
            "read:servers",
            "delete:servers",
        ],
        "services": ["idle-culler"],
    }
]
culler = [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=3600"]
c.JupyterHub.services = [{"name": "idle-culler", "command": culler}]
os.umask(0o077)
