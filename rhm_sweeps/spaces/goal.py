"""What a search or a scheduler compares trials by: a metric, and whether more or less of it is better."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import model_validator

from rhm_sweeps.config.section import Section

Mode = Literal["max", "min"]

COSTS = ("flops", "seconds")
"""Objectives that no evaluation reports: the training FLOPs that a trial was given, and its time."""
DEFAULT_METRIC = "novel_valid"
_LESS_IS_BETTER = re.compile(
    r"(train|test)_loss|rule_usage_tv|class_balance_tv|copies|excess_copies|subtuple_copies|wall_time"
)


class Goal(Section):
    """A metric and its better end."""

    metric: str = DEFAULT_METRIC
    """The metric of evaluation points by which trials are compared."""
    mode: Mode = "max"
    """Whether more of it is better (`max`) or less (`min`); if left out, min for losses, distances, copies and costs."""

    @model_validator(mode="before")
    @classmethod
    def _usual_mode(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or data.get("mode") is not None:
            return data
        return {**data, "mode": usual_mode(str(data.get("metric", DEFAULT_METRIC)))}

    @property
    def maximizes(self) -> bool:
        """Whether more is better."""
        return self.mode == "max"


def usual_mode(metric: str) -> Mode:
    """The better end of a metric where none is given."""
    return "min" if metric in COSTS or _LESS_IS_BETTER.match(metric) else "max"
