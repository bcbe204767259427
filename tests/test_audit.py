"""`make audit` says what it looked up, and that it looked nothing up where the advisories cannot be reached."""

from __future__ import annotations

import json
import os
import runpy
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci/audit.py"
Audit = Callable[[object], int]


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Audit]:
    """Run the script where PyPI says this of a version with known vulnerabilities, with a pip-audit that finds one."""
    said: list[object] = []

    class Index(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(said[-1]).encode())

        def log_message(self, *_: object) -> None: ...

    (tmp_path / "pip_audit.py").write_text("import sys; print('found in', sys.argv[-1], flush=True); sys.exit(1)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    script = runpy.run_path(str(SCRIPT))
    with HTTPServer(("127.0.0.1", 0), Index) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        script["main"].__globals__["KNOWN"] = f"http://127.0.0.1:{server.server_port}/json"

        def run(answer: object) -> int:
            said.append(answer)
            return int(script["main"]("some.lock"))

        yield run
        server.shutdown()


def test_nothing_is_audited_where_the_advisories_cannot_be_reached() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and nobody listens
        proxy = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        kept = {name: value for name, value in os.environ.items() if name.lower() not in ("no_proxy", "https_proxy")}
        ended = subprocess.run(
            [sys.executable, SCRIPT, "requirements.lock"],
            check=False,
            env={**kept, "https_proxy": proxy},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("NOT AUDITED: the advisories of PyPI cannot be reached (https://pypi.org/")
    assert "Connection refused" in ended.stderr


@pytest.mark.parametrize("answer", [{}, {"vulnerabilities": []}])
def test_a_mirror_without_advisories_audits_nothing(
    answer: object, audit: Audit, capfd: pytest.CaptureFixture[str]
) -> None:
    assert audit(answer) == 2
    out, err = capfd.readouterr()
    assert err.startswith("NOT AUDITED: ")
    assert "a mirror without advisories" in err
    assert out == ""


def test_what_is_found_is_said_and_fails(audit: Audit, capfd: pytest.CaptureFixture[str]) -> None:
    assert audit({"vulnerabilities": [{"id": "PYSEC-2014-8"}]}) == 1
    assert capfd.readouterr().out == "found in some.lock\n"
