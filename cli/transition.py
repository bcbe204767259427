"""`rhm-sweep transition`: how the tree of a string changes when the string is noised and denoised."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import UsageError

from .flags import grammar_flags
from .model_flags import Device
from .output import Json, print_json, stdout
from .selection import Where
from .session_flags import DEFAULT_RESULTS, Results
from .transition_flags import (
    Checkpoint,
    FigureFile,
    InfiniteDepth,
    Noise,
    Out,
    ProcessName,
    Resamples,
    Samples,
    Seed,
    Sweep,
    Trials,
)
from .transition_inputs import (
    check_files,
    known_process,
    model_of_these_rules,
    models_with_own_rules,
    strengths,
)

if TYPE_CHECKING:
    from rhm_sweeps.analysis.transition.transition import Transition
    from rhm_sweeps.evaluation.beside_exact import Experiment


@grammar_flags
def transition(
    config: GrammarConfig,
    *,
    sweep: Sweep = None,
    trial: Trials = None,
    where: Where = None,
    process: ProcessName = None,
    noise: Noise = None,
    checkpoint: Checkpoint = None,
    samples: Samples = 2048,
    seed: Seed = 0,
    resamples: Resamples = 200,
    infinite_depth: InfiniteDepth = 0,
    figure: FigureFile = None,
    out: Out = None,
    device: Device = "cpu",
    results: Results = DEFAULT_RESULTS,
    as_json: Json = False,
) -> None:
    """Noise strings, denoise them, and show what changes at each level of their trees.

    Without a sweep by exact belief propagation: what a perfect model of the
    grammar of the flags does. With one, what its trained models do at their
    own times nearest to these noises, beside exact inference on the same
    rules, strings and noise. chi and xi are the susceptibility and the
    correlation length (in tokens) of the changes of tokens. Errors are
    standard errors, by a bootstrap over strings.

    In JSON, `latents_unchanged` has a list for each level from the root to
    the leaves, and in it a number for each noise.
    """
    from rhm_sweeps.evaluation.beside_exact import Experiment

    check_files(figure, out)
    experiment = Experiment(strengths(noise), samples, seed, resamples, infinite_depth, device)
    if sweep is not None:
        if checkpoint is not None:
            raise UsageError("`--checkpoint` names a model, and so does the first argument; leave one of them out")
        found = _of_sweep(sweep, trial, where, config, process, experiment, results, as_json=as_json)
    elif trial or where:
        raise UsageError("`--trial` and `--where` choose trials of a sweep; name the sweep too")
    else:
        found = _of_flags(config, process, checkpoint, experiment, as_json=as_json)
    if figure is not None or out is not None:
        from .transition_document import write_files

        write_files(found, figure, out)


def _of_sweep(
    sweep: str,
    trials: list[str] | None,
    where: str | None,
    config: GrammarConfig,
    process: str | None,
    experiment: Experiment,
    results: Path,
    *,
    as_json: bool,
) -> Transition:
    """Compare a sweep's models with exact inference, and print what was found."""
    from rhm_sweeps.analysis.transition.transition import measure_transition
    from rhm_sweeps.evaluation.beside_exact import beside_exact
    from rhm_sweeps.evaluation.transition_frame import comparison_frame

    from .transition_document import comparison_document
    from .transition_view import models_progress, print_comparison

    chosen = models_with_own_rules(sweep, trials, where, results, config, process)
    with models_progress(len(chosen.models)) as tell:
        measured = beside_exact(chosen.models, experiment, tell)
    found = measure_transition(comparison_frame(measured, experiment))
    if as_json:
        print_json(comparison_document(found, experiment, chosen.left_out))
    else:
        print_comparison(found, chosen.left_out)
    return found


def _of_flags(
    config: GrammarConfig, process: str | None, checkpoint: Path | None, experiment: Experiment, *, as_json: bool
) -> Transition:
    """Exact inference of the grammar of the flags, and the model of a checkpoint beside it; print them."""
    from rhm_sweeps.analysis.transition.transition import measure_transition
    from rhm_sweeps.evaluation.beside_exact import beside_exact
    from rhm_sweeps.evaluation.transition_frame import comparison_frame, exact_frame

    from .transition_document import curves_document, setting_document
    from .transition_view import print_exact, print_setting, transition_table

    known = known_process(process or "uniform")
    saved = None if checkpoint is None else model_of_these_rules(checkpoint, config, process)
    exact = experiment.exact(config, known, experiment.strengths(known))
    measured = [] if saved is None else beside_exact([saved], experiment)
    frame = comparison_frame(measured, experiment) if measured else exact_frame(exact, known, config, experiment)
    found = measure_transition(frame)
    document = curves_document(exact)
    if not as_json:
        print_exact(exact, known, config, experiment, found)
    for one in measured:
        document["model"] = {"times": one.times, **curves_document(one.model)}
        document["comparison"] = setting_document(found.settings[0])
        if not as_json:
            stdout.print(transition_table(f"Trained model, step {one.saved.step}", one.model, one.times))
            print_setting(found.settings[0])
    if as_json:
        print_json(document)
    return found
