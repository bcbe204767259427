"""Grammars that are written down: named symbols and weighted productions, from YAML or one line of text; some are shipped here."""

from rhm_sweeps.explicit_grammars.explicit_grammar import (
    ExplicitGrammar,
    Production,
    Symbol,
    derivation_counts,
    find_ambiguity,
    plain_symbol,
)
from rhm_sweeps.explicit_grammars.grammar_checks import MAX_TUPLES
from rhm_sweeps.explicit_grammars.grammar_source import canonical_grammar, find_grammar, load_explicit, shipped_grammars
from rhm_sweeps.explicit_grammars.grammar_text import grammar_text, parse_grammar_text
from rhm_sweeps.explicit_grammars.grammar_yaml import grammar_yaml, parse_grammar_yaml

__all__ = [
    "MAX_TUPLES",
    "ExplicitGrammar",
    "Production",
    "Symbol",
    "canonical_grammar",
    "derivation_counts",
    "find_ambiguity",
    "find_grammar",
    "grammar_text",
    "grammar_yaml",
    "load_explicit",
    "parse_grammar_text",
    "parse_grammar_yaml",
    "plain_symbol",
    "shipped_grammars",
]
