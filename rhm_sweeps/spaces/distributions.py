"""What an axis of a search space takes its values from.

`grid` and `range` list their values, which are crossed with those of the other axes in full; all others draw at random.
Names and bounds are Ray's: `range`, `randint` and `lograndint` exclude their upper bound.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from rhm_sweeps.errors import UsageError
from rhm_sweeps.nearest_name import cure_of_name

Scalar = str | int | float | bool | None
MAX_INTEGER = 2**53
MAX_REAL = 1e300


class Distribution(ABC):
    """The values of one axis."""

    form: ClassVar[str]
    """How it is written in YAML, between braces."""
    num_arguments: ClassVar[tuple[int, ...]] = (2,)
    """How many numbers it may be written with, where it does not list options."""
    integer: ClassVar[bool] = False
    """Whether those numbers are integers."""

    @abstractmethod
    def extremes(self) -> Sequence[Scalar]:
        """Values that a field must accept for the axis to make sense: all options, or the bounds."""

    @abstractmethod
    def to_dict(self) -> dict[str, list[Scalar]]:
        """The mapping that `parse_distribution` reads."""


class ListedDistribution(Distribution):
    """A distribution whose values are all tried."""

    @abstractmethod
    def values(self) -> Sequence[Scalar]:
        """All values, in order."""


class RandomDistribution(Distribution):
    """A distribution of which a number of draws is tried."""

    @abstractmethod
    def sample(self, rng: Random) -> Scalar:
        """Draw one value."""


@dataclass(frozen=True)
class Options(Distribution):
    """Listed plain values."""

    options: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        word = type(self).__name__.lower()
        if not self.options:
            raise UsageError(f"`{word}` is empty, but must list at least one value")
        for option in self.options:
            if not isinstance(option, Scalar):
                raise UsageError(f"`{word}` lists {option!r}, but must list plain values")

    def extremes(self) -> Sequence[Scalar]:
        return self.options

    def to_dict(self) -> dict[str, list[Scalar]]:
        return {type(self).__name__.lower(): list(self.options)}


class Grid(Options, ListedDistribution):
    """Each of the options, in order."""

    form = "grid: [64, 128]"

    def values(self) -> Sequence[Scalar]:
        return self.options


class Choice(Options, RandomDistribution):
    """One of the options, each as likely."""

    form = "choice: [64, 128]"

    def sample(self, rng: Random) -> Scalar:
        return rng.choice(self.options)


@dataclass(frozen=True)
class Range(ListedDistribution):
    """The integers start, start + step, ... short of stop, as Python's `range`."""

    start: int
    stop: int
    step: int = 1
    form: ClassVar[str] = "range: [start, stop] or [start, stop, step]"
    num_arguments: ClassVar[tuple[int, ...]] = (2, 3)
    integer: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_numbers("range", [self.start, self.stop, self.step], integer=self.integer)
        if self.step == 0:
            raise UsageError("the step of `range` is 0, but must not be")
        if not self.values():
            written = f"[{self.start}, {self.stop}, {self.step}]"
            raise UsageError(f"`range` {written} is empty; stop is excluded, so it must lie beyond start")

    def values(self) -> Sequence[int]:
        return range(self.start, self.stop, self.step)

    def to_dict(self) -> dict[str, list[Scalar]]:
        return {"range": [self.start, self.stop] if self.step == 1 else [self.start, self.stop, self.step]}

    def extremes(self) -> Sequence[int]:
        return (self.values()[0], self.values()[-1])


@dataclass(frozen=True)
class Interval(RandomDistribution):
    """A number from low to high; of `integer` ones, high is excluded; `logarithmic`: its logarithm is uniform."""

    low: float
    high: float
    logarithmic: ClassVar[bool] = False

    def __post_init__(self) -> None:
        word = type(self).__name__.lower()
        _check_numbers(word, [self.low, self.high], integer=self.integer)
        if self.low >= self.high:
            raise UsageError(f"`{word}` has low = {self.low} and high = {self.high}, but low must be < high")
        if self.logarithmic and self.low <= 0:
            raise UsageError(f"`{word}` has low = {self.low}, but must have low > 0")

    def sample(self, rng: Random) -> float:
        low, high = self.extremes()
        if not self.logarithmic:
            return rng.randrange(int(self.low), int(self.high)) if self.integer else rng.uniform(low, high)
        value = math.exp(rng.uniform(math.log(self.low), math.log(self.high)))
        return min(max(int(value) if self.integer else value, low), high)

    def extremes(self) -> Sequence[float]:
        return (self.low, self.high - 1) if self.integer else (float(self.low), float(self.high))

    def to_dict(self) -> dict[str, list[Scalar]]:
        return {type(self).__name__.lower(): [self.low, self.high]}


