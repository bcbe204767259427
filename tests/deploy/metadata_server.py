"""What a node of AWS or of Google Cloud is told about itself, on a port of this machine: `python metadata_server.py PORT FILE`.

The node is taken away as soon as the file is there: AWS says when, by what the file holds; Google only that.
"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TOKEN = "one-of-the-session"
ASKS_FOR_TOKEN = "X-aws-ec2-metadata-token-ttl-seconds"


class Metadata(BaseHTTPRequestHandler):
    """As the two clouds document it; who asks without their headers is refused."""

    notice: Path

    def do_PUT(self) -> None:
        asked = self.path == "/latest/api/token" and ASKS_FOR_TOKEN in self.headers
        self._answer(200 if asked else 400, TOKEN)

    def do_GET(self) -> None:
        taken = self.notice.exists()
        if self.path == "/latest/meta-data/spot/instance-action" and self.headers["X-aws-ec2-metadata-token"] == TOKEN:
            self._answer(200 if taken else 404, self.notice.read_text() if taken else "")
        elif self.path == "/computeMetadata/v1/instance/preempted" and self.headers["Metadata-Flavor"] == "Google":
            self._answer(200, "TRUE" if taken else "FALSE")
        else:
            self._answer(403, "")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, code: int, text: str) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


def server(port: int, notice: Path) -> ThreadingHTTPServer:
    """One on loopback, which is not serving yet."""
    return ThreadingHTTPServer(("127.0.0.1", port), type("OfOneNode", (Metadata,), {"notice": notice}))


if __name__ == "__main__":
    server(int(sys.argv[1]), Path(sys.argv[2])).serve_forever()
