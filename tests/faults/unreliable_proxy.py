"""A TCP proxy between a client and a server that can be told to fail: real sockets, in threads of this process."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rhm_sweeps.tracking.server import HOST, free_port

PASS, REFUSE, BLACK_HOLE, SLOW, DROP_ANSWER = "pass", "refuse", "black hole", "slow", "drop answer"
DELAY_S = 0.5
CHUNK = 65536
WRITES = (b"/runs/create", b"/runs/log-batch")
"""Requests that change the store: of these, every other answer is dropped."""


class UnreliableProxy:
    """Passes connections on to a port of this machine, as its `mode` says.

    pass: as it is; refuse: nobody listens; black hole: connections are taken and nothing is passed on; slow: each answer comes
    `DELAY_S` later; drop answer: the server makes a run or takes metrics, and the connection ends before it can say so.
    """

    def __init__(self, target_port: int) -> None:
        self.port = free_port(0)
        self.mode = PASS
        self.failed = 0
        """Connections that did not get their answer in time."""
        self._target_port = target_port
        self._writes, self._drops = 0, False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    @contextmanager
    def running(self) -> Iterator[UnreliableProxy]:
        """Listen while the block lasts."""
        self._thread.start()
        try:
            yield self
        finally:
            self._closed.set()
            self._thread.join()

    def heal(self, patience_s: float = 10) -> None:
        """Pass everything on again; returns when somebody listens."""
        self.mode, deadline = PASS, time.monotonic() + patience_s
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection((HOST, self.port), timeout=1):
                return
            time.sleep(0.02)

    def _listen(self) -> None:
        while not self._closed.is_set():
            if self.mode == REFUSE:
                time.sleep(0.01)
                continue
            with socket.socket() as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((HOST, self.port))
                listener.listen()
                listener.settimeout(0.05)
                while self.mode != REFUSE and not self._closed.is_set():
                    with suppress(TimeoutError):
                        client, _ = listener.accept()
                        threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError), socket.create_connection((HOST, self._target_port)) as server:
            threading.Thread(target=self._pass_on, args=(client, server, self._may_ask), daemon=True).start()
            self._pass_on(server, client, self._may_answer)

    def _pass_on(self, source: socket.socket, target: socket.socket, may: Callable[[bytes], bool]) -> None:
        with suppress(OSError):
            while (content := source.recv(CHUNK)) and may(content):
                target.sendall(content)
            for end in (source, target):
                end.shutdown(socket.SHUT_RDWR)

    def _may_ask(self, request: bytes) -> bool:
        if any(path in request for path in WRITES):
            self._writes += 1
            self._drops = self.mode == DROP_ANSWER and self._writes % 2 == 1
        return self._stands()

    def _may_answer(self, _: bytes) -> bool:
        if self.mode == SLOW:
            self.failed += 1
            time.sleep(DELAY_S)
        if self._drops:
            self._drops = False
            self.failed += 1
            return False
        return self._stands()

    def _stands(self) -> bool:
        """Whether the connection goes on; in a black hole that is not known before it ends."""
        if self.mode not in (REFUSE, BLACK_HOLE):
            return True
        self.failed += 1
        while self.mode == BLACK_HOLE and not self._closed.is_set():
            time.sleep(0.02)
        return False
