"""What Ray's dashboard says to a client of its jobs, and what it was told; a job ends at once, with a log by its command."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import ray

Answer = Callable[[str], str]
"""From the command of a job to its log."""


@dataclass
class JobsServer:
    """`jobs` by name as they were asked for; `packages` the names in each folder that was sent; `states` of jobs that are not over."""

    answer: Answer
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    packages: dict[str, dict[str, bytes]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    address: str = ""

    def details(self, job: str) -> dict[str, Any]:
        state = self.states.get(job, "SUCCEEDED")
        code = {"SUCCEEDED": 0, "FAILED": 1}.get(state)
        asked = self.jobs[job]
        known = {"entrypoint": asked["entrypoint"], "metadata": asked.get("metadata")}
        return {"type": "SUBMISSION", "submission_id": job, "status": state, "driver_exit_code": code, **known}

    def sent(self) -> list[dict[str, Any]]:
        """The jobs that drive sweeps."""
        return [self.jobs[job] for job in self.jobs if job.startswith("rhm-sweep-")]

    def reply(self, method: str, path: list[str], body: bytes) -> Any:
        """None: there is no such thing."""
        match method, path:
            case "GET", ["version"]:
                return {"version": "4", "ray_version": ray.__version__, "ray_commit": "", "session_name": ""}
            case _, ["packages", _, name]:
                return self._package(name, body if method == "PUT" else None)
            case "POST", ["jobs", ""]:
                asked = json.loads(body)
                return {"job_id": "1", "submission_id": asked["submission_id"]} if self._start(asked) else None
            case _, ["jobs", *names]:
                return self._job(method, names)
        raise AssertionError((method, path))

    def _package(self, name: str, body: bytes | None) -> Any:
        if body is not None:
            files = zipfile.ZipFile(io.BytesIO(body))
            self.packages[name] = {one: files.read(one) for one in files.namelist()}
        return {} if name in self.packages else None

    def _start(self, asked: dict[str, Any]) -> bool:
        is_new = asked["submission_id"] not in self.jobs
        self.jobs.setdefault(asked["submission_id"], asked)
        return is_new

    def _job(self, method: str, names: list[str]) -> Any:
        if names == [""]:
            return [self.details(job) for job in self.jobs]
        if method == "DELETE":
            return {"deleted": bool(self.jobs.pop(names[0]))}
        return {"logs": self.answer(self.jobs[names[0]]["entrypoint"])} if names[1:] else self.details(names[0])


@contextmanager
def jobs_server(answer: Answer) -> Iterator[JobsServer]:
    """Serve on a free port of this machine while the block lasts."""
    server = JobsServer(answer)

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found = server.reply(self.command, self.path.removeprefix("/api/").split("/"), body)
            text = json.dumps(found).encode()
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    for method in ("GET", "PUT", "POST", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.respond)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.02,))
        thread.start()
        server.address = f"http://127.0.0.1:{http.server_address[1]}"
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
