"""Random Hierarchy Models and written grammars: rules, strings, how they parse, exact inference, and what theory says."""

from rhm_sweeps.grammar.belief_propagation import (
    downward_messages,
    leaf_cavities,
    log_likelihood,
    marginals,
    upward_messages,
)
from rhm_sweeps.grammar.grammar import Grammar
from rhm_sweeps.grammar.making import explicit_form, grammar_of, load_grammar, make_grammar, save_grammar
from rhm_sweeps.grammar.parsing import Parse, Parser
from rhm_sweeps.grammar.productions import Productions, WeightedGrammar
from rhm_sweeps.grammar.rules import Rules
from rhm_sweeps.grammar.string_set import StringSet, is_in, nearest_hamming, string_keys
from rhm_sweeps.grammar.strings import Dataset, decode_strings, make_dataset
from rhm_sweeps.grammar.text import read_strings
from rhm_sweeps.grammar.theory import (
    bayes_floor,
    chance_validity,
    derivation_entropy,
    epsilon_star,
    fixed_point,
    sample_complexity,
    symbol_chances,
)
from rhm_sweeps.grammar.tree_samples import sample_trees

__all__ = [
    "Dataset",
    "Grammar",
    "Parse",
    "Parser",
    "Productions",
    "Rules",
    "StringSet",
    "WeightedGrammar",
    "bayes_floor",
    "chance_validity",
    "decode_strings",
    "derivation_entropy",
    "downward_messages",
    "epsilon_star",
    "explicit_form",
    "fixed_point",
    "grammar_of",
    "is_in",
    "leaf_cavities",
    "load_grammar",
    "log_likelihood",
    "make_dataset",
    "make_grammar",
    "marginals",
    "nearest_hamming",
    "read_strings",
    "sample_complexity",
    "sample_trees",
    "save_grammar",
    "string_keys",
    "symbol_chances",
    "upward_messages",
]
