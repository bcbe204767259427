"""Counter-based random streams: a draw depends on (seed, purpose, step, position) and on nothing else.

The same trial therefore sees the same draws alone, in a pack, after a resume, on a CPU and on a GPU. Words come from SplitMix64
(Steele, Lea & Flood, OOPSLA 2014): word i of a stream is mix64(key + (i + 1) * GAMMA), computed in wrapping int64 arithmetic.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import torch
from torch import Tensor

_MASK_64 = 2**64 - 1


def _signed(word: int) -> int:
    word &= _MASK_64
    return word - 2**64 if word >= 2**63 else word


GAMMA = _signed(0x9E3779B97F4A7C15)
_MULTIPLIER_1 = _signed(0xBF58476D1CE4E5B9)
_MULTIPLIER_2 = _signed(0x94D049BB133111EB)


def _shift_right(words: Tensor, bits: int) -> Tensor:
    """Logical shift; torch's own shift of int64 keeps the sign."""
    return torch.bitwise_and(words >> bits, 2 ** (64 - bits) - 1)


def mix64(words: Tensor) -> Tensor:
    """SplitMix64's bijective finalizer on int64 tensors of any shape."""
    words = (words ^ _shift_right(words, 30)) * _MULTIPLIER_1
    words = (words ^ _shift_right(words, 27)) * _MULTIPLIER_2
    return words ^ _shift_right(words, 31)


def _purpose_code(purpose: str) -> int:
    return int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:8], "little", signed=True)


class Streams:
    """The streams of several members at once, one seed each."""

    def __init__(self, seeds: Sequence[int], device: torch.device | str = "cpu") -> None:
        self._seeds = mix64(torch.tensor([_signed(seed) for seed in seeds], dtype=torch.int64, device=device) * GAMMA)

    @property
    def device(self) -> torch.device:
        return self._seeds.device

    def words(self, purpose: str, steps: Tensor, count: int) -> Tensor:
        """Return `count` random 64-bit words for each member and step: int64 of shape (members, len(steps), count)."""
        keys = mix64(self._seeds[:, None] ^ mix64(steps.to(self._seeds)[None, :] + _purpose_code(purpose)))
        counters = torch.arange(1, count + 1, dtype=torch.int64, device=self._seeds.device) * GAMMA
        return mix64(keys[..., None] + counters)

    def select(self, kept: Tensor) -> Streams:
        """The streams of some of the members."""
        chosen = object.__new__(Streams)
        chosen._seeds = self._seeds[kept]
        return chosen


def uniform(words: Tensor) -> Tensor:
    """Uniform float32 in [0, 1), from the upper 24 bits."""
    return _shift_right(words, 40).to(torch.float32) * 2.0**-24


def second_uniform(words: Tensor) -> Tensor:
    """Uniform float32 in [0, 1), from 24 of the lower 32 bits: independent of `uniform` of the same word."""
    return uniform(words << 32)


def below(words: Tensor, bound: Tensor | int) -> Tensor:
    """Uniform int64 in [0, bound), from the lower 32 bits (multiply-shift; bias below bound * 2**-32)."""
    return ((words & 0xFFFFFFFF) * bound) >> 32


def normal(words: Tensor) -> Tensor:
    """Standard normal float32, by Box-Muller on the upper 24 and the lower 32 bits of each word."""
    radius = (-2.0 * torch.log1p(-uniform(words).double())).sqrt()
    angle = (words & 0xFFFFFFFF).double() * (2.0 * math.pi * 2.0**-32)
    return (radius * angle.cos()).float()