class Uniform(Interval):
    """A real number between low and high."""

    form = "uniform: [low, high]"


class LogUniform(Interval):
    """A real number between low and high whose logarithm is uniform."""

    form = "loguniform: [low, high]"
    logarithmic = True


class RandInt(Interval):
    """An integer from low to high - 1."""

    form = "randint: [low, high]"
    integer = True


class LogRandInt(Interval):
    """An integer from low to high - 1: the whole part of a number whose logarithm is uniform."""

    form = "lograndint: [low, high]"
    integer = True
    logarithmic = True


@dataclass(frozen=True)
class QUniform(RandomDistribution):
    """A multiple of q from low to high, both included, each as likely; an integer if all three are."""

    low: float
    high: float
    q: float
    form: ClassVar[str] = "quniform: [low, high, q]"
    num_arguments: ClassVar[tuple[int, ...]] = (3,)

    def __post_init__(self) -> None:
        _check_numbers("quniform", [self.low, self.high, self.q], integer=False)
        if self.q <= 0:
            raise UsageError(f"`quniform` has q = {self.q}, but must have q > 0")
        if self.low >= self.high:
            raise UsageError(f"`quniform` has low = {self.low} and high = {self.high}, but low must be < high")
        for bound in (self.low, self.high):
            if not abs(bound / self.q) <= MAX_INTEGER or abs(bound / self.q - round(bound / self.q)) > 1e-6:
                raise UsageError(f"`quniform` has the bound {bound}, but it must be a multiple of q = {self.q}")

    def sample(self, rng: Random) -> float:
        multiple = rng.randint(round(self.low / self.q), round(self.high / self.q)) * self.q
        return float(f"{multiple:.12g}") if isinstance(self.extremes()[0], float) else multiple

    def extremes(self) -> Sequence[float]:
        if all(isinstance(number, int) for number in (self.low, self.high, self.q)):
            return (self.low, self.high)
        return (float(self.low), float(self.high))

    def to_dict(self) -> dict[str, list[Scalar]]:
        return {"quniform": [self.low, self.high, self.q]}


@dataclass(frozen=True)
class Normal(RandomDistribution):
    """A real number with this mean and standard deviation; draws that the field does not take make no trial."""

    mean: float
    std: float
    form: ClassVar[str] = "normal: [mean, std]"

    def __post_init__(self) -> None:
        _check_numbers("normal", [self.mean, self.std], integer=False)
        if self.std <= 0:
            raise UsageError(f"`normal` has std = {self.std}, but must have std > 0")

    def sample(self, rng: Random) -> float:
        return rng.gauss(self.mean, self.std)

    def extremes(self) -> Sequence[float]:
        return (float(self.mean),)

    def to_dict(self) -> dict[str, list[Scalar]]:
        return {"normal": [self.mean, self.std]}


DISTRIBUTIONS: dict[str, type[Distribution]] = {
    kind.__name__.lower(): kind
    for kind in (Grid, Range, Choice, Uniform, LogUniform, QUniform, RandInt, LogRandInt, Normal)
}
"""All distributions by the word that names them in YAML and on the command line."""


def parse_distribution(mapping: Any) -> Distribution:
    """Return the distribution of a mapping such as `{"grid": [64, 128]}`; a distribution is returned as it is.

    Raises:
        UsageError: for anything else, saying what is wrong and how it is written.
    """
    if isinstance(mapping, Distribution):
        return mapping
    if not isinstance(mapping, Mapping) or len(mapping) != 1:
        raise UsageError(
            f"is {mapping!r}, but must be one distribution such as {{grid: [64, 128]}}; fixed values stand in `trial`"
        )
    word, arguments = next(iter(mapping.items()))
    kind = DISTRIBUTIONS.get(word)
    if kind is None:
        raise UsageError(f"`{word}` is not a distribution; {cure_of_name(str(word), DISTRIBUTIONS)}")
    if not isinstance(arguments, list | tuple):
        raise UsageError(f"`{word}` is {arguments!r}, but takes a list: {{{kind.form}}}")
    if issubclass(kind, Options):
        return kind(tuple(arguments))
    if len(arguments) not in kind.num_arguments:
        raise UsageError(f"`{word}` is {arguments!r}, but is written {{{kind.form}}}")
    return kind(*arguments)


def _check_numbers(word: str, numbers: Sequence[float], *, integer: bool) -> None:
    limit = MAX_INTEGER if integer else MAX_REAL
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int if integer else int | float):
            raise UsageError(
                f"`{word}` has the bound {number!r}, but it must be {'an integer' if integer else 'a number'}"
            )
        if not abs(number) <= limit:
            raise UsageError(f"`{word}` has the bound {number!r}, but its size must be <= {limit:g}")
