"""`rhm-sweep evaluate`: the metrics of a trained model, computed afresh."""

from __future__ import annotations

from typing import Annotated

import typer

from .metrics_view import as_lists, metric_tables
from .model_flags import Device, Model, SamplingSteps, Trial, named_model, sampling_progress
from .output import Json, print_json, stdout
from .session_flags import DEFAULT_RESULTS, Results

NumSamples = Annotated[int | None, typer.Option(min=1, help="Strings to sample; default: as in training.")]
LossPairs = Annotated[int | None, typer.Option(min=1, help="(x_t, t) pairs per loss; default: as in training.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Seed of samples, times and noise; default: the trial's.")]


def evaluate(
    model: Model,
    *,
    trial: Trial = None,
    num_samples: NumSamples = None,
    sampling_steps: SamplingSteps = None,
    loss_pairs: LossPairs = None,
    seed: Seed = None,
    device: Device = "cpu",
    results: Results = DEFAULT_RESULTS,
    as_json: Json = False,
) -> None:
    """Print the metrics of a trained model: losses, validity per level, copies.

    Without options they are those that training recorded at the last step.

    In JSON, metrics of levels (l = 1..L, counted from the leaves) and of
    parts of the times are lists.
    """
    trained = named_model(model, trial, results, device)
    count = num_samples or trained.config.evaluation.num_samples
    with sampling_progress(trained, count, sampling_steps) as tell:
        metrics = trained.metrics(num_samples, sampling_steps, loss_pairs, seed, tell)
    signature = trained.config.signature
    if as_json:
        print_json({"signature": signature, "step": trained.step, **as_lists(metrics)})
        return
    stdout.print(f"Trial {signature}, step {trained.step:,}")
    stdout.print(metric_tables(metrics))
