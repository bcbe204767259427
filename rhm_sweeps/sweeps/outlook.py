"""What a launch would do: its plan, in packs on pools, and what these cost."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.models.linear import has_bf16_products
from rhm_sweeps.pools.calibration import estimate_packs
from rhm_sweeps.pools.cost import Estimate
from rhm_sweeps.pools.pool_packs import PoolPacks, pool_packs
from rhm_sweeps.pools.pools import Pool, Pools
from rhm_sweeps.printable import count
from rhm_sweeps.search.study import Study
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.plan import MAX_SETTINGS, Plan, make_plan
from rhm_sweeps.sweeps.progress import duration

NO_BF16 = "bf16 is no faster than float32 on this processor"
PREVIEWED = 16
"""Suggestions of an adaptive search that are taken for all of them."""


@dataclass(frozen=True, repr=False)
class Outlook:
    """A plan on pools. Of an adaptive search, whose plan is empty, `trials` are those of its first suggestions, a `share` of all.
    `around_s` are the seconds of a launch before its first pack and after its last."""

    plan: Plan
    pools: Pools
    trials: tuple[TrialConfig, ...]
    share: float = 1.0
    around_s: float = 0.0

    @cached_property
    def packs(self) -> PoolPacks:
        """The packs of each pool."""
        return pool_packs(self.trials, self.pools)

    @cached_property
    def estimate(self) -> Estimate:
        """FLOPs, memory and seconds of what is still to be trained."""
        return estimate_packs(self.packs, self.pools).times(1 / self.share)

    @property
    def seconds(self) -> float | None:
        """Seconds until all is done; None if that is not known."""
        return None if self.estimate.seconds is None else self.estimate.seconds + self.around_s

    @property
    def counts(self) -> dict[str, Any]:
        """Trials, packs and what they cost, as scripts read it; of an adaptive search, all that it will suggest."""
        plan, estimate = self.plan, self.estimate
        return {
            "settings": plan.space.size,
            "trials": len(plan.finished) + round(len(self.trials) / self.share),
            "finished": len(plan.finished),
            "invalid": len(plan.invalid),
            "not_required": len(plan.not_required),
            "duplicates": plan.duplicates,
            "packs": sum(map(len, self.packs.values())),
            "estimate": {"seconds": self.seconds, "memory_gib": estimate.memory_gib, "flops": estimate.flops},
        }

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """The same for people: labels and values."""
        found, seconds = self.counts, self.seconds
        return (
            ("trials", f"{found['trials']:,}"),
            ("finished", f"{found['finished']:,}"),
            ("invalid, left out", f"{found['invalid']:,}"),
            ("not required, left out", f"{found['not_required']:,}"),
            ("repeated, merged", f"{found['duplicates']:,}"),
            ("packs", self._packs_said()),
            *((f"pool {pool.name}", self._pool_said(pool)) for pool in self.pools.pools),
            ("memory per pack", f"{self.estimate.memory_gib:.2f} GiB"),
            ("floating-point work", f"{self.estimate.flops:.2e} FLOP"),
            ("time", "not known" if seconds is None else f"about {duration(seconds)}"),
            *([("precision", NO_BF16)] if self._gains_nothing_by_bf16() else []),
        )

    def _gains_nothing_by_bf16(self) -> bool:
        """Whether trials ask for bfloat16 on processors, and this one has no instructions for it."""
        on_cpu = (pack for name, packs in self.packs.items() for pack in packs if self.pools[name].device == "cpu")
        return any(pack.trials[0].training.precision == "bf16" for pack in on_cpu) and not has_bf16_products()

    def _pool_said(self, pool: Pool) -> str:
        slots, cost = count(pool.slots, f"{pool.device} slot"), self.estimate.pools.get(pool.name)
        if cost is None or len(self.pools.pools) == 1:
            return slots
        return f"{slots}, {count(cost.packs, 'pack')}, " + (
            "time not known" if cost.seconds is None else duration(cost.seconds)
        )

    def _packs_said(self) -> str:
        if self.plan.space.search.is_adaptive:
            return "made of what is suggested"
        sizes = sorted({len(pack.trials) for packs in self.packs.values() for pack in packs})
        members = f" of {sizes[0]}{f' to {sizes[-1]}' if len(sizes) > 1 else ''} trials" if sizes else ""
        return f"{sum(map(len, self.packs.values())):,}{members}"

    def __repr__(self) -> str:
        width = max(len(label) for label, _ in self.rows)
        return "\n".join(f"{label:{width}}  {value}" for label, value in self.rows)

    def _repr_html_(self) -> str:
        """A table in a notebook."""
        rows = (
            f'<tr><td style="text-align:left">{escape(label)}</td><td style="text-align:left">{escape(value)}</td></tr>'
            for label, value in self.rows
        )
        return f"<table>{''.join(rows)}</table>"


def look_ahead(
    space: SearchSpace, pools: Pools, finished: Collection[str] = (), max_settings: int = MAX_SETTINGS
) -> Outlook:
    """Return the outlook for a space, less what is finished.

    Raises:
        UsageError, ConfigError: as `make_plan`.
    """
    plan = make_plan(space, finished, max_settings=max_settings)
    if not space.search.is_adaptive:
        return Outlook(plan, pools, plan.trials)
    study, count = Study(space), space.search.num_samples or 1
    suggestions = [study.ask() for _ in range(min(PREVIEWED, count))]
    trials = {trial.signature: trial for suggestion in suggestions for trial in suggestion.trials}
    return Outlook(plan, pools, tuple(trials.values()), len(suggestions) / count)
