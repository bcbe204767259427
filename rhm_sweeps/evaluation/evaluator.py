"""Evaluates all members of a pack at once."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.evaluation.fixed_pairs import fixed_pairs
from rhm_sweeps.evaluation.sampling import sample_strings
from rhm_sweeps.evaluation.string_metrics import string_metrics
from rhm_sweeps.grammar import Dataset, Grammar, Parser, StringSet
from rhm_sweeps.training.loop import PackTrainer


class PackEvaluator:
    """Holds what does not change between evaluations: fixed pairs, parsers, training sets."""

    def __init__(
        self,
        configs: Sequence[TrialConfig],
        grammars: Sequence[Grammar],
        datasets: Sequence[Dataset],
        trainer: PackTrainer,
    ) -> None:
        pairs = configs[0].evaluation.loss_pairs
        self.configs = list(configs)
        self.parsers = [Parser(grammar) for grammar in grammars]
        self.training_sets = [StringSet(data.train) for data in datasets]
        self.tested = [len(data.test) > 0 for data in datasets]
        self.train_pairs = fixed_pairs(trainer, [data.train for data in datasets], pairs)
        held_out = [data.test if len(data.test) else data.train for data in datasets]
        self.test_pairs = fixed_pairs(trainer, held_out, pairs)

    def evaluate(self, trainer: PackTrainer) -> list[dict[str, float]]:
        """The metrics of each member at the trainer's step, in the members' order."""
        config = trainer.config
        train_loss, test_loss = (
            self.train_pairs.mean_loss(trainer).tolist(),
            self.test_pairs.mean_loss(trainer).tolist(),
        )
        samples = sample_strings(
            trainer.model,
            trainer.alpha_bar,
            trainer.streams,
            config.grammar.string_length,
            config.grammar.num_features,
            config.evaluation.num_samples,
            config.evaluation.sampling_steps,
        )
        strings = samples.to(torch.uint8).cpu().numpy()
        return [
            {
                "train_loss": train_loss[k],
                "test_loss": test_loss[k] if self.tested[k] else float("nan"),
                **string_metrics(strings[k], self.parsers[k], self.training_sets[k], self.configs[k]),
            }
            for k in range(len(self.configs))
        ]

    def select(self, kept: Sequence[int]) -> None:
        """Keep some of the members only."""
        index = torch.tensor(kept, dtype=torch.int64)
        self.configs = [self.configs[k] for k in kept]
        self.parsers = [self.parsers[k] for k in kept]
        self.training_sets = [self.training_sets[k] for k in kept]
        self.tested = [self.tested[k] for k in kept]
        self.train_pairs, self.test_pairs = self.train_pairs.select(index), self.test_pairs.select(index)


def evaluation_steps(steps: int, points_per_doubling: int = 1) -> list[int]:
    """Log2-spaced optimizer steps 1, 2, 4, ... with `points_per_doubling` points per doubling, and the last step."""
    spaced = {round(2 ** (i / points_per_doubling)) for i in range(steps.bit_length() * points_per_doubling + 1)}
    return sorted({step for step in spaced if step < steps} | {steps})
