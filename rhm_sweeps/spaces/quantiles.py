"""Random axes as functions on the unit interval, which quasi-random and evolutionary search move in."""

from __future__ import annotations

import math
from statistics import NormalDist

from rhm_sweeps.errors import UsageError
from rhm_sweeps.spaces.distributions import Choice, Interval, Normal, QUniform, RandomDistribution, Scalar

_INSIDE = 2.0**-53
"""The least distance from 0 and 1: there a normal distribution is infinite."""


def at_quantile(axis: RandomDistribution, u: float) -> Scalar:
    """The value of an axis at u in [0, 1]; for uniform u it is distributed as the axis."""
    u = min(max(u, _INSIDE), 1.0 - _INSIDE)
    if isinstance(axis, Choice):
        return axis.options[int(u * len(axis.options))]
    if isinstance(axis, Normal):
        return NormalDist(axis.mean, axis.std).inv_cdf(u)
    if isinstance(axis, QUniform):
        return multiple(axis, _first(axis) + int(u * _count(axis)))
    interval = _interval(axis)
    low, high = (_scaled(interval, bound) for bound in (interval.low, interval.high))
    value = low + u * (high - low)
    value = math.exp(value) if interval.logarithmic else value
    least, most = interval.extremes()
    return min(max(math.floor(value) if interval.integer else value, least), most)


def quantile_of(axis: RandomDistribution, value: Scalar) -> float:
    """A u in [0, 1] at which an axis has a value: of a discrete one the middle of all such.

    Raises:
        UsageError: if the axis does not have the value.
    """
    if not contains(axis, value):
        raise UsageError(f"the value {value!r} is not in {axis.to_dict()}")
    if isinstance(axis, Choice):
        return (axis.options.index(value) + 0.5) / len(axis.options)
    number = float(value)  # type: ignore[arg-type]
    if isinstance(axis, Normal):
        return NormalDist(axis.mean, axis.std).cdf(number)
    if isinstance(axis, QUniform):
        return (round(number / axis.q) - _first(axis) + 0.5) / _count(axis)
    interval = _interval(axis)
    low, high = (_scaled(interval, bound) for bound in (interval.low, interval.high))
    ends = (number, number + 1) if interval.integer else (number, number)
    return (sum(_scaled(interval, end) for end in ends) / 2 - low) / (high - low)


def contains(axis: RandomDistribution, value: Scalar) -> bool:
    """Whether an axis can have a value."""
    if isinstance(axis, Choice):
        return value in axis.options
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return False
    if isinstance(axis, Normal):
        return True
    least, most = (float(bound) for bound in axis.extremes())  # type: ignore[arg-type]
    if isinstance(axis, QUniform) and abs(value / axis.q - round(value / axis.q)) > 1e-6:
        return False
    if isinstance(axis, Interval) and axis.integer and not isinstance(value, int):
        return False
    return least <= value <= most


def multiple(axis: QUniform, factor: int) -> float:
    """So many times q, as the axis writes it."""
    value = factor * axis.q
    return float(f"{value:.12g}") if isinstance(axis.extremes()[0], float) else value


def _first(axis: QUniform) -> int:
    return round(axis.low / axis.q)


def _count(axis: QUniform) -> int:
    return round(axis.high / axis.q) - _first(axis) + 1


def _interval(axis: RandomDistribution) -> Interval:
    if not isinstance(axis, Interval):
        raise TypeError(f"there are no quantiles of {type(axis).__name__}")
    return axis


def _scaled(axis: Interval, value: float) -> float:
    return math.log(value) if axis.logarithmic else value
