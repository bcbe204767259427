"""The configuration of a trial: frozen values, checked when they are made."""

from rhm_sweeps.config.diffusion import DiffusionConfig
from rhm_sweeps.config.dotted import flatten, is_seed, look_up, nest, seeds_last
from rhm_sweeps.config.evaluation import EvaluationConfig, StopConfig
from rhm_sweeps.config.grammar import GrammarConfig
from rhm_sweeps.config.model import ModelConfig
from rhm_sweeps.config.parsing import parse_trial, trial_problems, unknown_field
from rhm_sweeps.config.population import PERTURBED, PopulationConfig
from rhm_sweeps.config.training import TrainingConfig
from rhm_sweeps.config.trial import FIELDS, TrialConfig

__all__ = [
    "FIELDS",
    "PERTURBED",
    "DiffusionConfig",
    "EvaluationConfig",
    "GrammarConfig",
    "ModelConfig",
    "PopulationConfig",
    "StopConfig",
    "TrainingConfig",
    "TrialConfig",
    "flatten",
    "is_seed",
    "look_up",
    "nest",
    "parse_trial",
    "seeds_last",
    "trial_problems",
    "unknown_field",
]
