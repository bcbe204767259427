"""A Ray cluster that takes jobs, by its dashboard or by Ray Client; reaching it needs the extra `cluster`."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

from ray.exceptions import AuthenticationError

from rhm_sweeps.credentials import redact
from rhm_sweeps.errors import SweepError
from rhm_sweeps.running.cluster_address import check_address_of_jobs, is_of_client

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
    """The cluster at the address of its dashboard, such as http://10.0.0.1:8265, or of its Ray Client, ray://10.0.0.1:10001.

    Raises:
        UsageError: if it is no such address.
        SweepError: if nobody answers there within seconds, it lets nobody in without a token, or Ray's client is not installed.
    """
    check_address_of_jobs(address)
    try:
        if is_of_client(address):
            client = import_module("rhm_sweeps.running.jobs_through_client").JobsThroughClient
        else:
            client = import_module("ray.job_submission").JobSubmissionClient
    except ImportError as error:
        raise _lacking(str(error)) from None
    for name in _TALKATIVE:
        logging.getLogger(f"ray.{name}").setLevel(logging.WARNING)
    with _without(_OVERRIDES):
        return JobCluster(address, _asked(address, lambda: client(address)))


def _lacking(reason: str) -> SweepError:
    return SweepError(f"jobs of a Ray cluster need more of Ray ({reason}): `pip install 'rhm-sweeps[cluster]'`")


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
