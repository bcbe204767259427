"""`rhm-sweep train`: one trial in this process, with the flag names of the original code."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table

from rhm_sweeps.config import TrialConfig, nest, parse_trial
from rhm_sweeps.errors import ConfigError, Problem

from .console_signals import stop_on_signals
from .drive_sweep import exit_code, say_resume
from .flags import Json
from .output import print_json, stderr, stdout
from .session_flags import DEFAULT_RESULTS, AcceptChanges, Experiment, Results, TrackingUri
from .trial_flags import trial_flags

if TYPE_CHECKING:
    from rhm_sweeps.ledger import MetricPoint
    from rhm_sweeps.sweeps.session import SessionResult

DEFAULT_TEST_SIZE = 1024

Output = Annotated[str | None, typer.Option("--output", help="Name of the run's folder; default: train-<signature>.")]
Epochs = Annotated[
    int | None, typer.Option("--n-epoch", min=1, help="Passes over the training set, instead of --steps.")
]
TestSize = Annotated[int | None, typer.Option(help="Held-out strings; default: 1024, or what the grammar has left.")]
ModelType = Annotated[str, typer.Option("--model-type", hidden=True)]
ModelOutput = Annotated[str, typer.Option("--model-output", hidden=True)]
Device = Annotated[str, typer.Option(help="cpu or cuda.")]


@trial_flags
def train(
    fields: dict[str, Any],
    *,
    test_size: TestSize = None,  # noqa: ARG001 - arrives in `fields`
    output: Output = None,
    n_epoch: Epochs = None,
    model_type: ModelType = "start",
    model_output: ModelOutput = "logits",
    device: Device = "cpu",
    results: Results = DEFAULT_RESULTS,
    tracking_uri: TrackingUri = None,
    experiment: Experiment = None,
    accept_changes: AcceptChanges = False,
    as_json: Json = False,
) -> None:
    """Train one model here and print its final numbers; run again, it goes on where it was interrupted."""
    _check_original_choices(model_type=model_type, model_output=model_output)
    trial = _trial(fields, n_epoch)
    name = output or f"train-{trial.signature}"

    from rhm_sweeps.sweeps.folder import sweep_folder

    sweep_folder(results, name)  # before the heavy imports: what is wrong is said at once

    from rhm_sweeps.sweeps import session
    from rhm_sweeps.sweeps.in_process import run_in_process
    from rhm_sweeps.sweeps.pools import check_device, local_pool
    from rhm_sweeps.sweeps.search_space import SearchSpace

    space = SearchSpace.build(name, trial=trial.model_dump())
    options = session.SessionOptions(results, tracking_uri, experiment, accept_changes)
    run = partial(run_in_process, device=check_device(device))
    with stop_on_signals() as stop:
        result = session.launch(space, options, local_pool(), run, stderr, stop)
    _show(trial, result, as_json=as_json)
    raise typer.Exit(exit_code(result, stop))


def _check_original_choices(**choices: str) -> None:
    problems = [
        Problem(name, f"is {value!r}, but the uniform process predicts x_0 by logits: must be {only!r}")
        for (name, value), only in zip(choices.items(), ("start", "logits"), strict=True)
        if value != only
    ]
    if problems:
        raise ConfigError(problems, "flags")


def _trial(fields: dict[str, Any], n_epoch: int | None) -> TrialConfig:
    """The trial of the flags, epochs turned into steps, and as many test strings as the grammar has left."""
    test_size = fields["training.test_size"]
    trial = parse_trial(nest({**fields, "training.test_size": test_size or 0}), "flags")
    if test_size is None:
        left = trial.grammar.p_max - trial.training.train_size
        fields["training.test_size"] = max(0, min(DEFAULT_TEST_SIZE, left))
    if n_epoch is not None:
        fields["training.steps"] = n_epoch * math.ceil(trial.training.train_size / trial.training.batch_size)
    return parse_trial(nest(fields), "flags")


def _show(trial: TrialConfig, result: SessionResult, *, as_json: bool) -> None:
    from rhm_sweeps.ledger import Ledger

    with Ledger(result.folder.path) as ledger:
        points = sorted(ledger.points(trial.signature), key=lambda point: point.step)
        failures = ledger.trials("failed")
    history = [_point(point, trial.grammar.num_layers) for point in points]
    if as_json:
        print_json({"signature": trial.signature, **(history[-1] if history else {}), "history": history})
    elif history:
        stdout.print(_table(history))
    for failure in failures:
        stderr.print(f"failed: {failure.reason}", markup=False, soft_wrap=True)
    if result.outcome.unfinished:
        say_resume(result)
    else:
        stderr.print(f"model  {result.folder.models / trial.signature}.safetensors", markup=False, soft_wrap=True)


def _point(point: MetricPoint, levels: int) -> dict[str, Any]:
    """A metric point as the outer contract has it: validity as a list, l = 1..L."""
    names = ("copies", "excess_copies", "novel_valid", "hamming", "steps_per_second")
    return {
        "step": point.step,
        "train_loss": point.metrics["train_loss"],
        "test_loss": point.metrics["test_loss"],
        "validity": [point.metrics[f"validity_{level}"] for level in range(1, levels + 1)],
        **{name: point.metrics[name] for name in names},
    }


def _table(history: list[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("step", "train loss", "test loss", "validity, l = 1..L", "copies", "novel valid"):
        table.add_column(heading, justify="right")
    for row in history:
        validity = " ".join(f"{share:.3f}" for share in row["validity"])
        losses = (f"{row['train_loss']:.5f}", f"{row['test_loss']:.5f}")
        table.add_row(f"{row['step']:,}", *losses, validity, f"{row['copies']:.3f}", f"{row['novel_valid']:.3f}")
    return table
