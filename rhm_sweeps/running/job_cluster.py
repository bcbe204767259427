"""A Ray cluster that takes jobs at the address of its dashboard; reaching it needs the extra `cluster`."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from ray.exceptions import AuthenticationError

from rhm_sweeps.credentials import redact
from rhm_sweeps.errors import SweepError, UsageError

ANSWERS_WITHIN_S = 5.0
_OVERRIDES = ("RAY_ADDRESS", "RAY_API_SERVER_ADDRESS")
"""Variables that Ray's client prefers to the address that it is given."""
_TALKATIVE = ("dashboard.modules.dashboard_sdk", "dashboard.modules.job.sdk", "_private.runtime_env.packaging")
Result = TypeVar("Result")


@dataclass(frozen=True)
class JobCluster:
    """A cluster that takes jobs."""

    address: str
    client: Any

    def __str__(self) -> str:
        return redact(self.address)

    def asked(self, question: Callable[[], Result]) -> Result:
        """What Ray's client answers.

        Raises:
            SweepError: if it raises whatever.
        """
        return _asked(self.address, question)


def job_cluster(address: str) -> JobCluster:
    """The cluster whose dashboard answers at an address, such as http://10.0.0.1:8265.

    Raises:
        UsageError: if it is no such address.
        SweepError: if nobody answers there within seconds, it lets nobody in without a token, or Ray's client is not installed.
    """
    _check_reachable(address)
    try:
        sdk = import_module("ray.job_submission")
    except ImportError as error:
        raise _lacking(str(error)) from None
    for name in _TALKATIVE:
        logging.getLogger(f"ray.{name}").setLevel(logging.WARNING)
    with _without(_OVERRIDES):
        return JobCluster(address, _asked(address, lambda: sdk.JobSubmissionClient(address)))


def _lacking(reason: str) -> SweepError:
    return SweepError(f"jobs of a Ray cluster need more of Ray ({reason}): `pip install 'rhm-sweeps[cluster]'`")


def _check_reachable(address: str) -> None:
    """Ray's own client would wait for minutes."""
    try:
        parts = urlsplit(address)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            f"the address is {redact(address)!r}, but must be that of the cluster's dashboard, such as http://10.0.0.1:8265"
        )
    if getproxies().get(parts.scheme) and not proxy_bypass(parts.hostname):
        return
    try:
        socket.create_connection((parts.hostname, port), ANSWERS_WITHIN_S).close()
    except OSError as error:
        raise SweepError(
            f"no Ray cluster takes jobs at {redact(address)}: nobody answers there ({error}); its head needs "
            "`pip install 'rhm-sweeps[cluster]'` and is started with `ray start --head --include-dashboard=true`"
        ) from None


def _asked(address: str, question: Callable[[], Result]) -> Result:
    """What Ray's client answers; what it raises becomes an error of ours."""
    try:
        return question()
    except AuthenticationError:
        raise SweepError(
            f"the cluster {redact(address)} asks for a token: set RAY_AUTH_MODE=token and its RAY_AUTH_TOKEN here too"
        ) from None
    except Exception as error:
        said = redact(str(error).strip()) or type(error).__name__
        if "ray[default]" in said:
            raise _lacking("its extra `default`") from None
        last = said.splitlines()[-1]  # above it is the traceback of the cluster's own process
        raise SweepError(f"the cluster {redact(address)} refused: {last[:1000]}") from None


@contextmanager
def _without(names: Sequence[str]) -> Iterator[None]:
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ |= kept
