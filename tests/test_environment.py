"""requirements.txt works on every platform, and everything else follows it."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
PYTHONS = ["3.11", "3.12", "3.13"]
PLATFORMS = [
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-pc-windows-msvc",
    "aarch64-apple-darwin",
]
NO_REGISTRY = r"error sending|dns error|tcp connect|[Tt]imed? ?out|os error 1[01]"


def requirements():
    """Return the lines of requirements.txt without comments."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return re.findall(r"^[^#\n]*[^#\s]", text, re.MULTILINE)


def resolve(source, platform, python, target):
    """Resolve a requirements file from wheels alone, for another machine."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet"]
    command += ["--python", sys.executable, "--python-version", python]
    command += ["--python-platform", platform, "--only-binary", ":all:"]
    result = subprocess.run(
        [*command, "--output-file", str(target), str(source)],
        cwd=ROOT,
        env={**os.environ, "UV_HTTP_RETRIES": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    if result.returncode and re.search(NO_REGISTRY, result.stderr):
        pytest.skip("the package registry cannot be reached")
    return result


@pytest.mark.registry
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_requirements_resolve(platform, python, tmp_path):
    target = tmp_path / "pinned.txt"
    result = resolve("requirements.txt", platform, python, target)
    assert result.returncode == 0, result.stderr
    pinned = target.read_text(encoding="utf-8")
    assert "-e ." in pinned and "tensorflow==2.21." in pinned


def test_every_library_is_pinned_compatibly_and_so_is_this_environment():
    *libraries, last = requirements()
    assert last == "-e ."
    for library in libraries:
        assert re.fullmatch(r"[a-z0-9-]+~=\d+(\.\d+)+", library), library
        wanted = Requirement(library)
        assert version(wanted.name) in wanted.specifier, library


def test_colab_keeps_what_it_has():
    """Only what Colab lacks is listed, and every library that a notebook imports."""
    text = (ROOT / "requirements-colab.txt").read_text(encoding="utf-8")
    listed = {*re.findall(r"^[\w-]+", text, re.MULTILINE)}
    brings = {"tensorflow", "keras", "numpy", "pandas", "matplotlib", "scikit-learn"}
    brings |= {"pillow", "ipykernel", "ipython", "jupyterlab", "notebook", "-e"}
    assert not listed & brings
    ours = {re.match(r"[\w-]+", line)[0] for line in requirements()}
    assert listed <= ours, "each is a library of the course"
    named = {"PIL": "pillow", "sklearn": "scikit-learn", "IPython": "ipython"}
    named |= {"requests": "pooch"}  # which needs it
    for path in [*(ROOT / "utils").rglob("*.py"), *NOTEBOOKS]:
        text = path.read_text(encoding="utf-8")
        asked = {*re.findall(r'^[ "]*(?:import|from) (\w+)', text, re.M)}
        libraries = {named.get(m, m) for m in asked - sys.stdlib_module_names}
        if path in NOTEBOOKS:  # their prose has lines that begin so, too
            libraries &= ours
        assert libraries <= listed | brings | {"utils"}, path


def test_conda_installs_the_same_requirements():
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    needed = ["python=3.12", "pip", {"pip": ["-r requirements.txt"]}]
    assert listed["dependencies"] == needed


def test_one_range_of_pythons():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["requires-python"] == ">=3.11,<3.14"
    assert "dependencies" not in project["project"], "listed in requirements.txt"
    assert "PYTHONS = (3, 11), (3, 13)" in (ROOT / "course.py").read_text()
    workflow = (ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8")
    assert re.findall(r'"(3\.\d+)"', workflow) == PYTHONS


def test_ci_runs_the_command_of_the_readme():
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert "\npython3 course.py test </dev/null\n" in script
    for name in "README.md", ".github/workflows/test.yml":
        text = (ROOT / name).read_text(encoding="utf-8")
        assert re.search(r"\bpython3? course\.py test(`|$)", text, re.M), name
