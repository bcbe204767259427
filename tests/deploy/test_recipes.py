"""The recipes keep to the schemas of those who read them, to this repository's versions and to its command line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from rhm_sweeps.cli.app import app
from rhm_sweeps.pools.cluster import Cluster, Node, check_pools
from rhm_sweeps.pools.pools_file import load_pools
from rhm_sweeps.version import __version__

from .recipe_files import DEPLOY, FILES, PAGE, PINS, ROOT, SCRIPTS, calls, documents, values

COMPOSE = documents("mlflow/compose.yaml")[0]
CLUSTER = documents("ray-cluster.yaml")[0]
JOB = documents("kuberay-rayjob.yaml")[1]
SPEC = JOB["spec"]["rayClusterSpec"]
COMMANDS: Any = typer.main.get_command(app)
IMAGES = [
    *re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE),
    *values([COMPOSE, CLUSTER, JOB], "image"),
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing(script: Path) -> None:
    found = subprocess.run(
        [Path(sys.executable).with_name("shellcheck"), script], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


def test_every_call_of_the_command_line_is_one() -> None:
    """Its options and arguments are read by the commands themselves; nothing is run. A name alone is prose."""
    texts = [path.read_text() for path in (*FILES, PAGE)]
    found = [words for text in texts for call in calls(text, "rhm-sweep") if len(words := call.split()) > 1]
    found = [words for words in found if words[0] in COMMANDS.commands]
    assert {"launch", "resume", "status", "sync", "stop"} <= {words[0] for words in found}
    for command, *words in found:
        COMMANDS.commands[command].make_context(command, [word for word in words if word != '"$@"'])


def test_what_drive_hands_on_are_options_of_both_commands() -> None:
    handed = [
        flag
        for path in (*FILES, PAGE)
        for call in calls(path.read_text(), r"(?:drive-sweep|drive\.sh)")
        for flag in re.findall(r"--[a-z-]+", call)
    ]
    assert "--pools" in handed
    for command in ("launch", "resume"):
        assert set(handed) <= {name for option in COMMANDS.commands[command].params for name in option.opts}


def test_spaces_that_are_named_are_shipped() -> None:
    named = {JOB["spec"]["entrypoint"].split()[1]}
    named |= {call.split()[0] for path in FILES for call in calls(path.read_text(), "drive-sweep")}
    assert all((ROOT / "search_spaces" / f"{name}.yaml").exists() for name in named)


def test_images_are_pinned_and_ours_has_the_version_of_the_package() -> None:
    assert len(IMAGES) >= 7
    assert [image for image in IMAGES if not re.fullmatch(r"[\w./-]+:v?\d+\.\d+[\w.-]*", image)] == []
    ours = {
        image.rpartition(":")[2] for text in FILES for image in re.findall(r"rhm-sweep:[\w.-]*\w", text.read_text())
    }
    assert ours == {__version__, f"{__version__}-cpu"}


def test_versions_are_the_tested_ones() -> None:
    assert SPEC["rayVersion"] == PINS["ray"]
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    python = re.search(r"Python (\d+\.\d+)", (ROOT / "constraints.txt").read_text())
    assert python
    assert f"FROM python:{python[1]}." in dockerfile
    installs = re.findall(r"pip install.*", dockerfile)
    assert installs
    assert all("--constraint /src/pins.txt" in line for line in installs)
    command = re.search(r"RUN (sed -n .*) > /src/pins.txt", dockerfile)
    assert command
    pins = subprocess.check_output(command[1].replace("/src/", ""), shell=True, cwd=ROOT, text=True)
    locked = dict(line.split("==") for line in pins.splitlines())
    assert locked.items() >= {name: PINS[name] for name in ("torch", "ray", "mlflow", "psycopg")}.items()
    assert {"boto3", "aiohttp"} <= locked.keys()
    extras = re.search(r"/src\[([\w,]+)\]", dockerfile)
    assert extras
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(extras[1].split(",")) <= set(project["optional-dependencies"])


def test_the_image_does_not_run_as_root_and_begins_with_the_command() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER")] == ["USER 1000:1000"]
    assert lines[-1] == 'ENTRYPOINT ["rhm-sweep"]'


def test_what_the_package_is_built_from_reaches_the_builder_and_nothing_else() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    folders = {name.split(".")[0] for name in project["tool"]["setuptools"]["packages"]}
    needed = {*folders, *project["tool"]["setuptools"]["package-dir"].values(), *project["project"]["license-files"]}
    needed |= {project["project"]["readme"], "pyproject.toml"}
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    copied = set(re.findall(r"^COPY (\S+) /src", dockerfile, re.MULTILINE)) - {"."}
    assert "requirements.lock" in copied
    needed |= copied | set(re.findall(r"/src/(deploy/\S+)", dockerfile))
    assert allowed == needed
    assert all((ROOT / name).exists() for name in allowed)


@pytest.mark.slow
def test_ray_takes_the_cluster_and_adds_nothing_of_its_own() -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    prepared = prepare_config(json.loads(json.dumps(CLUSTER)))
    validate_config(prepared)  # by the schema that Ray ships
    assert prepared["setup_commands"] == prepared["head_setup_commands"] == prepared["worker_setup_commands"] == []
    head, workers = (CLUSTER["available_node_types"][name]["node_config"] for name in ("head", "gpu-spot"))
    assert "InstanceMarketOptions" not in head
    assert workers["InstanceMarketOptions"] == {"MarketType": "spot"}
    assert all((ROOT / path).exists() for path in CLUSTER["file_mounts"].values() if not path.startswith("~"))


def test_workers_hold_what_the_pools_ask_for() -> None:
    pools = load_pools(DEPLOY / "pools.yaml")
    requests = SPEC["workerGroupSpecs"][0]["template"]["spec"]["containers"][0]["resources"]["requests"]
    pod = {"CPU": float(requests["cpu"]), "GPU": float(requests["nvidia.com/gpu"]), "memory": 2.0**34}
    spot = CLUSTER["available_node_types"]["gpu-spot"]["resources"] | {"memory": 2.0**34}
    for resources in (pod, spot):
        cluster = Cluster((Node(resources),))
        assert check_pools(cluster, pools.on(cluster).usable) == ()
