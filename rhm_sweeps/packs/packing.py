"""Packs: trials of one shape that train together as one vectorized model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from rhm_sweeps.config import FIELDS, TrialConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.training.pack_optimizer import OWN_FIELDS

FREE_FIELDS: tuple[str, ...] = (
    "grammar.num_classes",
    "grammar.num_synonyms",
    "grammar.seed_rules",
    "grammar.explicit",
    "grammar.zipf_exponent",
    "grammar.zipf_level",
    "diffusion.noise_schedule",
    "diffusion.beta1",
    "diffusion.beta2",
    "diffusion.max_time",
    "diffusion.noise_scale",
    "training.train_size",
    "training.test_size",
    "training.seed_sample",
    "training.replacement",
    "training.resample_level",
    "training.seed_resample",
    "training.seed",
    *(f"training.{field}" for field in OWN_FIELDS),
    *(field for field in FIELDS if field.startswith("stop.")),
)
"""The fields in which members of one pack may differ: they shape neither tensors, nor the graph, nor an optimizer's moments."""

_KEY_FIELDS = tuple(field for field in FIELDS if field not in FREE_FIELDS)
_key_values = attrgetter(*_KEY_FIELDS)


@dataclass(frozen=True)
class Pack:
    """Trials that train together; `id` is 12 hex digits of the SHA-256 of their signatures."""

    id: str
    trials: tuple[TrialConfig, ...]


def pack_key(config: TrialConfig) -> tuple[Hashable, ...]:
    """Return the values that all members of a pack share: every field but `FREE_FIELDS`, in the order of `FIELDS`.

    Where the classes shape the network, or the legal tuples a table, they are shared as well. A population is a key of its own.
    """
    classes = config.grammar.num_classes if config.model.name == "classifier" else None
    uses_tuples = config.model.constraint != "none" or config.training.illegal_penalty > 0
    tuples = (config.grammar.num_synonyms, config.grammar.explicit) if uses_tuples else None
    return (*_key_values(config), classes, tuples, config.population)


def make_packs(
    trials: Iterable[TrialConfig], max_members: int | Callable[[TrialConfig], int] = 16, min_packs: int = 1
) -> tuple[Pack, ...]:
    """Group trials by pack key into as few packs as allowed, of sizes that differ by at most one, in the order given.

    Args:
        max_members: the most trials per pack, or a function that says so for the trial of a key that has the most data.
        min_packs: split the trials of each key over at least this many packs, if there are as many; never a population.

    Raises:
        UsageError: if `max_members` or `min_packs` is < 1, or a population is larger than a pack may be.
    """
    if min_packs < 1:
        raise UsageError(f"`min_packs` is {min_packs}, but must be >= 1")
    groups: dict[tuple[Hashable, ...], list[TrialConfig]] = {}
    for trial in trials:
        groups.setdefault(pack_key(trial), []).append(trial)
    return tuple(
        Pack(pack_id([trial.signature for trial in members]), tuple(members))
        for group in groups.values()
        for members in _split(group, _num_packs(group, max_members, min_packs))
    )


def is_population(trial: TrialConfig) -> bool:
    """Whether a trial trains in a population, whose pack is never split."""
    return trial.population.members is not None


def _num_packs(group: Sequence[TrialConfig], max_members: int | Callable[[TrialConfig], int], min_packs: int) -> int:
    most = max_members if isinstance(max_members, int) else max_members(max(group, key=_num_strings))
    if most < 1:
        raise UsageError(f"`max_members` is {most}, but must be >= 1")
    if is_population(group[0]):
        if len(group) > most:
            raise UsageError(
                f"a population has {len(group)} members, but must fit one pack: <= {most} in its pool; plan fewer settings "
                "of the rates and seeds per population, or route it to a pool with more memory"
            )
        return 1
    return max(-(-len(group) // most), min(min_packs, len(group)))


def _num_strings(trial: TrialConfig) -> int:
    return trial.training.train_size + trial.training.test_size


def _split(group: Sequence[TrialConfig], count: int) -> Iterator[Sequence[TrialConfig]]:
    size, larger = divmod(len(group), count)
    start = 0
    for index in range(count):
        end = start + size + (index < larger)
        yield group[start:end]
        start = end


def pack_id(signatures: Sequence[str]) -> str:
    """12 hex digits of the SHA-256 of the signatures of a pack's members."""
    return hashlib.sha256(" ".join(signatures).encode()).hexdigest()[:12]
