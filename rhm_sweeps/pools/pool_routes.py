"""Which trials go to which pool."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.packs.flops import evaluation_flops, model_cost, training_flops
from rhm_sweeps.spaces.expressions import Expression


@dataclass(frozen=True)
class Route:
    """A rule: trials for which all of it holds go to `pool`, or to `otherwise` if that pool can never run here."""

    pool: str
    when: Expression | None = None
    min_parameters: int = 0
    """Weights of the model."""
    min_flops: float = 0.0
    """Floating-point work of the whole trial."""
    otherwise: str | None = None

    @property
    def is_unconditional(self) -> bool:
        return self.when is None and not self.min_parameters and not self.min_flops

    def holds(self, trial: TrialConfig) -> bool:
        """Whether the rule is for a trial.

        Raises:
            UsageError: if its condition has no result for the trial, with the values in it.
        """
        if self.when and not self.when.holds({name: attrgetter(name)(trial) for name in self.when.fields}):
            return False
        if self.min_parameters and model_cost(trial).parameters < self.min_parameters:
            return False
        return not self.min_flops or training_flops(trial) + evaluation_flops(trial) >= self.min_flops
