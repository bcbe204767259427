"""What is said of the whole of a trial's training, so that MLflow's pages sort and filter by it: a few metrics and tags of its run."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rhm_sweeps.tracking.runs import clean

MEMORIZATION = ("tau_mem_copies", "tau_mem_loss")
"""Time scales of memorization: copies begin, and the losses part."""
STEP = 0
"""All values of a summary stand at this step, so that the newest is the one that counts."""
_NAMES = re.compile(r"tau_rule_\d+|tau_mem_copies|tau_mem_loss|innovation_window|best_step|best_novel_valid")


@dataclass(frozen=True)
class TrialSummary:
    """Metrics and tags of one run; a metric that is not finite has no value: its time scale was not reached."""

    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = [name for name in self.metrics if not is_summary(name)]
        if unknown:
            raise ValueError(f"{', '.join(unknown)} cannot be told from the metrics of a trial's points")

    def missing_from(self, known: TrialSummary) -> TrialSummary:
        """What is to be written over what a run has: MLflow never forgets a metric, so one that lost its value becomes NaN."""
        return TrialSummary(
            {name: value for name, value in self.metrics.items() if _differs(value, known.metrics.get(name))},
            {key: clean(text) for key, text in self.tags.items() if clean(text) != known.tags.get(key, "")},
        )

    def __bool__(self) -> bool:
        return bool(self.metrics or self.tags)


def rule_scales(levels: int) -> list[str]:
    """Time scales of learning, from the leaves up: tau_rule_1 .. tau_rule_L."""
    return [f"tau_rule_{level}" for level in range(1, levels + 1)]


def time_scale_names(levels: int) -> list[str]:
    """All time scales of a trial: those of learning, then those of memorization."""
    return [*rule_scales(levels), *MEMORIZATION]


def is_summary(name: str) -> bool:
    """Whether a metric of a run is of its summary, and not of the points of its trial."""
    return _NAMES.fullmatch(name) is not None


def _differs(value: float, known: float | None) -> bool:
    """A store may round the last digit."""
    if known is None or not math.isfinite(known):
        return math.isfinite(value)
    return not math.isclose(value, known, rel_tol=1e-12)
