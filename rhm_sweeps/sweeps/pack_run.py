"""The life of a pack: train to the next evaluation point, evaluate, let members go that are done, save; killed at any moment, go on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.evaluation.evaluator import PackEvaluator, evaluation_steps
from rhm_sweeps.grammar import make_grammar
from rhm_sweeps.ledger import MetricPoint, now_ms
from rhm_sweeps.sweeps.cost import work_done
from rhm_sweeps.sweeps.pack_progress import Ending, PackClock, Progress
from rhm_sweeps.sweeps.stop_rule import stop_reason
from rhm_sweeps.training.batches import draw_strings
from rhm_sweeps.training.checkpoints import KEPT, latest_checkpoint, prune_checkpoints, save_checkpoint, step_path
from rhm_sweeps.training.loop import PackTrainer
from rhm_sweeps.training.optimizers import select_moments
from rhm_sweeps.training.saved_models import save_model

BURST_S = 0.5
"""Training time between looks at the clock and at the finiteness of the losses."""


class PackRun:
    """Trains the trials of a pack in a folder of their own, from their newest checkpoint if there is one."""

    def __init__(
        self,
        trials: Sequence[TrialConfig],
        folder: Path,
        models_folder: Path,
        device: torch.device | str = "cpu",
        checkpoint_interval_s: float = 60.0,
    ) -> None:
        """Build or restore the pack.

        Args:
            trials: the members that are not finished yet; equal pack key.
            folder: where the pack's checkpoints are.
            models_folder: where each finished member's weights go, as `<signature>.safetensors`.
            device: where to train.
            checkpoint_interval_s: longest training time that a crash may cost.
        """
        self.folder, self.models_folder, self.checkpoint_interval_s = folder, models_folder, checkpoint_interval_s
        state, self._warnings = latest_checkpoint(folder)
        signatures = {trial.signature for trial in trials}
        known = set() if state is None else {*state["members"], *(ending["signature"] for ending in state["endings"])}
        self._restored = state if state is not None and signatures <= known else None
        self.members = self._members(trials)
        self._trial = trials[0]
        self.steps = self._trial.training.steps
        self._schedule = evaluation_steps(self.steps, self._trial.evaluation.points_per_doubling)
        self._points: dict[str, list[MetricPoint]] = {signature: [] for signature in signatures}
        self._endings: dict[str, Ending] = {}
        self._clock = PackClock()
        self._last_save = time.monotonic()
        self._build(device)
        self._backlog = self._restore(signatures)

    def _members(self, trials: Sequence[TrialConfig]) -> list[TrialConfig]:
        """The trials that still train, in the order of the checkpoint, which is the order of its tensors."""
        if self._restored is None:
            return list(trials)
        by_signature = {trial.signature: trial for trial in trials}
        return [by_signature[signature] for signature in self._restored["members"] if signature in by_signature]

    def _build(self, device: torch.device | str) -> None:
        if not self.members:
            return
        grammars = [make_grammar(trial.grammar) for trial in self.members]
        datasets = [draw_strings(grammar, t.training) for grammar, t in zip(grammars, self.members, strict=True)]
        self.trainer = PackTrainer(
            self.members, [data.train for data in datasets], device, [data.train_classes for data in datasets]
        )
        self.evaluator = PackEvaluator(self.members, grammars, datasets, self.trainer)

    def _restore(self, signatures: set[str]) -> Progress | None:
        """Load the checkpoint, and report again all that it knows: what was reported before is recorded once."""
        state = self._restored
        if state is None:
            return None
        if self.members:
            rows = torch.tensor([state["members"].index(trial.signature) for trial in self.members])
            self.trainer.load_state_dict(_select_members(state["trainer"], rows))
        self._clock.lived_s = state["lived_s"]
        points = [MetricPoint(**point) for point in state["points"] if point["signature"] in signatures]
        for point in points:
            self._points[point.signature].append(point)
        endings = [Ending(**ending) for ending in state["endings"] if ending["signature"] in signatures]
        self._endings = {ending.signature: ending for ending in endings}
        return self._progress(points, endings)

    def advance(self, budget_s: float = 2.0) -> Progress:
        """Train until the next evaluation point, and evaluate there, or until `budget_s` seconds are over."""
        if self._backlog is not None:
            backlog, self._backlog = self._backlog, None
            return backlog
        target = next(step for step in self._schedule if step > self.trainer.step)
        failed = self._train(target, time.monotonic() + budget_s)
        points, done = self._evaluate() if self.members and self.trainer.step == target else ([], [])
        due = time.monotonic() - self._last_save >= self.checkpoint_interval_s
        if due or not self.members:
            self.save()
        return self._progress(points, failed + done)

    def _progress(self, points: Sequence[MetricPoint], endings: Sequence[Ending]) -> Progress:
        warnings, self._warnings = tuple(self._warnings), []
        step = self.trainer.step if hasattr(self, "trainer") else self.steps
        return Progress(
            step,
            self.steps,
            len(self.members),
            self._clock.steps_per_second,
            tuple(points),
            tuple(endings),
            warnings,
            work_done(self._trial, step),
        )

    def _train(self, target: int, deadline: float) -> list[Ending]:
        """Train towards `target` until the deadline; return the members that diverged."""
        failed: list[Ending] = []
        self._clock.tick()
        while self.members and self.trainer.step < target:
            burst = max(1, min(target - self.trainer.step, int(self._clock.steps_per_second * BURST_S)))
            losses = self.trainer.train(burst)
            failed += self._drop_diverged(losses.isfinite().cpu())
            self._clock.trained(burst)
            if time.monotonic() >= deadline:
                break
        return failed

    def _drop_diverged(self, finite: torch.Tensor) -> list[Ending]:
        first = self.trainer.step - finite.shape[1] + 1
        return self._end({
            k: Ending(self.members[k].signature, "failed", f"loss is not finite at step {first + int(row.int().argmin())}")
            for k, row in enumerate(finite)
            if not row.all()
        })  # fmt: skip

    def _evaluate(self) -> tuple[list[MetricPoint], list[Ending]]:
        metrics = self.evaluator.evaluate(self.trainer)
        self._clock.evaluated()
        pace = {"steps_per_second": self._clock.steps_per_second, "wall_time_s": self._clock.lived_s}
        points = [
            MetricPoint(trial.signature, self.trainer.step, {**member, **pace}, now_ms())
            for trial, member in zip(self.members, metrics, strict=True)
        ]
        for point in points:
            self._points[point.signature].append(point)
        endings = {k: ending for k, point in enumerate(points) if (ending := self._ending(self.members[k], point))}
        return points, self._end(endings)

    def _ending(self, trial: TrialConfig, point: MetricPoint) -> Ending | None:
        if point.step >= self.steps:
            return Ending(trial.signature, "done")
        reason = stop_reason(trial.stop, [earlier.metrics for earlier in self._points[trial.signature]])
        return Ending(trial.signature, "done", f"stopped at step {point.step}: {reason}") if reason else None

    def _end(self, endings: dict[int, Ending]) -> list[Ending]:
        """Save the weights of members that end, let them go, and compact the pack."""
        if not endings:
            return []
        for k, ending in endings.items():
            path = self.models_folder / f"{ending.signature}.safetensors"
            save_model(path, self.members[k], self.trainer.step, self.trainer.denoiser.model.member_state(k))
            self._endings[ending.signature] = ending
        kept = [k for k in range(len(self.members)) if k not in endings]
        self.members = [self.members[k] for k in kept]
        self.trainer.select(kept)
        self.evaluator.select(kept)
        return list(endings.values())

    def save(self) -> None:
        """Write a checkpoint from which another process goes on as if nothing had happened."""
        if not hasattr(self, "trainer"):
            return
        self._clock.tick()
        state: dict[str, Any] = {
            "members": [trial.signature for trial in self.members],
            "trainer": self.trainer.state_dict(),
            "points": [vars(point) for points in self._points.values() for point in points],
            "endings": [vars(ending) for ending in self._endings.values()],
            "lived_s": self._clock.lived_s,
        }
        save_checkpoint(step_path(self.folder, self.trainer.step), state)
        prune_checkpoints(self.folder, KEPT if self.members else 1)  # of a finished pack only what is to be reported
        self._last_save = time.monotonic()


def _select_members(state: dict[str, Any], rows: torch.Tensor) -> dict[str, Any]:
    """Rows of a trainer's state: those of the members that still train."""
    return {
        **state,
        "parameters": {name: value[rows] for name, value in state["parameters"].items()},
        "moments": select_moments(state["moments"], rows),
    }
