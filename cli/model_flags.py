"""Flags of the commands that read a trained model, and the model that they name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from .output import stderr

if TYPE_CHECKING:
    from rhm_sweeps.evaluation.trained_model import TrainedModel

PLAIN_INTERVAL_S = 10.0

Model = Annotated[str, typer.Argument(help="Path of a trained model, <signature>.safetensors, or the name of a sweep.")]
Trial = Annotated[
    str | None, typer.Option("--trial", help="First digits of the trial's signature, if the sweep has several models.")
]
Device = Annotated[str, typer.Option(help="cpu or cuda.")]
SamplingSteps = Annotated[
    int | None, typer.Option(min=1, help="Denoising steps per sample; default: those of the trial's evaluation.")
]


def named_model(model: str, trial: str | None, results: Path, device: str) -> TrainedModel:
    """Load the model that the flags name."""
    from rhm_sweeps.evaluation.trained_model import load_trained
    from rhm_sweeps.pools.pools import check_device
    from rhm_sweeps.views.model_files import find_model

    path = find_model(model, results, trial)
    return load_trained(path, check_device(device))


@contextmanager
def sampling_progress(trained: TrainedModel, count: int, sampling_steps: int | None) -> Iterator[Callable[[int], None]]:
    """Show on stderr how far sampling is while the block lasts; yields what is told of each denoising step's strings."""
    config = trained.config
    steps = sampling_steps or config.evaluation.sampling_steps or config.diffusion.timesteps
    total, done, last = steps * count, 0, time.monotonic()
    columns = (BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("elapsed,"), TimeRemainingColumn())
    text = TextColumn("{task.description}")
    terminal = stderr.is_terminal
    bar = Progress(text, *columns, TextColumn("to go"), console=stderr, transient=True, disable=not terminal)
    with bar:
        task = bar.add_task(f"Sampling {count:,} strings", total=total)

        def tell(strings: int) -> None:
            nonlocal done, last
            done += strings
            bar.update(task, advance=strings)
            if not terminal and time.monotonic() - last >= PLAIN_INTERVAL_S:
                last = time.monotonic()
                stderr.print(f"sampling {count:,} strings | {done / total:.0%}", markup=False, soft_wrap=True)

        yield tell
