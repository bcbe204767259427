"""The address of a cluster is looked at before Ray is, which would wait for ever for a server that is no Ray."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from rhm_sweeps.errors import SweepError, UsageError
from rhm_sweeps.running import cluster_address
from rhm_sweeps.running.cluster_address import check_address, takes_jobs


@contextmanager
def http_server() -> Iterator[int]:
    """Yield the port of a server such as a dashboard or MLflow's."""
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@contextmanager
def silent_server() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("address", ["6379", "10.0.0.1", ":6379", "10.0.0.1:ray", "ray://10.0.0.1:10001"])
def test_what_is_no_address_is_a_usage_error(address: str) -> None:
    with pytest.raises(UsageError, match="but must be auto or host:port"):
        check_address(address)


def test_for_an_address_by_which_jobs_are_sent_the_command_that_sends_them_is_named() -> None:
    assert takes_jobs("ray://10.0.0.1:10001")
    with pytest.raises(UsageError, match=r"rhm-sweep submit SPACE --address ray://10.0.0.1:10001 --results FOLDER"):
        check_address("ray://10.0.0.1:10001")


def test_a_port_where_nobody_listens_is_named_at_once() -> None:
    began = time.monotonic()
    with pytest.raises(SweepError, match=r"cannot join a Ray cluster at 127.0.0.1:9: nobody answers there \(.*refused"):
        check_address("127.0.0.1:9")
    assert time.monotonic() - began < cluster_address.ANSWERS_WITHIN_S


def test_a_server_of_something_else_is_not_waited_for() -> None:
    with (
        http_server() as port,
        pytest.raises(SweepError, match=rf"127.0.0.1:{port}: what answers there is not Ray's head; its port is 6379"),
    ):
        check_address(f"127.0.0.1:{port}")


def test_a_server_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_address, "ANSWERS_WITHIN_S", 0.1)
    with silent_server() as port, pytest.raises(SweepError, match=r"nobody answers there \(timed out\)"):
        check_address(f"127.0.0.1:{port}")


def test_the_environment_counts_for_auto(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    check_address("auto")
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")
    with pytest.raises(SweepError, match=r"127.0.0.1:9: nobody answers"):
        check_address("auto")
