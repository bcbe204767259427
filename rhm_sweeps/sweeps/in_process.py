"""Runs packs in this process, one after another, without Ray: for a single trial, a notebook, a debugger."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from rhm_sweeps.sweeps.pack_run import PackRun
from rhm_sweeps.sweeps.tasks import Listener, PackTask


def run_in_process(
    tasks: Sequence[PackTask],
    listener: Listener,
    *,
    device: str = "cpu",
    checkpoint_interval_s: float = 60.0,
    report_interval_s: float = 0.5,
) -> None:
    """Run packs until all are finished or the listener says stop; a stopped pack saves before it leaves."""
    torch.set_num_threads(1)
    for task in tasks:
        if listener.should_stop():
            return
        listener.started(task.id)
        run = PackRun(task.trials, task.folder, task.models_folder, device, checkpoint_interval_s)
        while not listener.should_stop():
            progress = run.advance(report_interval_s)
            listener.progressed(task.id, progress)
            if progress.finished:
                break
        else:
            run.save()
