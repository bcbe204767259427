"""What the commands that train a sweep share: its pools, its session, its report, what is said at the end, and the exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from rhm_sweeps.credentials import redact
from rhm_sweeps.errors import RhmSweepError

from .console_signals import end_on_signals, stop_on_signals
from .expectation import Expectation
from .output import print_json, stderr
from .session_flags import DEFAULT_RESULTS, SessionFlags

if TYPE_CHECKING:
    from rhm_sweeps.running.ray_ahead import RayAhead
    from rhm_sweeps.sweeps.folder import SweepFolder
    from rhm_sweeps.sweeps.place import Place
    from rhm_sweeps.sweeps.session import SessionResult
    from rhm_sweeps.sweeps.stop_request import StopRequest


@contextmanager
def ray_ahead(session: SessionFlags) -> Iterator[RayAhead | None]:
    """Ray of this machine starts while all else is imported and planned; None on a cluster, which runs already."""
    if session.address:
        from rhm_sweeps.running.cluster_address import check_address

        check_address(session.address)  # before the imports that take seconds
        yield None
        return
    from rhm_sweeps.running.ray_ahead import RayAhead

    with end_on_signals(), RayAhead(_own_resources()) as ahead:
        yield ahead


def _own_resources() -> Mapping[str, float]:
    """What this machine has; PyTorch is asked for GPUs only where there is a driver of one."""
    from rhm_sweeps.pools.machine import has_gpu_driver, processor_resources

    if not has_gpu_driver():
        return processor_resources()
    from rhm_sweeps.pools.cluster import local_cluster

    return local_cluster().nodes[0].resources


def place_of(session: SessionFlags, name: str, ahead: RayAhead | None = None) -> Place:
    """The pools of the flags, else those that the sweep of this name had, else this machine."""
    from rhm_sweeps.sweeps.folder import sweep_folder
    from rhm_sweeps.sweeps.place import place_on_ray

    folder = sweep_folder(session.results, name)
    return place_on_ray(folder, session.pools, session.address, session.checkpoint_interval, session.storage, ahead)


def drive_sweep(
    session: Callable[[StopRequest], SessionResult], expected: Expectation | None = None, *, as_json: bool
) -> None:
    """Run a session to its end and exit: 0 all done, 1 some failed, 130 or 143 interrupted."""
    from rhm_sweeps.sweeps.folder import sweep_status

    with stop_on_signals() as stop:
        result = session(stop)
    if result.outcome.unfinished == 0:
        _report(result)
    if as_json:
        print_json(sweep_status(result.folder))
    _say_where(result)
    if expected and not result.outcome.unfinished:
        expected.compare(result.seconds)
    raise typer.Exit(exit_code(result, stop))


def _report(result: SessionResult) -> None:
    from rhm_sweeps.sweep_report import write_and_log_report

    try:
        write_and_log_report(result.folder, result.store)
    except RhmSweepError as error:
        stderr.print(f"the report could not be finished: {error}", markup=False)


def _say_where(result: SessionResult) -> None:
    outcome, folder = result.outcome, result.folder
    stopped = f", {outcome.stopped} stopped" if outcome.stopped else ""
    counts = f"{outcome.done} done, {outcome.failed} failed{stopped}, {outcome.unfinished} unfinished"
    stderr.print(f"\n{folder.path.name}: {counts}", markup=False)
    if outcome.unfinished:
        say_resume(result)
    else:
        stderr.print(f"  report      {folder.report / 'report.html'}", markup=False, soft_wrap=True)
        stderr.print(f"  figures     {folder.report / 'figures'}", markup=False, soft_wrap=True)
    stderr.print(
        f"  MLflow      {redact(result.store.uri)}, experiment {result.store.experiment}", markup=False, soft_wrap=True
    )
    stderr.print(f"  compare     rhm-sweep ui {_address(folder)}", markup=False, soft_wrap=True)
    if not result.tracked:
        stderr.print(
            "  the tracking store does not have everything yet; `rhm-sweep resume` sends the rest", markup=False
        )


def say_resume(result: SessionResult) -> None:
    """Print the command that goes on."""
    stderr.print(f"  go on with  rhm-sweep resume {_address(result.folder)}", markup=False, soft_wrap=True)


def _address(folder: SweepFolder) -> str:
    """The words by which a command finds a sweep from here."""
    results = folder.path.parent
    return folder.path.name if results == DEFAULT_RESULTS.resolve() else f"{folder.path.name} --results {results}"


def exit_code(result: SessionResult, stop: StopRequest) -> int:
    """0 all done, 1 some failed, 128 + signal when interrupted."""
    if result.outcome.unfinished:
        return 128 + (stop.signal or 2)
    return 1 if result.outcome.failed else 0
