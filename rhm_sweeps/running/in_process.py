"""Runs packs in this process, one after another, without Ray: for a single trial, a notebook, a debugger."""

from __future__ import annotations

import time

from rhm_sweeps.packs.memory_problem import memory_problem, too_big
from rhm_sweeps.packs.pack_run import PackRun
from rhm_sweeps.running.tasks import Driver, PackTask, parse_trials
from rhm_sweeps.training.process_tuning import tune_process

IDLE_S = 0.05
"""Between questions for the next pack, when there is none at present."""


def run_in_process(
    driver: Driver,
    *,
    device: str = "cpu",
    checkpoint_interval_s: float = 60.0,
    report_interval_s: float = 0.5,
) -> None:
    """Run packs until the driver says that it is over or to stop; a stopped pack saves before it leaves."""
    tune_process()
    while not driver.should_stop():
        task = driver.next_pack()
        if task is not None:
            _run(task, driver, device, checkpoint_interval_s, report_interval_s)
        elif driver.is_over():
            return
        else:
            time.sleep(IDLE_S)


def _run(task: PackTask, driver: Driver, device: str, checkpoint_interval_s: float, report_interval_s: float) -> None:
    driver.started(task.id)
    run: PackRun | None = None
    while not driver.should_stop():
        try:
            trials = parse_trials(task.trials)
            run = run or PackRun(trials, task.folder, task.models_folder, device, checkpoint_interval_s, task.sources)
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
