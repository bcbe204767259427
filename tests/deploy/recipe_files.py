"""The recipes as data: what every test of them reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SCRIPTS = sorted(DEPLOY.rglob("*.sh"))
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
PAGE = ROOT / "docs" / "deploy.md"
PINS = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)


def documents(name: str) -> list[Any]:
    """What a YAML file of deploy/ holds, aliases and merges resolved."""
    return list(yaml.safe_load_all((DEPLOY / name).read_text()))


def values(found: Any, key: str) -> Iterator[Any]:
    """Every value of a key, at any depth."""
    if isinstance(found, dict):
        yield from (value for name, value in found.items() if name == key)
        found = list(found.values())
    if isinstance(found, list):
        for one in found:
            yield from values(one, key)


def calls(text: str, command: str) -> list[str]:
    """Every call of a command in a text, comments among it, to the end of its line; a line that ends in a backslash goes on."""
    joined = re.sub(r"\\\n\s*#?\s*", " ", text)
    found = re.findall(rf"(?:^|[\s'\"(`]){command} +([^\n`'#|&;>]*)", joined, flags=re.MULTILINE)
    return [call.strip() for call in found]
