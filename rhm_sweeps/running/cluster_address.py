"""The address of a Ray cluster, looked at before Ray is: Ray waits long for who does not answer, and for who is no Ray for ever."""

from __future__ import annotations

import os
import socket
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from rhm_sweeps.credentials import redact
from rhm_sweeps.errors import SweepError, UsageError

ANSWERS_WITHIN_S = 5.0
_CLIENT = "ray"
_PORTS = {"http": 80, "https": 443, _CLIENT: 10001}
"""By scheme, the ports of addresses that name none."""
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""What a client of HTTP/2 begins with, over which Ray speaks: RFC 9113, section 3.4, with an empty frame of settings."""
_HEADER, _SETTINGS = 9, 4
"""The length of a frame's header, and the type of the frame with which a server answers."""


def takes_jobs(address: str | None) -> bool:
    """Whether it is the address of a cluster's dashboard, or of its Ray Client: those by which jobs are sent from elsewhere."""
    return address is not None and address.startswith(tuple(f"{scheme}://" for scheme in _PORTS))


def is_of_client(address: str) -> bool:
    """Whether it is the address of Ray Client, such as ray://10.0.0.1:10001."""
    return address.startswith(f"{_CLIENT}://")


def check_address(address: str) -> None:
    """See that a Ray cluster may be at an address.

    Args:
        address: `auto`, the cluster that this machine is a node of, or host:port of its head.

    Raises:
        UsageError: if it is no such address, or one by which jobs are sent. (Through Ray Client, Tune would run a copy of the
            driver elsewhere.)
        SweepError: if nobody answers there, or something else than Ray.
    """
    if "://" in address:
        other = redact(address) if takes_jobs(address) else "http://HOST:8265"
        raise UsageError(
            f"the address (--address, else RAY_ADDRESS) is {redact(address)!r}, but must be auto or host:port, on a node of the "
            f"cluster; from elsewhere, let a job of the cluster drive the sweep: rhm-sweep submit SPACE --address {other} "
            "--results FOLDER"
        )
    if address == "auto":
        address = os.environ.get("RAY_ADDRESS") or address  # as Ray itself takes it
    if address != "auto":
        _check_head(address)


def check_address_of_jobs(address: str) -> None:
    """See that somebody answers at an address by which jobs are sent; behind a proxy that is left to it.

    Raises:
        UsageError: if it is no such address.
        SweepError: if nobody answers there, or for Ray Client something else than Ray.
    """
    try:
        parts = urlsplit(address)
        usual = _PORTS[parts.scheme]
        host, port = parts.hostname, parts.port or usual
    except (ValueError, KeyError):
        host = None
    if not host:
        raise UsageError(
            f"the address is {redact(address)!r}, but must be that of the cluster's dashboard, such as http://10.0.0.1:8265, or "
            "of its Ray Client, such as ray://10.0.0.1:10001"
        )
    if not is_of_client(address) and getproxies().get(parts.scheme) and not proxy_bypass(host):
        return
    try:
        with _connected(host, port) as connection:
            is_right = not is_of_client(address) or _may_be_ray(connection)
    except OSError as error:
        raise SweepError(
            f"no Ray cluster takes jobs at {redact(address)}: nobody answers there ({error}); its head needs "
            "`pip install 'rhm-sweeps[cluster]'` and is started with `ray start --head --include-dashboard=true`"
        ) from None
    if not is_right:
        raise SweepError(
            f"no Ray cluster takes jobs at {redact(address)}: what answers there is not Ray Client; its port is 10001, unless "
            "`ray start --head --ray-client-server-port` chose another (8265 is the dashboard: http://HOST:8265)"
        )


def _check_head(address: str) -> None:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise UsageError(f"the address is {address!r}, but must be auto or host:port, such as 10.0.0.1:6379")
    try:
        with _connected(host, int(port)) as connection:
            is_ray = _may_be_ray(connection)
    except (OSError, OverflowError) as error:
        raise SweepError(f"cannot join a Ray cluster at {address}: nobody answers there ({error})") from None
    if not is_ray:
        raise SweepError(
            f"cannot join a Ray cluster at {address}: what answers there is not Ray's head; its port is 6379, "
            "unless `ray start --head --port` chose another (8265 is its dashboard)"
        )


def _connected(host: str, port: int) -> socket.socket:
    return socket.create_connection((host, port), ANSWERS_WITHIN_S)


def _may_be_ray(connection: socket.socket) -> bool:
    """Whether what answers speaks HTTP/2, as Ray's servers but the dashboard do; with TLS that is not looked at."""
    return "RAY_USE_TLS" in os.environ or _speaks_http2(connection)


def _speaks_http2(connection: socket.socket) -> bool:
    connection.sendall(_HELLO)
    answer = b""
    while len(answer) < _HEADER and (more := connection.recv(_HEADER - len(answer))):
        answer += more
    return len(answer) == _HEADER and answer[3] == _SETTINGS
