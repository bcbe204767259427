"""What a sweep and its trials look like as MLflow runs: names, tags, parameters, metrics and states."""

from __future__ import annotations

import getpass
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mlflow.entities import Metric, Param, RunTag

from rhm_sweeps.config import flatten, look_up, seeds_last
from rhm_sweeps.ledger import Ledger, MetricPoint, TrialRecord, TrialState
from rhm_sweeps.printable import one_line, printable
from rhm_sweeps.spaces.header import NAME_PATTERN
from rhm_sweeps.version import __version__

SWEEP, SIGNATURE, LEDGER = "rhm_sweep.sweep", "rhm_sweep.signature", "rhm_sweep.ledger"
PACK, POSITION, ROLE = "rhm_sweep.pack", "rhm_sweep.position", "rhm_sweep.role"
STATE, REASON, VERSION = "rhm_sweep.state", "rhm_sweep.reason", "rhm_sweep.version"
REGIME, NOT_REACHED, THRESHOLDS = "rhm_sweep.regime", "rhm_sweep.not_reached", "rhm_sweep.thresholds"
PARENT, GIT_COMMIT, NOTE = "mlflow.parentRunId", "mlflow.source.git.commit", "mlflow.note.content"

STATUS: dict[TrialState, str] = {
    "pending": "KILLED",
    "running": "RUNNING",
    "done": "FINISHED",
    "failed": "FAILED",
    "stopped": "KILLED",
    "extended": "FINISHED",
}
"""A run whose trial is pending again was interrupted; it opens again when the trial goes on."""
SWEEP_STATUS = {"running": "RUNNING", "paused": "RUNNING", "finished": "FINISHED", "failed": "FAILED"}
"""Any other state of a sweep is KILLED."""

MAX_METRICS, MAX_PARAMS, MAX_NAME, MAX_TAG = 800, 100, 250, 4000
"""MLflow takes 1000 metrics, parameters and tags in one call, 100 of them parameters."""

SYMBOLS = {
    "grammar.num_features": "v",
    "grammar.num_classes": "n",
    "grammar.num_synonyms": "m",
    "grammar.tuple_size": "s",
    "grammar.num_layers": "L",
    "training.train_size": "P",
    "training.learning_rate": "lr",
    "training.batch_size": "B",
    "diffusion.timesteps": "T",
    "model.width": "w",
}


def sweep_tags(ledger: Ledger, uid: str) -> dict[str, str]:
    """Tags of the sweep's own run; its trials share those of `shared_tags`."""
    varied = ", ".join(f"`{name}`" for name in seeds_last(ledger.varied()))
    note = f"{sum(ledger.counts().values())} trials" + (f" over {varied}" if varied else "")
    return {**shared_tags(ledger, uid), ROLE: "sweep", NOTE: note}


def sweep_name(ledger: Ledger) -> str:
    """The name of a sweep, by which it is looked for: that of its folder, if what its ledger says is none."""
    name = str(ledger.meta("name", ""))
    return name if re.fullmatch(NAME_PATTERN, name) else ledger.path.parent.name


def shared_tags(ledger: Ledger, uid: str) -> dict[str, str]:
    """Tags that every run of a sweep has."""
    tags = {
        SWEEP: sweep_name(ledger),
        LEDGER: uid,
        VERSION: ledger.meta("version") or __version__,
        GIT_COMMIT: ledger.meta("git_commit") or "",
        "mlflow.source.name": "rhm-sweep",
        "mlflow.user": _user(),
    }
    return {key: clean(value) for key, value in tags.items() if value}


def trial_tags(trial: TrialRecord, parent: str, shared: Mapping[str, str]) -> dict[str, str]:
    """Tags of a trial's run at its creation."""
    own = {ROLE: "trial", PARENT: parent, SIGNATURE: trial.signature, PACK: trial.pack, POSITION: str(trial.position)}
    return {**shared, **own, **state_tags(trial)}


def state_tags(trial: TrialRecord) -> dict[str, str]:
    return {STATE: trial.state, REASON: clean(trial.reason)}


def run_name(trial: TrialRecord, varied: Sequence[str]) -> str:
    """What tells this trial from the others, as in `P=64 seed_rules=1`; its signature if nothing does."""
    parts = [f"{SYMBOLS.get(name, name.rpartition('.')[2])}={text(look_up(trial.config, name))}" for name in varied]
    return one_line(" ".join(parts) or trial.signature)[:MAX_NAME]


class Parameters:
    """The parameters of runs, one after another: sections that equal those of the run before are written down once."""

    def __init__(self) -> None:
        self._sections: dict[str, tuple[Any, dict[str, str]]] = {}

    def of(self, config: Mapping[str, Any]) -> dict[str, str]:
        """Every field by its dotted name, with its value as in YAML and JSON."""
        found: dict[str, str] = {}
        for name, section in config.items():
            known, texts = self._sections.get(name, (None, {}))
            if section != known:
                texts = {field: text(value) for field, value in flatten({name: section})}
                self._sections[name] = (section, texts)
            found |= texts
        return found


def text(value: Any) -> str:
    return printable(value) if isinstance(value, str) else json.dumps(value)


def metrics(points: Iterable[MetricPoint]) -> list[Metric]:
    """All finite values at their true step and frozen time; MLflow has no place for the others."""
    return [
        Metric(name, float(value), point.timestamp_ms, point.step)
        for point in points
        for name, value in point.metrics.items()
        if math.isfinite(value)
    ]


def batches(
    values: Sequence[Metric], params: Sequence[Param], tags: Sequence[RunTag]
) -> Iterator[tuple[Sequence[Metric], Sequence[Param], Sequence[RunTag]]]:
    """Yield portions that MLflow takes in one call; the few tags go with the first."""
    while values or params or tags:
        yield values[:MAX_METRICS], params[:MAX_PARAMS], tags
        values, params, tags = values[MAX_METRICS:], params[MAX_PARAMS:], ()


def clean(value: str) -> str:
    """A text as every database takes it and every page and program may show it: not too long."""
    return printable(value)[:MAX_TAG]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # containers may run as a user without a name
        return ""
