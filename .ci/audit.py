"""Audit a lock file with pip-audit, after asking whether its data can be reached: 0 nothing known, 1 found something, 2 not audited."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request

KNOWN = "https://pypi.org/pypi/jinja2/2.4.1/json"
"""A version with published vulnerabilities: a source that knows none of them audits nothing."""


def why_not() -> str | None:
    """Why the advisories of PyPI cannot be read from here; None if they can."""
    try:
        with urllib.request.urlopen(KNOWN, timeout=20) as answer:
            found = json.load(answer).get("vulnerabilities")
    except (OSError, ValueError) as error:
        return f"{KNOWN}: {error}"
    return None if found else f"{KNOWN} lists no vulnerabilities: a mirror without advisories"


def main(lock: str) -> int:
    if reason := why_not():
        print(f"NOT AUDITED: the advisories of PyPI cannot be reached ({reason})", file=sys.stderr)
        return 2
    command = [sys.executable, "-m", "pip_audit", "--strict", "--disable-pip", "--require-hashes", "-r", lock]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
