"""The Random Hierarchy Model: its rules, its strings, how they parse, and what theory says about them."""

from rhm_sweeps.grammar.parsing import Parse, Parser
from rhm_sweeps.grammar.rules import Grammar, make_grammar
from rhm_sweeps.grammar.string_set import StringSet, is_in, nearest_hamming, string_keys
from rhm_sweeps.grammar.strings import Dataset, decode_strings, expand, make_dataset
from rhm_sweeps.grammar.text import read_strings
from rhm_sweeps.grammar.theory import bayes_floor, chance_validity, epsilon_star, fixed_point, sample_complexity

__all__ = [
    "Dataset",
    "Grammar",
    "Parse",
    "Parser",
    "StringSet",
    "bayes_floor",
    "chance_validity",
    "decode_strings",
    "epsilon_star",
    "expand",
    "fixed_point",
    "is_in",
    "make_dataset",
    "make_grammar",
    "nearest_hamming",
    "read_strings",
    "sample_complexity",
    "string_keys",
]
