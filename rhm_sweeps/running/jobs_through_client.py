"""Jobs of a Ray cluster through Ray Client, `ray://HOST:10001`: a task on the head puts our questions to its dashboard."""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import AsyncIterator
from typing import Any

import ray
import requests
from ray.job_submission import JobSubmissionClient

LOOK_INTERVAL_S = 1.0
_ON_HEAD = {"node:__internal_head__": 0.001}
_CURE = (
    "a wrong or missing RAY_AUTH_MODE or RAY_AUTH_TOKEN looks like this too; so does a head that could not fork, now and then: "
    "try again, or start it with GRPC_ENABLE_FORK_SUPPORT=0"
)


class JobsThroughClient(JobSubmissionClient):  # type: ignore[misc]  # Ray's client of jobs has no types
    """As Ray's own client of jobs, for a cluster whose dashboard cannot be reached from here.

    Ray Client sends pickled objects both ways: as the cluster runs our code, so it could let us run its.
    """

    def __init__(self, address: str) -> None:
        """Connect.

        Raises:
            ConnectionError: if the cluster does not let us in, or its head has no dashboard.
        """
        dashboard = _dashboard(address)
        # Where an answer is lost the question is not put again: it may have been a job's start.
        self._request_there = ray.remote(num_cpus=0, resources=_ON_HEAD, max_retries=0)(requests.request)
        super().__init__(f"http://{dashboard}")

    def _do_request(
        self, method: str, endpoint: str, *, data: bytes | None = None, json_data: Any = None, **settings: Any
    ) -> requests.Response:
        sent = {"data": data, "json": json_data, "headers": self._headers, **settings}
        answer: requests.Response = ray.get(self._request_there.remote(method, self._address + endpoint, **sent))
        return answer

    async def tail_job_logs(self, job_id: str) -> AsyncIterator[str]:
        """Yield what a job prints, in pieces of whole lines, until it has ended."""
        said = 0
        while True:
            has_ended = self.get_job_status(job_id).is_terminal()
            log = self.get_job_logs(job_id)
            until = len(log) if has_ended else max(said, log.rfind("\n") + 1)
            if until > said:
                yield log[said:until]
            if has_ended:
                return
            said = until
            await asyncio.sleep(LOOK_INTERVAL_S)


def _dashboard(address: str) -> str:
    """Connect, and ask for the host and port of the dashboard, as the head knows them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = ray.init(address, logging_level=logging.ERROR, log_to_driver=False).dashboard_url
        except (ConnectionError, RuntimeError) as error:
            raise ConnectionError(f"{error} ({_CURE})") from None
    if not found:
        raise ConnectionError("its head has no dashboard; `ray start --head --include-dashboard=true` starts one")
    return str(found)
