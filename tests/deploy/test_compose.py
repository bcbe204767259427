"""deploy/mlflow/compose.yaml keeps to the schema of compose files, and to this machine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from .recipe_files import DEPLOY, ROOT, documents, values

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
