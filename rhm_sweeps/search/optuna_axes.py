"""Random axes in Optuna's terms, and the way back."""

from __future__ import annotations

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from rhm_sweeps.spaces.distributions import Choice, Interval, QUniform, RandomDistribution, Scalar
from rhm_sweeps.spaces.quantiles import multiple


def optuna_distribution(axis: RandomDistribution) -> FloatDistribution | IntDistribution | CategoricalDistribution:
    """The distribution that stands for an axis: of options by index, of multiples of q by factor.

    Raises:
        TypeError: if Optuna has none, as for `normal`, which has no bounds.
    """
    if isinstance(axis, Choice):
        return CategoricalDistribution(range(len(axis.options)))
    if isinstance(axis, QUniform):
        return IntDistribution(round(axis.low / axis.q), round(axis.high / axis.q))
    if not isinstance(axis, Interval):
        raise TypeError(f"Optuna has no distribution for {type(axis).__name__}")
    low, high = axis.extremes()
    if axis.integer:
        return IntDistribution(int(low), int(high), log=axis.logarithmic)
    return FloatDistribution(low, high, log=axis.logarithmic)


def to_optuna(axis: RandomDistribution, value: Scalar) -> int | float:
    """What stands for a value of an axis."""
    if isinstance(axis, Choice):
        return axis.options.index(value)
    number = float(value) if isinstance(axis, Interval) and not axis.integer else value  # type: ignore[arg-type]
    return round(number / axis.q) if isinstance(axis, QUniform) else number  # type: ignore[operator,return-value]


def from_optuna(axis: RandomDistribution, drawn: int | float) -> Scalar:
    """The value of an axis for which this stands."""
    if isinstance(axis, Choice):
        return axis.options[int(drawn)]
    return multiple(axis, int(drawn)) if isinstance(axis, QUniform) else drawn
