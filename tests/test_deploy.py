"""What a server is made from: the chart's own schema, no secret, the same versions."""

import json
import re
import tomllib

from tools.notebooks import ROOT

import pytest
import yaml
from jsonschema import Draft7Validator

DEPLOY = ROOT / "deploy"
VALUES = yaml.safe_load((DEPLOY / "kubernetes" / "values.yaml").read_text("utf-8"))
# BSD licence, in the file: Project Jupyter Contributors.
CHART = json.loads((ROOT / "tests" / "chart_4.4.0.json").read_text("utf-8"))


def laid_over(default, ours):
    """Return values as Helm merges them."""
    if not (isinstance(default, dict) and isinstance(ours, dict)):
        return ours
    merged = {key: laid_over(default.get(key), value) for key, value in ours.items()}
    return default | merged


@pytest.mark.parametrize(
    ("wrong", "count"),
    [
        ({}, 0),
        ({"singleuser": {"memory": {"limits": "4G"}}}, 1),
        ({"scheduling": {"userPlaceholder": {"replicas": "ten"}}}, 1),
        ({"prepuller": {}}, 1),
    ],
)
def test_the_chart_takes_our_values_and_not_everything(wrong, count):
    values = laid_over(laid_over(CHART["values"], VALUES), wrong)
    assert len([*Draft7Validator(CHART["schema"]).iter_errors(values)]) == count


def test_image_chart_and_hub_fit_each_other():
    lines = (DEPLOY / "kubernetes" / "Dockerfile").read_text("utf-8")
    chart = (DEPLOY / "kubernetes" / "values.yaml").read_text("utf-8").splitlines()[0]
    assert "chart 4.4.0" in chart, "its hub is JupyterHub 5.5: change both together"
    assert re.search(r"^ARG JUPYTERHUB=(.+)$", lines, re.M)[1] == "5.5"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert VALUES["singleuser"]["image"]["tag"] == project["version"]
    assert (ROOT / "binder" / "Dockerfile").read_text("utf-8") in (
        lines,
        "../deploy/kubernetes/Dockerfile",  # a link, where the system has none
    )
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    file = ROOT / ".devcontainer" / container["build"]["dockerfile"]
    assert file.resolve().read_text("utf-8") == lines


def secrets_in(text, ending):
    """Return the lines that give a password or the like; in Python those in quotes."""
    quote = "['\"]" if ending == ".py" else "['\"]?"
    word = r"(pass(word|wd)?|secret|token|api_?key|client_id)[\w\"']*"
    return re.findall(rf"(?i).*{word}\s*[:=]\s*{quote}[\w+/=.-]{{6,}}.*", text)


def test_no_file_holds_a_secret():
    assert secrets_in("client_secret: abcdef123", ".yaml")
    assert secrets_in('TOKEN = "a-b-c-d-e"', ".py")
    files = [p for p in DEPLOY.rglob("*") if p.is_file() and p.suffix != ".pyc"]
    assert len(files) > 5
    assert not [p for p in files if secrets_in(p.read_text("utf-8"), p.suffix)]


def test_every_proxy_is_the_same():
    pattern = r"configurable-http-proxy@([\d.]+)"
    places = DEPLOY / "hub" / "install", ROOT / "tests" / "teaching" / "conftest.py"
    assert len({re.search(pattern, path.read_text("utf-8"))[1] for path in places}) == 1
