"""`rhm-sweep import`: a model of the original code as one of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from rhm_sweeps.errors import CheckpointError, UsageError

from .output import Json, print_json, stderr
from .trial_flags import check_used, trial_flags

File = Annotated[Path, typer.Argument(help="State dict of a bpUnet, as in results/<output>_ddpm_rhm.pt.")]
Out = Annotated[Path, typer.Option("--out", dir_okay=False, help="The model to write, a .safetensors file.")]
Logs = Annotated[
    Path | None,
    typer.Option("--logs", help="Its logs, <output>_ddpm_rhm_logs.pt: give the trial; flags go before them."),
]
ASSUMED = {
    "training.train_size": "--train-size",
    "training.seed_sample": "--seed-sample",
}


@trial_flags
def import_model(fields: dict[str, Any], *, file: File, out: Out, logs: Logs = None, as_json: Json = False) -> None:
    """Turn a state dict of the original code (*_ddpm_rhm.pt) into a model.

    Sizes and noise schedule are read off the file. What it does not say
    comes from --logs or from flags: --num-synonyms and --seed-rules always,
    --num-classes if it is not the number of tokens, --train-size and
    --seed-sample so that copies can be counted.
    """
    from rhm_sweeps.training.original_logs import OriginalLogs, read_logs
    from rhm_sweeps.training.original_models import convert, read_original, sizes_of
    from rhm_sweeps.training.original_trial import original_trial
    from rhm_sweeps.training.saved_models import save_model

    state = read_original(file)
    said = read_logs(logs) if logs else OriginalLogs({}, None)
    try:
        sizes = sizes_of(state)
    except CheckpointError as error:
        raise CheckpointError(f"{file}: {error}") from None
    given = {**said.fields, **fields}
    trial = original_trial(state, sizes, given)
    check_used(trial, fields)
    step = trial.training.steps if said.step is None else said.step
    try:
        save_model(out, trial, step, convert(state, sizes))
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from None
    assumed = [f"{flag} {trial.flat()[name]}" for name, flag in ASSUMED.items() if given.get(name) is None]
    if assumed:
        stderr.print(f"not given, and assumed where copies are counted: {', '.join(assumed)}", soft_wrap=True)
    if as_json:
        print_json({"signature": trial.signature, "step": step, "model": str(out), "config": trial.model_dump()})
        return
    stderr.print(f"model  {out}", markup=False, soft_wrap=True)
