"""Which code made a result: the version, the git commit, and a digest of the sources that determine numbers."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
SCIENCE = ("explicit_grammars", "config", "grammar", "diffusion", "models", "training", "evaluation")


def code_hash() -> str:
    """12 hex digits of the SHA-256 of the sources that the result of a trial depends on."""
    digest = hashlib.sha256()
    files = [path for name in SCIENCE for path in (PACKAGE / name).rglob("*") if path.suffix in {".py", ".yaml"}]
    for path in sorted(files):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def git_commit() -> str:
    """The commit of the installed sources, with `-dirty` when they are changed; empty if they are in no repository."""
    try:
        _git("ls-files", "--error-unmatch", "version.py")  # a virtual environment may lie in somebody else's repository
        return _git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    except (OSError, subprocess.SubprocessError):
        return ""


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(PACKAGE), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
