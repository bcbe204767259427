"""The members' networks with their processes: from noised strings to predictions and losses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import torch
from torch import Tensor

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.diffusion.categorical import cross_entropy
from rhm_sweeps.diffusion.process import Process
from rhm_sweeps.diffusion.processes import make_process
from rhm_sweeps.grammar import WeightedGrammar, make_grammar
from rhm_sweeps.models.tuple_constraint import constrained, illegal_mass, tuple_table
from rhm_sweeps.training.packs import PackedModel


@dataclass(frozen=True, eq=False)
class Noised:
    """Noised strings of K members: tokens x_0 (K, ..., d), x_t as the process makes it, times t and classes (K, ...)."""

    x_0: Tensor
    x_t: Tensor
    t: Tensor
    classes: Tensor

    def _each(self, change: Callable[[Tensor], Tensor]) -> Noised:
        return Noised(*(change(getattr(self, field.name)) for field in fields(self)))

    def members(self, kept: Tensor) -> Noised:
        """Those of some of the members, by index."""
        return self._each(lambda x: x[kept])

    def step(self, place: Tensor) -> Noised:
        """Those of the step at `place` (1,): (K, S, B, ...) to (K, B, ...)."""
        return self._each(lambda x: x.index_select(1, place)[:, 0])

    def parts(self, size: int) -> Iterator[Noised]:
        """Parts of at most `size` strings, in order."""
        split = zip(*(getattr(self, field.name).split(size, 1) for field in fields(self)), strict=True)
        return (Noised(*part) for part in split)


@dataclass(frozen=True, eq=False)
class Denoiser:
    """K networks, their process, and what is legal.

    `legal` is the table of legal leaf tuples (K, s, R, v) where the trials use it, and `constrains` whether outputs obey it.
    """

    model: PackedModel
    process: Process
    legal: Tensor | None
    constrains: bool
    classifies: bool

    @classmethod
    def of(cls, configs: Sequence[TrialConfig], model: PackedModel, device: torch.device | str = "cpu") -> Self:
        """The denoiser of trials with equal pack key, from their packed networks."""
        first = configs[0]
        constrains = first.model.constraint == "tuples"
        used = constrains or first.training.illegal_penalty > 0
        legal = torch.stack([_legal_tuples(config) for config in configs]).to(device) if used else None
        return cls(model, make_process(configs, device), legal, constrains, first.model.name == "classifier")

    def __call__(self, x_t: Tensor, t: Tensor, dropout: Tensor | None = None) -> Tensor:
        """x_t of B strings and times (K, B) to outputs (K, B, d, v), or (K, B, n) of a classifier.

        `dropout` holds a random word for each string, (K, B); without it nothing is dropped.
        """
        return self._constrained(self.model(self.process.model_input(x_t, t), t, dropout))

    def at(self, x_t: Tensor, t: int, asked: Tensor | None = None) -> Tensor:
        """Outputs at one time for all strings, without dropout: a `Denoise` of `p_sample_loop`."""
        times, symbols = torch.full(x_t.shape[:2], t, device=x_t.device), self.process.symbols
        if symbols is None:
            return self(x_t, times)
        each = torch.arange(symbols, device=x_t.device).expand(len(x_t), 1, -1)
        seen = self.process.model_input(each, times[:, :1])[:, 0]
        if self.constrains:  # a token's depends on the others' of its tuple
            asked = None
        return self._constrained(self.model.at_one_time(seen, x_t, times, asked))

    def _constrained(self, output: Tensor) -> Tensor:
        return constrained(output, self.legal) if self.constrains and self.legal is not None else output

    def losses(self, noised: Noised) -> Tensor:
        """The loss of each string, (K, B)."""
        return self.losses_of(self(noised.x_t, noised.t), noised)

    def losses_of(self, output: Tensor, noised: Noised, label_smoothing: float = 0.0) -> Tensor:
        """The loss of each string, (K, B), by the network's output."""
        if self.classifies:
            return cross_entropy(output, noised.classes, label_smoothing)
        return self.process.loss(output, noised.x_0, noised.x_t, noised.t, label_smoothing)

    def illegal_mass(self, output: Tensor) -> Tensor:
        """Mean probability of illegal leaf tuples by the network's output: (K, B)."""
        return illegal_mass(output, self.legal) if self.legal is not None else output.new_zeros(output.shape[:2])

    def select(self, kept: Tensor) -> Denoiser:
        """The denoiser of some of the members, by index."""
        legal = None if self.legal is None else self.legal[kept]
        return replace(self, model=self.model.select(kept), process=self.process.select(kept), legal=legal)


def _legal_tuples(config: TrialConfig) -> Tensor:
    leaf_rules = WeightedGrammar.of(make_grammar(config.grammar)).levels[-1]
    return tuple_table(leaf_rules.children, config.grammar.num_features)
