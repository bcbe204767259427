"""What a pack has come to: members that train, metric points, endings and age; what a checkpoint of it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.ledger import MetricPoint
from rhm_sweeps.packs.pack_log import PackLog
from rhm_sweeps.packs.pack_members import PackMembers
from rhm_sweeps.packs.pack_progress import Ending, PackClock
from rhm_sweeps.packs.pack_start import PackStart
from rhm_sweeps.packs.stop_rule import stop_reason
from rhm_sweeps.training.checkpoints import KEPT, prune_checkpoints, save_checkpoint, step_path


@dataclass
class PackState:
    """The members, None if all had ended when the pack began; points by signature in the order of their steps; endings."""

    members: PackMembers | None
    roster: tuple[str, ...]
    steps: int
    clock: PackClock
    points: dict[str, list[MetricPoint]] = field(default_factory=dict)
    endings: dict[str, Ending] = field(default_factory=dict)

    @classmethod
    def begin(cls, start: PackStart, steps: int, device: torch.device | str) -> PackState:
        """Build the members where they begin; `steps` is the last optimizer step."""
        members = PackMembers(start.members, device, start.trainer) if start.members else None
        state = cls(members, start.roster, steps, PackClock(start.lived_s))
        state.add(start.points)
        state.endings = {ending.signature: ending for ending in start.endings}
        return state

    @property
    def trials(self) -> list[TrialConfig]:
        """Those that still train."""
        return [] if self.members is None else self.members.trials

    @property
    def step(self) -> int:
        """The optimizer steps done."""
        return self.steps if self.members is None else self.members.step

    def add(self, points: Sequence[MetricPoint]) -> None:
        for point in points:
            self.points.setdefault(point.signature, []).append(point)

    def due_endings(self, points: Sequence[MetricPoint]) -> dict[int, Ending]:
        """Of the members, by index, those that end with these new points, one for each of them."""
        found = {k: self._ending(self.trials[k], point) for k, point in enumerate(points)}
        return {k: ending for k, ending in found.items() if ending}

    def overdue_endings(self) -> dict[int, Ending]:
        """Of the members, by index, those that would have ended at this step had they come here at once."""
        last = {k: self.points[t.signature][-1] for k, t in enumerate(self.trials) if self.points.get(t.signature)}
        found = {k: self._ending(self.trials[k], point, 1) for k, point in last.items() if point.step == self.step}
        return {k: ending for k, ending in found.items() if ending}

    def _ending(self, trial: TrialConfig, point: MetricPoint, known: int = 0) -> Ending | None:
        """How a trial ends with a point, which is among the last `known` of its points already."""
        if point.step >= self.steps:
            return Ending(trial.signature, "done")
        points = self.points.get(trial.signature, [])
        earlier = [one.metrics for one in points[: len(points) - known]]
        reason = stop_reason(trial.stop, [*earlier, point.metrics])
        return Ending(trial.signature, "done", f"stopped at step {point.step}: {reason}") if reason else None

    def end(self, endings: Mapping[int, Ending], models_folder: Path, log: PackLog) -> list[Ending]:
        """Save what members leave, by index, let them go, and compact the pack."""
        if self.members is None or not endings:
            return []
        for k, ending in endings.items():
            self.members.save_weights(k, models_folder)
            if ending.state != "failed":
                points = self.points.get(ending.signature, [])
                self.members.save_state(k, models_folder, points, self.clock.lived_s)
            self.endings[ending.signature] = ending
        log.write(*(_line(ending, self.step) for ending in endings.values()))
        self.members.let_go(endings.keys())
        return list(endings.values())

    def save(self, folder: Path) -> None:
        """Write a checkpoint from which another process goes on as if nothing had happened."""
        if self.members is None:
            return
        self.clock.tick()
        state: dict[str, Any] = {
            "members": [trial.signature for trial in self.trials],
            "roster": list(self.roster),
            "trainer": self.members.trainer.state_dict(),
            "points": [vars(point) for points in self.points.values() for point in points],
            "endings": [vars(ending) for ending in self.endings.values()],
            "lived_s": self.clock.lived_s,
        }
        save_checkpoint(step_path(folder, self.step), state)
        prune_checkpoints(folder, KEPT if self.trials else 1)  # of a finished pack only what is to be reported


def _line(ending: Ending, step: int) -> str:
    return f"{ending.signature} {ending.state} at step {step}" + (f": {ending.reason}" if ending.reason else "")
