"""Adaptive search: suggestions of what to train next, each learnt from the results of earlier ones."""

from rhm_sweeps.search.study import Study
from rhm_sweeps.search.suggestion import Evaluated, Suggestion

__all__ = ["Evaluated", "Study", "Suggestion"]
