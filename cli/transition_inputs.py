"""What `rhm-sweep transition` is asked for: strengths of noise, and models with rules of their own."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.config.grammar import SIZES
from rhm_sweeps.errors import ConfigError, Problem, UsageError

if TYPE_CHECKING:
    from rhm_sweeps.evaluation.evidence import Process
    from rhm_sweeps.training.saved_models import SavedModel
    from rhm_sweeps.views.transition_models import TransitionModels

FIGURES = (".png", ".svg", ".pdf")


def known_process(process: str) -> Process:
    """The process of a name."""
    from rhm_sweeps.evaluation.evidence import PROCESSES

    if process not in PROCESSES:
        raise UsageError(f"`--process` is {process!r}, but must be one of {', '.join(PROCESSES)}")
    return process


def strengths(text: str | None) -> list[float] | None:
    """Numbers in [0, 1], separated by commas; all that are wrong are named at once."""
    if text is None:
        return None
    numbers, problems = [], []
    for item in text.split(","):
        try:
            numbers.append(float(item))
        except ValueError:
            problems.append(Problem("--noise", f"has {item.strip()!r}, but must be numbers separated by commas"))
            continue
        if not 0.0 <= numbers[-1] <= 1.0:
            problems.append(Problem("--noise", f"has {item.strip()}, but must be in [0, 1]"))
    if problems:
        raise ConfigError(problems, "flags")
    return numbers


def check_files(figure: Path | None, out: Path | None) -> None:
    """Raise a UsageError, before anything is computed, if a file cannot be written as its name ends."""
    from rhm_sweeps.tracking.export import SUFFIXES

    for flag, path, endings in (("--figure", figure, FIGURES), ("--out", out, SUFFIXES)):
        if path is not None and path.suffix not in endings:
            raise UsageError(f"`{flag}` is {path}, but must end in {', '.join(endings)}")


def models_with_own_rules(
    sweep: str, trials: list[str] | None, where: str | None, results: Path, config: GrammarConfig, process: str | None
) -> TransitionModels:
    """The models of a sweep, or of a file; flags of the grammar and the process are refused."""
    from rhm_sweeps.spaces.header import NAME_PATTERN
    from rhm_sweeps.sweeps.folder import sweep_folder
    from rhm_sweeps.views.transition_models import model_of_file, models_of_sweep

    if config.model_fields_set or process is not None:
        raise UsageError(
            f"the models of {sweep} have rules and processes of their own; leave flags of the grammar and `--process` out; "
            "`--where \"process == 'masked'\"` chooses among trials"
        )
    if Path(sweep).is_file() or not re.fullmatch(NAME_PATTERN, sweep):
        if trials or where:
            raise UsageError(f"{sweep} is one model; leave `--trial` and `--where` out, or name a sweep")
        return model_of_file(sweep, results)
    return models_of_sweep(sweep_folder(results, sweep), where, trials or ())


def model_of_these_rules(checkpoint: Path, config: GrammarConfig, process: str | None) -> SavedModel:
    """Load the model, or say which flags would describe its grammar and process."""
    from rhm_sweeps.evaluation.trained_forward_backward import check_model
    from rhm_sweeps.training.saved_models import load_model

    if process == "epsilon":
        raise UsageError(
            "`--process` is epsilon, which noises no strings that a model could denoise: its evidence is centred on the true "
            "tokens; with `--checkpoint` it must be that of the model: uniform, masked or gaussian"
        )
    saved = load_model(checkpoint)
    check_model(saved)
    theirs = saved.config.diffusion.process
    if (process or "uniform") != theirs:
        raise UsageError(f"the model of {checkpoint} denoises {theirs} noise; compare it so: --process {theirs}")
    wanted = _grammar_flags(saved.config.grammar)
    if wanted != _grammar_flags(config):
        flags = " ".join(f"--{name.replace('_', '-')} {shlex.quote(str(value))}" for name, value in wanted.items())
        raise UsageError(
            f"the model of {checkpoint} was trained on another grammar; compare it on its own rules: "
            + (flags or "no flags of the grammar")
        )
    return saved


def _grammar_flags(config: GrammarConfig) -> dict[str, Any]:
    """The fields that make a grammar what it is."""
    implied = config.unused().keys() | (set(SIZES) if config.explicit else set())
    return {name: value for name, value in config.model_dump(exclude_defaults=True).items() if name not in implied}
