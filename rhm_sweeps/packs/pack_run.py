"""The life of a pack: train to the next evaluation point, evaluate, let members go that are done, save; killed at any moment, go on."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.evaluation.evaluator import evaluation_steps
from rhm_sweeps.ledger import MetricPoint, now_ms
from rhm_sweeps.packs.flops import work_done
from rhm_sweeps.packs.full_disk import full_disk_told
from rhm_sweeps.packs.pack_claim import PackClaim
from rhm_sweeps.packs.pack_log import PackLog
from rhm_sweeps.packs.pack_members import PackMembers
from rhm_sweeps.packs.pack_orders import read_orders
from rhm_sweeps.packs.pack_population import PackPopulation
from rhm_sweeps.packs.pack_progress import Ending, Progress
from rhm_sweeps.packs.pack_start import PackStart, pack_start
from rhm_sweeps.packs.pack_state import PackState
from rhm_sweeps.packs.packing import is_population

BURST_S = 0.5
"""Training time between looks at the clock and at the finiteness of the losses."""
WORKS_BY_ITSELF = {"cuda"}
"""Devices that do what they were given while Python does something else."""


class PackRun:
    """Trains the trials of a pack in a folder of their own, from their newest checkpoint if there is one."""

    def __init__(
        self,
        trials: Sequence[TrialConfig],
        folder: Path,
        models_folder: Path,
        device: torch.device | str = "cpu",
        checkpoint_interval_s: float = 60.0,
        sources: Mapping[str, Path] | None = None,
        *,
        judged: bool = False,
    ) -> None:
        """Build or restore the pack.

        Args:
            trials: the members that are not finished yet; equal pack key.
            folder: where the pack's checkpoints and log are, and orders to it.
            models_folder: where each ended member's `<signature>.safetensors` (weights) and `.state` (to go on from) go.
            device: where to train.
            checkpoint_interval_s: longest training time that a crash may cost.
            sources: by signature, the states of ended trials from which these go on; all at one step.
            judged: whether orders to stop members may follow from their points, before the pack goes on.
        """
        self.folder, self.models_folder, self.checkpoint_interval_s = folder, models_folder, checkpoint_interval_s
        self._trial, self.steps, self._judged = trials[0], trials[0].training.steps, judged
        self._schedule = evaluation_steps(self.steps, self._trial.evaluation.points_per_doubling)
        self._log, self._last_save, self._has_left = PackLog(folder), time.monotonic(), False
        with full_disk_told(folder), self._log.errors():
            self._claim = PackClaim.take(folder)
            start = pack_start(trials, folder, sources or {})
            self._log.start(str(device), start)
            self._warnings = start.warnings
            self._state = PackState.begin(start, self.steps, device)
            self._backlog = self._known(start)

    def _known(self, start: PackStart) -> Progress | None:
        """Report again all that is known: what was reported before is recorded once."""
        if start.trainer is None:
            return None
        overdue = self._end(self._state.overdue_endings())
        return self._progress(start.points, [*start.endings, *overdue])

    @property
    def members(self) -> list[TrialConfig]:
        """The trials that still train."""
        return self._state.trials

    def advance(self, budget_s: float = 2.0) -> Progress:
        """Carry out orders, train until the next evaluation point, and evaluate there, or until `budget_s` seconds are over."""
        if self._backlog is not None:
            backlog, self._backlog = self._backlog, None
            return backlog
        with full_disk_told(self.folder), self._log.errors():
            orders = read_orders(self.folder)
            stopped = self._stop(orders.stop)
            if orders.leave and self.members and not self._has_left:
                return self._leave(stopped)
            members = self._state.members
            points, ended = self._live(members, budget_s) if members and members.trials else ([], [])
            if not self.members or time.monotonic() - self._last_save >= self.checkpoint_interval_s:
                self.save()
            return self._progress(points, [*stopped, *ended])

    def _stop(self, reasons: Mapping[str, str]) -> list[Ending]:
        names = [trial.signature for trial in self.members]
        return self._end({k: Ending(name, "stopped", reasons[name]) for k, name in enumerate(names) if name in reasons})

    def _leave(self, stopped: Sequence[Ending]) -> Progress:
        self._has_left = True
        self.save()
        self._log.write(f"left at step {self._state.step}, as ordered")
        return replace(self._progress([], stopped), left=True)

    def _end(self, endings: Mapping[int, Ending]) -> list[Ending]:
        if endings:
            self._claim.check()
        return self._state.end(endings, self.models_folder, self._log)

    def _progress(self, points: Sequence[MetricPoint], endings: Sequence[Ending]) -> Progress:
        warnings, self._warnings = self._warnings, ()
        return Progress(
            self._state.step,
            self.steps,
            len(self.members),
            self._state.clock.steps_per_second,
            tuple(points),
            tuple(endings),
            warnings,
            work_done(self._trial, self._state.step),
        )

    def _live(self, members: PackMembers, budget_s: float) -> tuple[list[MetricPoint], list[Ending]]:
        target = self._next_target(members)
        failed = self._train(members, target, time.monotonic() + budget_s)
        points, done = self._evaluate(members) if members.trials and members.step == target else ([], [])
        return points, failed + done

    def _train(self, members: PackMembers, target: int, deadline: float) -> list[Ending]:
        """Train towards `target` until the deadline; return the members that diverged."""
        failed: list[Ending] = []
        clock = self._state.clock
        clock.tick()
        while members.trials and members.step < target:
            burst = self._burst(members, target)
            losses = members.trainer.train(burst)
            failed += self._end(members.diverged(losses.isfinite().cpu()))
            clock.trained(burst)
            if time.monotonic() >= deadline:
                break
        return failed

    def _next_target(self, members: PackMembers) -> int:
        return next(step for step in self._schedule if step > members.step)

    def _burst(self, members: PackMembers, target: int) -> int:
        return max(1, min(target - members.step, int(self._state.clock.steps_per_second * BURST_S)))

    def _steps_meanwhile(self, members: PackMembers) -> int:
        """Steps to do while Python evaluates: where the device can, and all members go on whatever their metrics say.

        They leave half of the way to the next evaluation point, by which the pace is measured, to `_train`.
        """
        own_bounds = any(trial.stop.ends_early for trial in members.trials)
        depends = self._judged or own_bounds or is_population(self._trial)
        if depends or members.step >= self.steps or members.trainer.device.type not in WORKS_BY_ITSELF:
            return 0
        target = self._next_target(members)
        return min(self._burst(members, target), (target - members.step) // 2)

    def _evaluate(self, members: PackMembers) -> tuple[list[MetricPoint], list[Ending]]:
        clock, before_s, step = self._state.clock, self._state.clock.lived_s, members.step
        metrics, losses = members.evaluate(self._steps_meanwhile(members))
        clock.evaluated()
        pace = {"steps_per_second": clock.steps_per_second, "wall_time_s": clock.lived_s}
        points = [
            MetricPoint(trial.signature, step, {**member, **pace}, now_ms())
            for trial, member in zip(members.trials, metrics, strict=True)
        ]
        names = " ".join(trial.signature for trial in members.trials)
        self._log.write(f"evaluated at step {step} in {clock.lived_s - before_s:.2f} s: {names}")
        due = self._state.due_endings(points)
        if is_population(self._trial):
            population = PackPopulation(self._trial.population, self._state.roster, self._schedule)
            points, copies = population.exchange(members, points, due.keys())
            self._log.write(*copies)
        self._state.add(points)
        return points, self._end(due if losses is None else members.diverged(losses.isfinite().cpu()))

    def save(self) -> None:
        """Write a checkpoint from which another process goes on as if nothing had happened.

        Raises:
            TakenOverError: if another process has the pack by now; nothing is written.
        """
        self._claim.check()
        self._state.save(self.folder)
        self._last_save = time.monotonic()

    def close(self) -> None:
        """Nothing is left open."""
