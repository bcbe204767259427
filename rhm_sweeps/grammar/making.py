"""Where grammars come from: drawn as a Random Hierarchy Model (arXiv 2307.02129), or written down."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.explicit_grammars import ExplicitGrammar, Production, grammar_yaml, load_explicit, plain_symbol
from rhm_sweeps.grammar.grammar import Grammar
from rhm_sweeps.grammar.rules import Rules
from rhm_sweeps.yaml_loader import MAX_BYTES


def make_grammar(config: GrammarConfig) -> Grammar:
    """Return the explicit grammar of a configuration, or draw the rules of `seed_rules`.

    The same seed gives the same grammar as the original code. One `random.Random(seed_rules)` stream draws, from the root
    down, distinct tuples out of all v**s in lexicographic order: n*m for the root, then v*m per level. No tuple has two
    parents, so every string has one derivation. With a Zipf exponent a, rule k of each symbol of `zipf_level` has the
    probability k**-a / sum_k k**-a (arXiv 2605.30642).
    """
    grammar = _random_grammar(config) if config.explicit_grammar is None else grammar_of(config.explicit_grammar)
    if not (config.zipf_exponent and config.zipf_level):
        return grammar
    levels = list(grammar.levels)
    levels[-config.zipf_level] = _with_zipf(levels[-config.zipf_level], config.zipf_exponent)
    return replace(grammar, levels=tuple(levels))


def grammar_of(explicit: ExplicitGrammar) -> Grammar:
    """The grammar that is written so."""
    levels = []
    for symbols, tuples, below in zip(explicit.levels, explicit.tuples, explicit.names[1:], strict=True):
        weights = [production.weight for symbol in symbols for production in symbol.productions]
        levels.append(Rules.of(tuples, len(below), weights))
    return Grammar(tuple(levels), explicit.names)


def explicit_form(grammar: Grammar) -> ExplicitGrammar:
    """How a grammar is written; `grammar_of` is the inverse."""
    levels = []
    for level, names, below in zip(grammar.levels, grammar.names, grammar.names[1:], strict=False):
        productions = [
            Production(tuple(below[child] for child in children), weight)
            for children, weight in zip(level.children.tolist(), level.weights.tolist(), strict=True)
        ]
        rules = [productions[start : start + count] for start, count in zip(level.first, level.counts, strict=True)]
        levels.append(tuple(map(plain_symbol, names, rules)))
    return ExplicitGrammar(tuple(levels), grammar.names[-1])


def load_grammar(path: str | Path) -> Grammar:
    """Return the grammar of a YAML file.

    Raises:
        UsageError: if it cannot be read; a ConfigError lists everything that is wrong with it.
    """
    return grammar_of(load_explicit(Path(path)))


def save_grammar(grammar: Grammar, path: str | Path, name: str | None = None) -> None:
    """Write a grammar as YAML that `load_grammar` reads back; symbols without names are numbers.

    Raises:
        UsageError: if the file cannot be written, or would be too long to read back.
    """
    text = grammar_yaml(explicit_form(grammar), name)
    if len(text.encode()) > MAX_BYTES:
        raise UsageError(f"the grammar takes {len(text.encode())} bytes as YAML, but must take <= {MAX_BYTES}")
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write the grammar to {path}: {error}") from None


def _random_grammar(config: GrammarConfig) -> Grammar:
    stream = random.Random(config.seed_rules)
    heads = [config.num_classes, *[config.num_features] * (config.num_layers - 1)]
    return Grammar(tuple(_draw_rules(stream, head, config) for head in heads))


def _draw_rules(stream: random.Random, symbols: int, config: GrammarConfig) -> Rules:
    v, m, s = config.num_features, config.num_synonyms, config.tuple_size
    # Sampling positions in the list draws what sampling the list itself does, without v**s tuples in memory.
    codes = stream.sample(range(v**s), symbols * m)
    children = np.stack(np.unravel_index(codes, (v,) * s), axis=-1).astype(np.int64)
    return Rules(symbols, v, np.repeat(np.arange(symbols), m), children, np.ones(symbols * m))


def _with_zipf(level: Rules, exponent: float) -> Rules:
    rank = 1 + np.arange(len(level.parents)) - level.first[level.parents]
    return replace(level, weights=rank.astype(np.float64) ** -exponent)
