"""`rhm-sweep transition`: how the tree of a string changes when the string is noised and denoised."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.config.grammar import SIZES
from rhm_sweeps.errors import ConfigError, Problem, UsageError

from .flags import Json, grammar_flags
from .output import print_json, stdout

if TYPE_CHECKING:
    from rhm_sweeps.evaluation.evidence import Process
    from rhm_sweeps.training.saved_models import SavedModel

DENSE = [percent / 100 for percent in range(2, 36, 3)]
DEFAULT_NOISE = {
    "epsilon": [0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 1.0],
    "uniform": [*DENSE, 0.4, 0.5, 0.6, 0.8, 1.0],
    "masked": [0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9, 1.0],
}
"""Dense around the transitions of common grammars."""

ProcessName = Annotated[
    str,
    typer.Option(
        help="epsilon: uncertain evidence centred on the true tokens; uniform: tokens replaced; masked: tokens hidden."
    ),
]
Noise = Annotated[
    str | None,
    typer.Option(
        help="Strengths in [0, 1], separated by commas: epsilon itself, 1 - alpha_bar for uniform, the masked fraction. "
        "Default: a grid that is dense around the transition."
    ),
]
Checkpoint = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        help="A model trained on the same rules, results/<name>/models/<signature>.safetensors: adds its curves "
        "(of uniform or masked diffusion, as --process says).",
    ),
]
Samples = Annotated[int, typer.Option(min=1, help="Strings per noise level.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the strings and of their noise.")]


@grammar_flags
def transition(
    config: GrammarConfig,
    *,
    process: ProcessName = "uniform",
    noise: Noise = None,
    checkpoint: Checkpoint = None,
    samples: Samples = 2048,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Noise strings, denoise them, and show what changes at each level of their trees.

    By exact belief propagation: what a perfect model of this grammar does.
    With --checkpoint also what a trained model does, at its times nearest to
    these noises. chi and xi are the susceptibility and the correlation length
    (in tokens) of the changes of tokens.

    In JSON, `latents_unchanged` has a list for each level from the root to
    the leaves, and in it a number for each noise.
    """
    known = _known_process(process)
    strengths = DEFAULT_NOISE[known] if noise is None else _numbers(noise)

    from rhm_sweeps.evaluation.forward_backward import exact_forward_backward
    from rhm_sweeps.evaluation.half_overlap import half_overlap_noise
    from rhm_sweeps.evaluation.trained_forward_backward import trained_forward_backward
    from rhm_sweeps.grammar import WeightedGrammar, make_grammar

    from .transition_view import half_overlap_line, transition_table

    saved = None if checkpoint is None else _model_of_these_rules(checkpoint, config, known)
    grammar = WeightedGrammar.of(make_grammar(config))
    exact = exact_forward_backward(grammar, known, strengths, samples, seed)
    trained = None if saved is None else trained_forward_backward(saved, strengths, samples, seed)
    if as_json:
        model = {} if trained is None else {"model": {"times": trained.times, **asdict(trained.curves)}}
        print_json({**asdict(exact), **model})
        return
    stdout.print(transition_table(f"Exact belief propagation, {known} noise", exact))
    if config.num_classes > 1:
        stdout.print(half_overlap_line(half_overlap_noise(grammar, known, samples, seed)))
    if trained is not None and saved is not None:
        stdout.print(transition_table(f"Trained model, step {saved.step}", trained.curves, trained.times))


def _known_process(process: str) -> Process:
    if process not in DEFAULT_NOISE:
        raise UsageError(f"`--process` is {process!r}, but must be one of {', '.join(DEFAULT_NOISE)}")
    return cast("Process", process)


def _numbers(text: str) -> list[float]:
    """Numbers in [0, 1], separated by commas; all that are wrong are named at once."""
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


def _model_of_these_rules(checkpoint: Path, config: GrammarConfig, process: Process) -> SavedModel:
    """Load the model, or say which flags would describe its grammar and process."""
    from rhm_sweeps.evaluation.trained_forward_backward import check_model
    from rhm_sweeps.training.saved_models import load_model

    if process == "epsilon":
        raise UsageError(
            "`--process` is epsilon, which noises no strings that a model could denoise: its evidence is centred on the true "
            "tokens; with `--checkpoint` it must be that of the model, uniform or masked"
        )
    saved = load_model(checkpoint)
    check_model(saved)
    if saved.config.diffusion.process != process:
        theirs = saved.config.diffusion.process
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
