"""The files of trained models, found as people name them."""

from __future__ import annotations

import re
from pathlib import Path

from rhm_sweeps.config import flatten
from rhm_sweeps.errors import SweepError, UsageError
from rhm_sweeps.ledger import FILE_NAME, Ledger
from rhm_sweeps.spaces.header import NAME_PATTERN
from rhm_sweeps.sweeps.folder import SweepFolder, sweep_folder, sweep_names

MAX_LISTED = 16


def find_model(model: str, results: Path, trial: str | None = None) -> Path:
    """Return the file of a model.

    Args:
        model: its path, or the name of a sweep under `results`.
        results: folder of all sweeps.
        trial: the first digits of the trial's signature, where a sweep has several models.

    Raises:
        UsageError: if there is none, or more than one: with all there are and what they differ in.
    """
    path = Path(model)
    if path.is_file():
        if trial is not None:
            raise UsageError(f"`--trial` is {trial}, but {model} is one model; leave it out, or name a sweep")
        return path
    if not re.fullmatch(NAME_PATTERN, model) or not sweep_folder(results, model).path.is_dir():
        there = ", ".join(sweep_names(results)[:MAX_LISTED]) or "none"
        raise UsageError(f"there is no model {model}, and no sweep of that name in {results}; sweeps there: {there}")
    folder = sweep_folder(results, model)
    files = sorted(folder.models.glob("*.safetensors"))
    found = [file for file in files if file.stem.startswith(trial or "")]
    if len(found) == 1:
        return found[0]
    if not files:
        raise UsageError(f"sweep {model} has no trained models yet; `rhm-sweep status {model}` says how far it is")
    wanted = f"{len(found) or 'no'} models" + (f" whose signature starts with {trial}" if trial else "")
    raise UsageError(
        f"sweep {model} has {wanted}; choose one with --trial:\n" + "\n".join(_listed(folder, found or files))
    )


def _listed(folder: SweepFolder, files: list[Path]) -> list[str]:
    """Signatures, each with the fields in which the models differ."""
    trials = _trials(folder)
    known = [trials.get(file.stem, {}) for file in files]
    fields = [name for name in (known[0] if known else {}) if len({repr(trial.get(name)) for trial in known}) > 1]
    lines = [
        "  " + "  ".join([file.stem, *(f"{name.rsplit('.')[-1]}={trial.get(name)}" for name in fields)])
        for file, trial in zip(files, known, strict=True)
    ]
    more = [f"  and {len(lines) - MAX_LISTED} more"] if len(lines) > MAX_LISTED else []
    return lines[:MAX_LISTED] + more


def _trials(folder: SweepFolder) -> dict[str, dict[str, object]]:
    """The fields of a sweep's trials by signature; none if its record cannot be read."""
    if not (folder.path / FILE_NAME).is_file():
        return {}
    try:
        with Ledger(folder.path) as ledger:
            return {trial.signature: dict(flatten(trial.config)) for trial in ledger.trials()}
    except SweepError:
        return {}
