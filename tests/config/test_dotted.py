"""Nested fields by dotted names."""

from __future__ import annotations

from rhm_sweeps.config import flatten, is_seed, look_up, nest, seeds_last

TREE = {"grammar": {"num_layers": 3, "seed_rules": 0}, "training": {"seed": 1, "steps": 8}, "name": "x"}


def test_nesting_undoes_flattening() -> None:
    assert nest(dict(flatten(TREE))) == TREE


def test_looking_up_finds_what_flattening_names_and_nothing_else() -> None:
    assert {name: look_up(TREE, name) for name, _ in flatten(TREE)} == dict(flatten(TREE))
    assert look_up(TREE, "grammar.width") is look_up(TREE, "name.first") is None


def test_seeds_are_known_by_their_names_and_stand_last() -> None:
    assert [name for name, _ in flatten(TREE) if is_seed(name)] == ["grammar.seed_rules", "training.seed"]
    assert seeds_last(["training.seed", "training.steps"]) == ["training.steps", "training.seed"]
