"""The lock holds what was tested, and nothing without a hash."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text()


def pins(text: str) -> dict[str, set[str]]:
    """The versions of each package; other platforms may have another one."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[[a-z0-9,_-]+\])?==([^\s;\\]+)", text, re.MULTILINE):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def test_every_version_is_the_tested_one() -> None:
    """`make lock` after `make constraints` mends it."""
    tested, locked = pins((ROOT / "constraints.txt").read_text()), pins(LOCK)
    assert {name: found for name, found in locked.items() if name in tested and found != tested[name]} == {}


def test_it_holds_all_that_the_package_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [lines for name, lines in project["optional-dependencies"].items() if name != "dev"]
    wanted = {
        canonicalize_name(Requirement(line).name) for lines in (project["dependencies"], *extras) for line in lines
    }
    assert wanted - pins(LOCK).keys() == {project["name"]}, "which is that of an extra made of others"


def test_every_package_has_hashes() -> None:
    entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"^#.*\n", "", LOCK, flags=re.MULTILINE).strip())
    assert len(entries) > 50
    assert [entry.split()[0] for entry in entries if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry)] == []
