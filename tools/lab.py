"""JupyterLab on the student's own copy: ``python -m tools.lab [--original] [...]``.

The copy in work/ is made or brought up to date first. ``--original`` opens the
notebooks of the course themselves, for maintainers. All else goes to JupyterLab.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tools.notebooks import NOTEBOOKS, ROOT
from tools.work import WORK
from tools.work import main as make_copy

SETTINGS = Path(__file__).with_name("lab_settings")
FIRST = "01_introduction_to_neural_networks.ipynb"
# JupyterLab remembers its windows here; it opens with the contents beside the lesson.
WORKSPACES = WORK / ".jupyter"
PANELS = ["filebrowser", "running-sessions", "@jupyterlab/toc:plugin"]
CONTENTS = {"collapsed": False, "current": PANELS[-1], "widgets": PANELS}
LAYOUT = {"layout-restorer:data": {"left": CONTENTS, "relativeSizes": [0.2, 0.8, 0]}}


def prepare() -> None:
    """Say in the environment where JupyterLab finds the course's settings."""
    places = [str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, places))
    os.environ["JUPYTERLAB_WORKSPACES_DIR"] = str(WORKSPACES)
    remembered = WORKSPACES / "default-37a8.jupyterlab-workspace"
    if not remembered.exists():
        remembered.parent.mkdir(parents=True, exist_ok=True)
        layout = {"data": LAYOUT, "metadata": {"id": "default"}}
        remembered.write_text(json.dumps(layout), encoding="utf-8")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; ends when JupyterLab does."""
    arguments = sys.argv[1:] if arguments is None else arguments
    folder = NOTEBOOKS if "--original" in arguments else WORK
    rest = [argument for argument in arguments if argument != "--original"]
    if folder == WORK:
        make_copy()
    prepare()
    named = [Path(argument).resolve() for argument in rest if Path(argument).exists()]
    rest = [argument for argument in rest if not Path(argument).exists()]
    # A notebook of the course means the student's copy of it.
    named = [
        folder / path.relative_to(NOTEBOOKS) if path.is_relative_to(NOTEBOOKS) else path
        for path in named or [folder / FIRST]
    ]
    shown = next((p for p in (ROOT, folder) if named[0].is_relative_to(p)), None)
    shown = shown or named[0].parent  # somebody's own notebook, anywhere
    options = [f"--ServerApp.root_dir={shown}"]
    if folder.is_relative_to(shown):
        options.append(f"--ServerApp.preferred_dir={folder}")
    # Ctrl-C ends it without a question. Who works as root, as in a container, has
    # decided so.
    options.append("--ServerApp.answer_yes=True")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    if "JUPYTERHUB_API_TOKEN" in os.environ:  # a class server says what it opens
        from jupyterhub.singleuser import main as start
    else:
        from jupyterlab.labapp import main as start

        rest += map(str, named)
    sys.exit(start([*options, *rest]))


if __name__ == "__main__":
    main()
