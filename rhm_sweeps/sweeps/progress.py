"""How far a sweep is: pure arithmetic over what its packs report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from rhm_sweeps.packs.pack_progress import Progress


@dataclass
class PackProgress:
    """Where one pack stands. `validity` is the top level's and `copies` the share of copies, means over members, latest known."""

    members: int
    active: int
    restored: float = 0.0
    """The fraction that a checkpoint brought."""
    step: int = 0
    steps: int = 0
    steps_per_second: float = 0.0
    work: float | None = None
    validity: float | None = None
    copies: float | None = None

    @property
    def fraction(self) -> float:
        """Share of the pack's work that is done, by steps where the work is not known; members that ended early count as done."""
        if not self.steps or not self.active:
            return 0.0 if self.active else 1.0
        work = self.step / self.steps if self.work is None else self.work
        return (self.members - self.active + self.active * work) / self.members


@dataclass
class SweepProgress:
    """Where a sweep stands, by pack. `members` maps each pack to its number of trials."""

    members: dict[str, int] = field(default_factory=dict)
    finished_before: int = 0
    done: int = 0
    failed: int = 0
    stopped: int = 0
    packs: dict[str, PackProgress] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)

    def replan(self, unfinished: Mapping[str, int]) -> None:
        """The unfinished packs are now these, with so many unfinished trials: some may be new, others divided."""
        for pack, count in unfinished.items():
            self.members.setdefault(pack, count)
        for pack in self.members.keys() - unfinished.keys():
            if (state := self.packs.get(pack)) is None:
                del self.members[pack]
            else:
                self.members[pack] = state.members = state.members - state.active
                state.active = 0

    def update(self, pack: str, progress: Progress) -> None:
        """Take in a report."""
        known = self.packs.get(pack)
        state = known or PackProgress(self.members[pack], self.members[pack])
        state.step, state.steps, state.active = progress.step, progress.steps, progress.active
        state.steps_per_second, state.work = progress.steps_per_second, progress.work
        if known is None:
            state.restored = (
                0.0 if progress.steps_per_second else state.fraction
            )  # a checkpoint is reported before any pace
            self.packs[pack] = state
        self.done += sum(ending.state == "done" for ending in progress.endings)
        self.failed += sum(ending.state == "failed" for ending in progress.endings)
        self.stopped += sum(ending.state == "stopped" for ending in progress.endings)
        last = max((point.step for point in progress.points), default=0)
        latest = [point.metrics for point in progress.points if point.step == last]
        if latest and "copies" in latest[0]:  # a classifier samples nothing
            state.validity, state.copies = _mean_validity(latest), fmean(metrics["copies"] for metrics in latest)

    @property
    def planned(self) -> int:
        return self.finished_before + sum(self.members.values())

    @property
    def fraction(self) -> float:
        """Share of the work at hand that is done."""
        return self._mean(lambda state: state.fraction)

    def _mean(self, value: Callable[[PackProgress], float]) -> float:
        """Mean over all trials at hand of a value of their packs; 0 for packs that have not reported."""
        trials = sum(self.members.values())
        return sum(value(state) * state.members for state in self.packs.copy().values()) / trials if trials else 1.0

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.started

    @property
    def eta_s(self) -> float | None:
        """Seconds to go at the pace so far, in which what checkpoints brought does not count; None before there is one."""
        fraction = self.fraction
        if fraction == 1:
            return 0.0
        gained = fraction - self._mean(lambda state: state.restored)
        return self.elapsed_s * (1 - fraction) / gained if gained > 0.01 else None

    @property
    def steps_per_second(self) -> float:
        """Optimizer steps per second of all trials that train now."""
        return sum(state.steps_per_second * state.active for state in self.packs.copy().values())


def _mean_validity(metrics: Sequence[Mapping[str, float]]) -> float:
    """Mean validity at the highest level, over members."""
    top = max(int(name.rsplit("_", 1)[1]) for name in metrics[0] if name.startswith("validity_"))
    return fmean(member[f"validity_{top}"] for member in metrics)


def duration(seconds: float | None) -> str:
    """`1:02:03`, or `--` when unknown."""
    if seconds is None:
        return "--"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
