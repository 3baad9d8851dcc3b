"""The environment of every kernel that a tool starts: the course's, not the user's.

A stored output must not depend on who computes it. Whatever a profile, a
matplotlibrc, a keras.json, a module system or another course has left on this
computer is kept away from the notebooks, and so is a graphics card. What says
how to compute (threads, instruction sets, COURSE_SEED) stays in the caller's hand.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from tools.notebooks import ROOT

SETTINGS = "CUDA_", "IPYTHON", "JUPYTER", "KERAS_", "MATPLOTLIB", "MPL", "PYTHON", "TF_"
# Where Python keeps its bytecode, how it writes text, how many threads compute.
KEPT = "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONUTF8", "TF_NUM_"


def isolate() -> None:
    """Give this process, and so every kernel that it starts, fresh settings.

    The settings live in build/kernel, or in a temporary folder where the
    course cannot be written to. Matplotlib's list of fonts is made there once:
    the first figure of a fresh computer neither waits for it nor says so.
    """
    for name in [*os.environ]:
        if name.startswith(SETTINGS) and not name.startswith(KEPT):
            del os.environ[name]
    home = _home()
    fonts = home / f"matplotlib-{version('matplotlib')}"
    os.environ |= {
        "CUDA_VISIBLE_DEVICES": "-1",
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "jupyter"),
        "JUPYTER_DATA_DIR": str(home / "jupyter"),
        # A kernel of this name that the user has installed does not count.
        "JUPYTER_PREFER_ENV_PATH": "1",
        "KERAS_HOME": str(home / "keras"),
        "MPLCONFIGDIR": str(fonts),
    }
    for name in "IPYTHONDIR", "JUPYTER_DATA_DIR", "KERAS_HOME", "MPLCONFIGDIR":
        Path(os.environ[name]).mkdir(parents=True, exist_ok=True)
    if not [*fonts.glob("fontlist-*.json")]:
        make = [sys.executable, "-c", "import matplotlib.font_manager"]
        subprocess.run(make, stderr=subprocess.DEVNULL, check=False)


def _home() -> Path:
    home = ROOT / "build" / "kernel"
    try:
        home.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=home).close()
    except OSError:
        home = Path(tempfile.mkdtemp(prefix="course-"))
    return home
