"""Forward-backward experiments with trained models, each beside exact inference on the same rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.diffusion.noise_schedules import alpha_bar_table
from rhm_sweeps.evaluation.evidence import Process, unit_scale_noise
from rhm_sweeps.evaluation.forward_backward import ForwardBackward, exact_forward_backward
from rhm_sweeps.evaluation.infinite_depth import Threshold, infinite_depth_threshold
from rhm_sweeps.evaluation.trained_forward_backward import nearest_times, trained_forward_backward
from rhm_sweeps.grammar import make_grammar
from rhm_sweeps.grammar.productions import WeightedGrammar
from rhm_sweeps.grammar.theory import epsilon_star
from rhm_sweeps.training.saved_models import SavedModel

DENSE = [percent / 100 for percent in range(2, 36, 3)]
DEFAULT_NOISE: Mapping[Process, Sequence[float]] = {
    "epsilon": [0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 1.0],
    "uniform": [*DENSE, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8, 1.0],
    "masked": [0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9, 1.0],
    "gaussian": [*DENSE, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8, 1.0],
}
"""Strengths that are dense around the transitions of common grammars."""


@dataclass(frozen=True)
class Experiment:
    """How strings are noised and denoised.

    `noise` null is `DEFAULT_NOISE`; `resamples` are those of the bootstrap over strings; `infinite_depth` is the number of random
    grammars over which thresholds at infinite depth are averaged, 0 for none.
    """

    noise: Sequence[float] | None = None
    num_samples: int = 2048
    seed: int = 0
    resamples: int = 200
    infinite_depth: int = 0
    device: str = "cpu"

    def strengths(self, process: Process) -> Sequence[float]:
        """The noise of an experiment with this process."""
        return DEFAULT_NOISE[process] if self.noise is None else self.noise

    def exact(self, grammar: GrammarConfig, process: Process, noise: Sequence[float]) -> ForwardBackward:
        """What exact inference does at these strengths."""
        rules = WeightedGrammar.of(make_grammar(grammar))
        return exact_forward_backward(rules, process, noise, self.num_samples, self.seed, self.resamples)

    def theory(self, grammar: GrammarConfig, process: Process) -> Threshold:
        """The threshold at infinite depth: epsilon* of the epsilon-process, that of exact inference of others; NaN if not known.

        epsilon* is no threshold of other processes: theirs are much lower.
        """
        nan = float("nan")
        if process == "epsilon":
            return Threshold(epsilon_star(grammar) or nan, nan, ())
        if not (grammar.is_plain and self.infinite_depth):
            return Threshold(nan, nan, ())
        size = grammar.model_copy(update={"num_classes": grammar.num_features, "num_layers": 1, "seed_rules": 0})
        return _infinite_depth_threshold(size, process, self.infinite_depth)


@lru_cache
def _infinite_depth_threshold(size: GrammarConfig, process: Process, num_grammars: int) -> Threshold:
    return infinite_depth_threshold(size, process, num_grammars)


@dataclass(frozen=True)
class BesideExact:
    """A trained model's curves, and those of exact inference at the same noise on the same strings; `times` are those noises' t."""

    saved: SavedModel
    times: list[int]
    model: ForwardBackward
    exact: ForwardBackward


def beside_exact(
    models: Iterable[SavedModel], experiment: Experiment, on_model: Callable[[SavedModel], None] | None = None
) -> list[BesideExact]:
    """Noise and denoise with each model and with exact inference, which is asked once for models that share it.

    Noise is that of the model's own times: 1 - alpha_bar_t, without repetition. `on_model` is told of each model that is done.

    Raises:
        UsageError: if a model is a classifier, its grammar is ambiguous, or a number of the experiment is out of bounds.
    """
    known: dict[tuple[object, ...], ForwardBackward] = {}
    found = []
    for saved in models:
        grammar, diffusion = saved.config.grammar, saved.config.diffusion
        alpha_bar = alpha_bar_table(diffusion)
        times = sorted(set(nearest_times(alpha_bar, experiment.strengths(diffusion.process))))
        noise: list[float] = (1.0 - alpha_bar[times]).tolist()
        trained = trained_forward_backward(
            saved, noise, experiment.num_samples, experiment.seed, experiment.resamples, experiment.device
        )
        scale = diffusion.noise_scale if diffusion.process == "gaussian" else 1.0
        key = (grammar.model_dump_json(), diffusion.process, scale, *noise)
        if key not in known:
            same = [unit_scale_noise(strength, scale) for strength in noise]
            known[key] = _at(experiment.exact(grammar, diffusion.process, same), noise)
        found.append(BesideExact(saved, times, trained.curves, known[key]))
        if on_model is not None:
            on_model(saved)
    return found


def _at(curves: ForwardBackward, noise: list[float]) -> ForwardBackward:
    """The curves with the noise called as another scale has it."""
    return replace(curves, noise=noise, resampled=tuple(replace(one, noise=noise) for one in curves.resampled))
