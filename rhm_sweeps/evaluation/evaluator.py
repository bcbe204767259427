"""Evaluates all members of a pack at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.evaluation.fixed_pairs import fixed_pairs, pair_metrics, pair_values, ratio_errors
from rhm_sweeps.evaluation.sampling import sample_strings
from rhm_sweeps.evaluation.string_metrics import Reference, string_metrics
from rhm_sweeps.grammar import Dataset, Grammar
from rhm_sweeps.streams import Streams
from rhm_sweeps.training.denoiser import Denoiser, Noised
from rhm_sweeps.training.precision import matmul_precision


class Trained(Protocol):
    """What is evaluated: the members' networks, their streams, and a trial that says how."""

    @property
    def config(self) -> TrialConfig: ...

    @property
    def denoiser(self) -> Denoiser: ...

    @property
    def streams(self) -> Streams: ...


class PackEvaluator:
    """Holds what does not change between evaluations: fixed pairs, and what samples are held against."""

    def __init__(
        self,
        configs: Sequence[TrialConfig],
        grammars: Sequence[Grammar],
        datasets: Sequence[Dataset],
        trainer: Trained,
    ) -> None:
        self.configs = list(configs)
        self.references = [Reference.of(grammar, data.train) for grammar, data in zip(grammars, datasets, strict=True)]
        self.pairs = {
            "train": self._pairs(trainer, [data.train for data in datasets], [d.train_classes for d in datasets]),
            "test": self._pairs(trainer, *_held_out(datasets)),
        }

    def _pairs(self, trainer: Trained, strings: Sequence[np.ndarray], classes: Sequence[np.ndarray]) -> Noised:
        count = self.configs[0].evaluation.loss_pairs
        return fixed_pairs(self.configs[0], trainer.denoiser, trainer.streams, strings, classes, count)

    def evaluate(
        self,
        trainer: Trained,
        on_step: Callable[[int], None] | None = None,
        meanwhile: Callable[[], object] | None = None,
    ) -> list[dict[str, float]]:
        """The metrics of each member at the trainer's step, in the members' order.

        Args:
            trainer: whose networks are evaluated.
            on_step: as in `sample_strings`.
            meanwhile: is called once the networks are needed no longer, to give the device work while Python looks at the samples;
                not of classifiers, whose samples there are none of.
        """
        with matmul_precision(trainer.config.training.precision):
            members = self._losses(trainer)
            if not trainer.denoiser.classifies:
                members = [
                    a | b for a, b in zip(members, self._string_metrics(trainer, on_step, meanwhile), strict=True)
                ]
        return members

    def _losses(self, trainer: Trained) -> list[dict[str, float]]:
        config = trainer.config
        windows, timesteps = config.evaluation.time_windows, config.diffusion.timesteps
        values = {split: _on_cpu(pair_values(trainer.denoiser, pairs)) for split, pairs in self.pairs.items()}
        members: list[dict[str, float]] = [{} for _ in self.configs]
        for split, pairs in self.pairs.items():
            for k, found in enumerate(pair_metrics(values[split], pairs.t.cpu(), timesteps, windows)):
                known = split == "train" or self.configs[k].training.test_size > 0
                members[k] |= {f"{split}_{name}": value if known else float("nan") for name, value in found.items()}
        for k, error in enumerate(ratio_errors(values["train"]["loss"], values["test"]["loss"])):
            members[k]["loss_ratio_error"] = error if self.configs[k].training.test_size > 0 else float("nan")
        return members

    def _string_metrics(
        self, trainer: Trained, on_step: Callable[[int], None] | None, meanwhile: Callable[[], object] | None
    ) -> list[dict[str, float]]:
        config = trainer.config
        count, steps = config.evaluation.num_samples, config.evaluation.sampling_steps
        length = config.grammar.string_length
        samples = sample_strings(trainer.denoiser, trainer.streams, length, count, steps, on_step)
        strings = samples.to(torch.uint8).cpu().numpy()
        if meanwhile is not None:
            meanwhile()
        return [string_metrics(*member) for member in zip(strings, self.references, strict=True)]

    def select(self, kept: Sequence[int]) -> None:
        """Keep some of the members only."""
        self.configs = [self.configs[k] for k in kept]
        self.references = [self.references[k] for k in kept]
        index = torch.tensor(kept, dtype=torch.int64, device=self.pairs["train"].t.device)
        self.pairs = {split: pairs.members(index) for split, pairs in self.pairs.items()}


def _on_cpu(values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The values where each number can be asked for without waiting for a GPU."""
    return {name: value.cpu() for name, value in values.items()}


def _held_out(datasets: Sequence[Dataset]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Test strings and their classes; training strings stand in where there are none, and their numbers are not reported."""
    tested = [len(data.test) > 0 for data in datasets]
    strings = [data.test if test else data.train for data, test in zip(datasets, tested, strict=True)]
    classes = [data.test_classes if test else data.train_classes for data, test in zip(datasets, tested, strict=True)]
    return strings, classes


def evaluation_steps(steps: int, points_per_doubling: int = 1) -> list[int]:
    """Log2-spaced optimizer steps 1, 2, 4, ... with `points_per_doubling` points per doubling, and the last step."""
    spaced = {round(2 ** (i / points_per_doubling)) for i in range(steps.bit_length() * points_per_doubling + 1)}
    return sorted({step for step in spaced if step < steps} | {steps})
