"""A trial: one model, as a frozen value whose signature names its run, its files and its results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self

from pydantic import model_validator

from rhm_sweeps.config.diffusion import DiffusionConfig
from rhm_sweeps.config.dotted import flatten
from rhm_sweeps.config.evaluation import EvaluationConfig, StopConfig
from rhm_sweeps.config.grammar import GrammarConfig
from rhm_sweeps.config.model import ModelConfig
from rhm_sweeps.config.population import PopulationConfig
from rhm_sweeps.config.section import Section
from rhm_sweeps.config.training import TrainingConfig


class TrialConfig(Section):
    """Everything that determines the result of a trial, and nothing else."""

    grammar: GrammarConfig = GrammarConfig()
    diffusion: DiffusionConfig = DiffusionConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    stop: StopConfig = StopConfig()
    population: PopulationConfig = PopulationConfig()

    @model_validator(mode="after")
    def _sections_agree(self) -> Self:
        if self.grammar.ambiguity is not None:
            raise ValueError(
                f"the explicit grammar is ambiguous: {self.grammar.ambiguity}, so the class and validity of strings are unknown; "
                "give each tuple one parent per level"
            )
        strings = self.training.train_size + self.training.test_size
        if not self.training.replacement and strings > self.grammar.p_max:
            raise ValueError(
                f"`train_size` + `test_size` is {self.training.train_size} + {self.training.test_size} = {strings}, but must be "
                f"<= P_max = {self.grammar.p_max}, the number of distinct strings of this grammar; lower them or set `replacement`"
            )
        steps = self.evaluation.sampling_steps
        if steps is not None and steps > self.diffusion.timesteps:
            raise ValueError(f"`sampling_steps` is {steps}, but must be <= timesteps = {self.diffusion.timesteps}")
        if self.training.resample_level > self.grammar.num_layers:
            raise ValueError(
                f"`resample_level` is {self.training.resample_level}, but must be <= num_layers = {self.grammar.num_layers}"
            )
        if self.stop.patience is not None and not self.training.test_size:
            raise ValueError(
                f"`patience` is {self.stop.patience}, but there is no test loss: set `test_size` to 1 or more"
            )
        self._check_model()
        return self

    def _check_model(self) -> None:
        diffusion, model, training = self.diffusion, self.model, self.training
        if model.name == "bp_unet":
            size = model.filter_size or self.grammar.tuple_size
            depth = model.depth or self.grammar.num_layers
            if self.grammar.string_length % size**depth:
                raise ValueError(
                    f"`filter_size`**`depth` is {size}**{depth} = {size**depth}, but must divide the string length "
                    f"s**L = {self.grammar.string_length}"
                )
            if model.time_input == "original" and diffusion.process != "uniform":
                raise ValueError(
                    f"`time_input` is 'original', but the process is {diffusion.process!r}: must be uniform"
                )
        if model.name == "classifier" and (diffusion.target, diffusion.output) != ("start", "logits"):
            raise ValueError("a classifier predicts the class: `target` must be 'start' and `output` 'logits'")
        of_tuples = {"constraint": model.constraint != "none", "illegal_penalty": training.illegal_penalty > 0}
        for name in (name for name, wanted in of_tuples.items() if wanted):
            if model.name == "classifier" or (diffusion.target, diffusion.output) != ("start", "logits"):
                raise ValueError(f"`{name}` needs a denoiser whose `target` is 'start' and whose `output` is 'logits'")

    def unused(self) -> dict[str, str]:
        """Dotted fields that have no effect beside the others, each with what would give it one."""
        sections = {name: getattr(self, name) for name in type(self).model_fields}
        return {f"{name}.{field}": needed for name, part in sections.items() for field, needed in part.unused().items()}

    @cached_property
    def signature(self) -> str:
        """12 hex digits of the SHA-256 of all fields that matter and differ from their defaults; equal trials have equal signatures."""
        as_null = self._as_null()
        changed: dict[str, dict[str, Any]] = {}
        for name, default in _DEFAULTS.items():
            section: Section = getattr(self, name)
            part = {} if section is default else section.model_dump(exclude_defaults=True)
            for unused in (*section.unused(), *as_null.get(name, ())) if part else ():
                part.pop(unused, None)
            if part:
                changed[name] = part
        return hashlib.sha256(_SORTED_JSON.encode(changed).encode()).hexdigest()[:12]

    def _as_null(self) -> dict[str, tuple[str, ...]]:
        """Fields by section whose value is what null stands for."""
        size, layers = self.grammar.tuple_size, self.grammar.num_layers
        means = (("filter_size", self.model.filter_size, size), ("depth", self.model.depth, layers))
        steps = self.evaluation.sampling_steps
        return {
            "model": tuple(name for name, value, null in means if value == null),
            "evaluation": ("sampling_steps",) if steps == self.diffusion.timesteps else (),
        }

    def flat(self) -> dict[str, Any]:
        """All fields by dotted name, as in `{"training.train_size": 1024}`."""
        return dict(flatten(self.model_dump()))


_DEFAULTS: Mapping[str, Section] = {name: field.default for name, field in TrialConfig.model_fields.items()}
_SORTED_JSON = json.JSONEncoder(sort_keys=True)


FIELDS: tuple[str, ...] = tuple(name for name in TrialConfig().flat() if not name.startswith("population."))
"""The dotted names of all fields of a trial that a person sets; `population` is set by the plan."""
