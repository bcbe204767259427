"""`rhm-sweep train`: one trial in this process, with the flag names of the original code."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table

from rhm_sweeps.config import FIELDS, TrialConfig, nest, parse_trial

from .console_signals import stop_on_signals
from .drive_sweep import exit_code, say_resume
from .output import Json, print_json, stderr, stdout
from .session_flags import DEFAULT_RESULTS, AcceptChanges, Experiment, Results, TrackingUri
from .trial_flags import check_used, trial_flags

if TYPE_CHECKING:
    from rhm_sweeps.ledger import MetricPoint
    from rhm_sweeps.sweeps.session import SessionResult

DEFAULT_TEST_SIZE = 1024

Output = Annotated[str | None, typer.Option("--output", help="Name of the run's folder; default: train-<signature>.")]
Epochs = Annotated[
    int | None, typer.Option("--n-epoch", min=1, help="Passes over the training set, instead of --steps.")
]
TestSize = Annotated[int | None, typer.Option(help="Held-out strings; default: 1024, or what the grammar has left.")]
PrintPeriod = Annotated[int | None, typer.Option("--print-period", hidden=True)]
Device = Annotated[str, typer.Option(help="cpu or cuda.")]


@trial_flags
def train(
    fields: dict[str, Any],
    *,
    test_size: TestSize = None,  # noqa: ARG001 - arrives in `fields`
    output: Output = None,
    n_epoch: Epochs = None,
    print_period: PrintPeriod = None,
    device: Device = "cpu",
    results: Results = DEFAULT_RESULTS,
    tracking_uri: TrackingUri = None,
    experiment: Experiment = None,
    accept_changes: AcceptChanges = False,
    as_json: Json = False,
) -> None:
    """Train one model here and print its final numbers; run again, it goes on where it was interrupted."""
    trial = _trial(fields, n_epoch)
    if print_period is not None:
        stderr.print("--print-period has no effect: the view of a run is updated all the time")
    name = output or f"train-{trial.signature}"

    from rhm_sweeps.sweeps.folder import sweep_folder

    sweep_folder(results, name)  # before the heavy imports: what is wrong is said at once

    from rhm_sweeps.pools.pools import check_device, local_pools
    from rhm_sweeps.running.in_process import run_in_process
    from rhm_sweeps.spaces.search_space import SearchSpace
    from rhm_sweeps.sweeps import session
    from rhm_sweeps.sweeps.session_options import SessionOptions

    space = SearchSpace.build(name, trial={field: value for field, value in trial.flat().items() if field in FIELDS})
    options = SessionOptions(results, tracking_uri, experiment, accept_changes)
    run = partial(run_in_process, device=check_device(device))
    with stop_on_signals() as stop:
        result = session.launch(space, options, local_pools(), run, stderr, stop)
    _show(trial, result, as_json=as_json)
    raise typer.Exit(exit_code(result, stop))


def _trial(fields: dict[str, Any], n_epoch: int | None) -> TrialConfig:
    """The trial of the flags, epochs turned into steps, and as many test strings as the grammar has left."""
    test_size = fields["training.test_size"]
    trial = parse_trial(nest({**fields, "training.test_size": test_size or 0}), "flags")
    if test_size is None:
        left = trial.grammar.p_max - trial.training.train_size
        fields["training.test_size"] = max(0, min(DEFAULT_TEST_SIZE, left))
    if n_epoch is not None:
        fields["training.steps"] = n_epoch * math.ceil(trial.training.train_size / trial.training.batch_size)
    trial = parse_trial(nest(fields), "flags")
    check_used(trial, fields)
    return trial


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
    """A metric point as the outer contract has it: validity as a list, l = 1..L; null for what a classifier does not have."""
    metrics = point.metrics
    names = ("copies", "excess_copies", "novel_valid", "hamming", "steps_per_second")
    accuracies = [name for name in ("train_accuracy", "test_accuracy") if name in metrics]
    return {
        "step": point.step,
        "train_loss": metrics["train_loss"],
        "test_loss": metrics["test_loss"],
        "validity": [metrics.get(f"validity_{level}") for level in range(1, levels + 1)],
        **{name: metrics.get(name) for name in (*names, *accuracies)},
    }


def _table(history: list[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    classifies = "train_accuracy" in history[0]
    columns = {"train loss": ("train_loss", 5), "test loss": ("test_loss", 5)}
    columns |= (
        {"train accuracy": ("train_accuracy", 3), "test accuracy": ("test_accuracy", 3)}
        if classifies
        else {"validity, l = 1..L": ("validity", 3), "copies": ("copies", 3), "novel valid": ("novel_valid", 3)}
    )
    for heading in ("step", *columns):
        table.add_column(heading, justify="right")
    for row in history:
        table.add_row(f"{row['step']:,}", *(_digits(row[name], digits) for name, digits in columns.values()))
    return table


def _digits(value: Any, digits: int) -> str:
    if isinstance(value, list):
        return " ".join(_digits(item, digits) for item in value)
    return f"{value:.{digits}f}" if value == value else "-"  # noqa: PLR0124 - only NaN differs from itself
