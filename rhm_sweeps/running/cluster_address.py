"""The address of a Ray cluster, looked at before Ray is: Ray waits long for who does not answer, and for who is no Ray for ever."""

from __future__ import annotations

import os
import socket

from rhm_sweeps.credentials import redact
from rhm_sweeps.errors import SweepError, UsageError

ANSWERS_WITHIN_S = 5.0
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""What a client of HTTP/2 begins with, over which Ray speaks: RFC 9113, section 3.4, with an empty frame of settings."""
_HEADER, _SETTINGS = 9, 4
"""The length of a frame's header, and the type of the frame with which a server answers."""


def check_address(address: str) -> None:
    """See that a Ray cluster may be at an address.

    Args:
        address: `auto`, the cluster that this machine is a node of, or host:port of its head.

    Raises:
        UsageError: if it is no such address, or a Ray Client's, `ray://...`, through which Tune would run a copy of the driver
            elsewhere, or that of a dashboard.
        SweepError: if nobody answers there, or something else than Ray.
    """
    if "://" in address:
        raise UsageError(
            f"the address (--address, else RAY_ADDRESS) is {redact(address)!r}, but must be auto or host:port, on a node of the "
            "cluster; from elsewhere, let a job of the cluster drive the sweep: rhm-sweep submit SPACE --address http://HOST:8265"
        )
    if address == "auto":
        address = os.environ.get("RAY_ADDRESS") or address  # as Ray itself takes it
    if address != "auto":
        _check_answer(address)


def _check_answer(address: str) -> None:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise UsageError(f"the address is {address!r}, but must be auto or host:port, such as 10.0.0.1:6379")
    try:
        with socket.create_connection((host, int(port)), ANSWERS_WITHIN_S) as connection:
            is_ray = "RAY_USE_TLS" in os.environ or _speaks_http2(connection)
    except (OSError, OverflowError) as error:
        raise SweepError(f"cannot join a Ray cluster at {address}: nobody answers there ({error})") from None
    if not is_ray:
        raise SweepError(
            f"cannot join a Ray cluster at {address}: what answers there is not Ray's head; its port is 6379, "
            "unless `ray start --head --port` chose another (8265 is its dashboard)"
        )


def _speaks_http2(connection: socket.socket) -> bool:
    connection.sendall(_HELLO)
    answer = b""
    while len(answer) < _HEADER and (more := connection.recv(_HEADER - len(answer))):
        answer += more
    return len(answer) == _HEADER and answer[3] == _SETTINGS
