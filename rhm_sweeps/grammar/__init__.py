"""The Random Hierarchy Model: its rules, its strings, how they parse, exact inference, and what theory says about them."""

from rhm_sweeps.grammar.belief_propagation import (
    downward_messages,
    leaf_cavities,
    log_likelihood,
    marginals,
    upward_messages,
)
from rhm_sweeps.grammar.parsing import Parse, Parser
from rhm_sweeps.grammar.productions import Productions, WeightedGrammar
from rhm_sweeps.grammar.rules import Grammar, make_grammar
from rhm_sweeps.grammar.string_set import StringSet, is_in, nearest_hamming, string_keys
from rhm_sweeps.grammar.strings import Dataset, decode_strings, expand, make_dataset
from rhm_sweeps.grammar.text import read_strings
from rhm_sweeps.grammar.theory import bayes_floor, chance_validity, epsilon_star, fixed_point, sample_complexity
from rhm_sweeps.grammar.tree_samples import sample_trees

__all__ = [
    "Dataset",
    "Grammar",
    "Parse",
    "Parser",
    "Productions",
    "StringSet",
    "WeightedGrammar",
    "bayes_floor",
    "chance_validity",
    "decode_strings",
    "downward_messages",
    "epsilon_star",
    "expand",
    "fixed_point",
    "is_in",
    "leaf_cavities",
    "log_likelihood",
    "make_dataset",
    "make_grammar",
    "marginals",
    "nearest_hamming",
    "read_strings",
    "sample_complexity",
    "sample_trees",
    "string_keys",
    "upward_messages",
]
