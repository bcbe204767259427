"""Runs packs in this process, one after another, without Ray: for a single trial, a notebook, a debugger."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any

from rhm_sweeps.packs.memory_problem import memory_problem, too_big
from rhm_sweeps.packs.pack_run import PackRun
from rhm_sweeps.running.stored_run import StoredRun
from rhm_sweeps.running.storing_driver import StoringDriver
from rhm_sweeps.running.tasks import Driver, PackTask, parse_trials
from rhm_sweeps.storage.storage import Storage
from rhm_sweeps.training.process_tuning import tune_process

IDLE_S = 0.05
"""Between questions for the next pack, when there is none at present."""


def run_in_process(
    driver: Driver,
    *,
    device: str = "cpu",
    checkpoint_interval_s: float = 60.0,
    report_interval_s: float = 0.5,
    storage: Storage | None = None,
) -> None:
    """Run packs until the driver says that it is over or to stop; a stopped pack saves before it leaves."""
    tune_process()
    driver = StoringDriver(driver, storage) if storage else driver
    options = {"device": device, "checkpoint_interval_s": checkpoint_interval_s}
    while not driver.should_stop():
        task = driver.next_pack()
        if task is not None:
            _run(task, driver, partial(_begin, task, storage, options), report_interval_s)
        elif driver.is_over():
            return
        else:
            time.sleep(IDLE_S)


def _begin(task: PackTask, storage: Storage | None, options: Mapping[str, Any]) -> PackRun | StoredRun:
    trials = parse_trials(task.trials)
    if storage:
        return StoredRun(trials, storage, task.id, sources=task.sources, judged=task.judged, **options)
    return PackRun(trials, task.folder, task.models_folder, sources=task.sources, judged=task.judged, **options)


def _run(task: PackTask, driver: Driver, begin: Callable[[], PackRun | StoredRun], report_interval_s: float) -> None:
    driver.started(task.id)
    run: PackRun | StoredRun | None = None
    with ExitStack() as stack:
        while not driver.should_stop():
            try:
                if run is None:
                    run = begin()
                    stack.callback(run.close)
                progress = run.advance(report_interval_s)
            except (MemoryError, RuntimeError) as error:
                problem = memory_problem(error)
                if problem is None:
                    raise
                progress = too_big(len(task.trials), problem)
            driver.progressed(task.id, progress)
            if progress.finished:
                return
        if run is not None:
            run.save()
