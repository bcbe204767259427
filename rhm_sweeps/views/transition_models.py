"""The trained models of a sweep whose forward-backward curves are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rhm_sweeps.errors import UsageError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.trial_filter import select_trials
from rhm_sweeps.training.saved_models import SavedModel, load_model
from rhm_sweeps.views.model_files import find_model


@dataclass(frozen=True)
class TransitionModels:
    """Models that can be asked, in the order of the plan, and in sentences why trials have none."""

    models: tuple[SavedModel, ...]
    left_out: tuple[str, ...]


def model_of_file(path: str, results: Path) -> TransitionModels:
    """The model of a file.

    Raises:
        UsageError: if there is no such file.
        CheckpointError: if it is damaged or not a model of rhm-sweep.
    """
    return TransitionModels((load_model(find_model(path, results)),), ())


def models_of_sweep(folder: SweepFolder, where: str | None = None, trials: Sequence[str] = ()) -> TransitionModels:
    """The denoisers among the trained models of a sweep.

    Args:
        folder: of the sweep.
        where: a condition on trials, null for all.
        trials: first digits of signatures; none for all.

    Raises:
        SweepError: if there is no such sweep.
        UsageError: if the condition is wrong, a start of a signature is that of no trial or of several, or nothing is left.
    """
    with Ledger(folder.path) as ledger:
        chosen = [trial.signature for trial in select_trials(ledger, where, trials)]
    files = [folder.models / f"{signature}.safetensors" for signature in chosen]
    saved = [load_model(file) for file in files if file.is_file()]
    denoisers = tuple(model for model in saved if model.config.model.name != "classifier")
    left_out = []
    if len(saved) < len(chosen):
        left_out.append(f"{len(chosen) - len(saved):,} of {len(chosen):,} trials have no trained model (yet).")
    if len(denoisers) < len(saved):
        left_out.append(
            f"{len(saved) - len(denoisers):,} of {len(chosen):,} trials are classifiers, which denoise nothing."
        )
    if not denoisers:
        why = " ".join(left_out) or "no trial is meant by `--where`"
        name = folder.path.name
        raise UsageError(
            f"sweep {name} has no models to noise and denoise with: {why} `rhm-sweep trials {name}` lists its trials"
        )
    return TransitionModels(denoisers, tuple(left_out))
