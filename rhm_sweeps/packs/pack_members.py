"""The members of a pack that train: their trials, their trainer and their evaluator, in one order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import torch

from rhm_sweeps.config import PERTURBED, TrialConfig
from rhm_sweeps.evaluation.evaluator import PackEvaluator
from rhm_sweeps.grammar import make_grammar
from rhm_sweeps.ledger import MetricPoint
from rhm_sweeps.packs.exploits import Exploit
from rhm_sweeps.packs.member_state import MemberState, save_member_state, select_members, state_path
from rhm_sweeps.packs.pack_progress import Ending
from rhm_sweeps.training.batches import draw_strings
from rhm_sweeps.training.loop import PackTrainer
from rhm_sweeps.training.saved_models import save_model


class PackMembers:
    """Builds the members, in a trainer's state or at step 0, and lets some go."""

    def __init__(
        self, trials: Sequence[TrialConfig], device: torch.device | str, state: dict[str, Any] | None = None
    ) -> None:
        self.trials = list(trials)
        grammars = [make_grammar(trial.grammar) for trial in trials]
        datasets = [draw_strings(grammar, t.training) for grammar, t in zip(grammars, trials, strict=True)]
        self.trainer = PackTrainer(
            self.trials, [data.train for data in datasets], device, [data.train_classes for data in datasets]
        )
        self.evaluator = PackEvaluator(self.trials, grammars, datasets, self.trainer)
        if state is not None:
            self.trainer.load_state_dict(state)

    @property
    def step(self) -> int:
        return self.trainer.step

    def evaluate(self, steps: int = 0) -> tuple[list[dict[str, float]], torch.Tensor | None]:
        """The metrics of each member; and the losses, (K, steps), of up to `steps` steps that a device does while Python evaluates."""
        losses: list[torch.Tensor] = []
        meanwhile = (lambda: losses.append(self.trainer.train(steps))) if steps else None
        metrics = self.evaluator.evaluate(self.trainer, meanwhile=meanwhile)
        return metrics, losses[0] if losses else None

    def rates(self, k: int) -> dict[str, float]:
        """The rates that a member trains with at present."""
        return {name: getattr(self.trainer.training[k], name) for name in PERTURBED}

    def exploit(self, found: Collection[Exploit]) -> None:
        """Let members copy others, all at once, and go on with the rates that they are given."""
        count = len(self.trials)
        sources, rates = list(range(count)), [self.rates(k) for k in range(count)]
        for one in found:
            sources[one.member], rates[one.member] = one.source, dict(one.rates)
        self.trainer.exploit(sources, rates)

    def diverged(self, finite: torch.Tensor) -> dict[int, Ending]:
        """The endings of members, by index, whose losses of the last steps, (K, steps), were not all finite."""
        first = self.step - finite.shape[1] + 1
        steps = {k: first + int(row.int().argmin()) for k, row in enumerate(finite) if not row.all()}
        return {
            k: Ending(self.trials[k].signature, "failed", f"loss is not finite at step {step}")
            for k, step in steps.items()
        }

    def save_weights(self, k: int, models_folder: Path) -> None:
        """Write a member's weights as `<signature>.safetensors`."""
        trial = self.trials[k]
        path = models_folder / f"{trial.signature}.safetensors"
        save_model(path, trial, self.step, self.trainer.denoiser.model.member_state(k))

    def save_state(self, k: int, models_folder: Path, points: Sequence[MetricPoint], lived_s: float) -> None:
        """Write all that a member can go on from."""
        trial, trainer = self.trials[k], select_members(self.trainer.state_dict(), [k])
        state = MemberState(trial, trainer, tuple(points), lived_s)
        save_member_state(state_path(models_folder, trial.signature), state)

    def let_go(self, gone: Collection[int]) -> None:
        """Go on without some of the members, by index."""
        kept = [k for k in range(len(self.trials)) if k not in gone]
        self.trials = [self.trials[k] for k in kept]
        self.trainer.select(kept)
        self.evaluator.select(kept)
