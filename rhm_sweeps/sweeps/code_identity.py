"""Which code made a result: the version, the git commit, and a digest of the sources that determine numbers."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
SCIENCE = ("config", "grammar", "diffusion", "models", "training", "evaluation")


def code_hash() -> str:
    """12 hex digits of the SHA-256 of the sources that the result of a trial depends on."""
    digest = hashlib.sha256()
    for path in sorted(path for name in SCIENCE for path in (PACKAGE / name).rglob("*.py")):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def git_commit() -> str:
    """The commit of the installed sources, with `-dirty` when they are changed; empty outside a repository."""
    command = ["git", "-C", str(PACKAGE), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
