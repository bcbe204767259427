"""Packs hold trials of one shape, no more than fit, in the order of the plan."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhm_sweeps.config import FIELDS, TrialConfig, nest, parse_trial
from rhm_sweeps.errors import UsageError
from rhm_sweeps.packs.packing import FREE_FIELDS, make_packs, pack_key

OTHER_VALUES: dict[str, Any] = {
    "grammar.num_features": 16,
    "grammar.num_classes": 4,
    "grammar.num_synonyms": 4,
    "grammar.tuple_size": 3,
    "grammar.num_layers": 4,
    "grammar.explicit": "binary_3_level",
    "grammar.zipf_level": 1,
    "diffusion.process": "masked",
    "diffusion.noise_schedule": "cosine",
    "diffusion.beta1": 0.002,
    "diffusion.beta2": 0.2,
    "diffusion.target": "noise",
    "diffusion.output": "probabilities",
    "diffusion.time_distribution": "clipped_normal",
    "diffusion.time_mean": 0.6,
    "model.name": "transformer",
    "model.bias": True,
    "model.depth": 2,
    "model.filter_size": 8,
    "model.time_input": "original",
    "model.embedding_size": 128,
    "model.num_heads": 8,
    "model.dropout": 0.1,
    "model.constraint": "tuples",
    "training.replacement": True,
    "training.batches": "epoch",
    "training.optimizer": "adamw",
    "training.learning_rate": 0.02,
    "training.momentum": 0.9,
    "training.lr_schedule": "cosine",
    "training.lr_decay": 0.1,
    "training.gradient_clip": 1.0,
    "training.label_smoothing": 0.1,
    "training.accumulation": 2,
    "training.precision": "bf16",
    "evaluation.sampling_steps": 50,
    "stop.copy_fraction": 0.9,
    "stop.patience": 3,
}
BESIDE: dict[str, dict[str, Any]] = {
    "grammar.zipf_exponent": {"grammar.zipf_level": 1},
    "diffusion.target": {"diffusion.process": "gaussian"},
    "diffusion.output": {"diffusion.process": "gaussian"},
    "model.filter_size": {"model.depth": 1},
}
"""What a field needs beside it."""
MAY_DIFFER = {
    *("grammar.num_classes", "grammar.num_synonyms", "grammar.seed_rules"),
    *("grammar.explicit", "grammar.zipf_exponent", "grammar.zipf_level"),
    *("diffusion.noise_schedule", "diffusion.beta1", "diffusion.beta2", "diffusion.max_time", "diffusion.noise_scale"),
    *("training.train_size", "training.test_size", "training.seed_sample", "training.replacement", "training.seed"),
    *("training.resample_level", "training.seed_resample"),
    *("training.learning_rate", "training.weight_decay", "training.lr_schedule", "training.warmup_steps"),
    *("training.lr_decay", "training.lr_decay_steps"),
    *("stop.copy_fraction", "stop.patience", "stop.min_delta"),
}


def trials(count: int, **changes: Any) -> list[TrialConfig]:
    return [parse_trial(nest({"training.seed": seed, **changes})) for seed in range(count)]


def sizes(packs: tuple[Any, ...]) -> list[int]:
    return [len(pack.trials) for pack in packs]


def test_the_fields_that_may_differ_are_those_that_shape_nothing() -> None:
    assert set(FREE_FIELDS) == MAY_DIFFER


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_splits_packs_unless_it_is_free(field: str) -> None:
    beside = BESIDE.get(field, {})
    default = parse_trial(nest(beside))
    value = OTHER_VALUES[field] if field in OTHER_VALUES else default.flat()[field] + 1
    small = {"training.train_size": 64, "training.test_size": 64} if field == "grammar.explicit" else {}
    default, other = parse_trial(nest(beside | small)), parse_trial(nest({**beside, **small, field: value}))
    assert other != default
    if field == "grammar.explicit":
        other = other.model_copy(update={"grammar": default.grammar.model_copy(update={"explicit": value})})
    assert (pack_key(other) == pack_key(default)) == (field in MAY_DIFFER)
    assert len(make_packs([default, other])) == (1 if field in MAY_DIFFER else 2)


@pytest.mark.parametrize(
    ("field", "value", "needs"),
    [
        ("grammar.num_classes", 4, {"model.name": "classifier"}),
        ("grammar.num_synonyms", 4, {"model.constraint": "tuples"}),
        ("grammar.num_synonyms", 4, {"training.illegal_penalty": 0.1}),
    ],
)
def test_what_shapes_a_table_or_a_readout_splits_packs_then(field: str, value: int, needs: dict[str, Any]) -> None:
    one, other = parse_trial(nest(needs)), parse_trial(nest({**needs, field: value}))
    assert pack_key(one) != pack_key(other)


@pytest.mark.parametrize(
    ("count", "most", "min_packs", "expected"),
    [
        (13, 8, 1, [7, 6]),
        (16, 16, 1, [16]),
        (17, 16, 1, [9, 8]),
        (6, 16, 2, [3, 3]),
        (1, 16, 2, [1]),
        (3, 16, 2, [2, 1]),
        (3, 1, 2, [1, 1, 1]),
        (10, 4, 2, [4, 3, 3]),
        (0, 4, 1, []),
    ],
)
def test_sizes_are_balanced(count: int, most: int, min_packs: int, expected: list[int]) -> None:
    assert sizes(make_packs(trials(count), most, min_packs)) == expected


@given(st.lists(st.sampled_from([64, 128]), max_size=30), st.integers(1, 9), st.integers(1, 4))
def test_packs_partition_the_trials(widths: list[int], most: int, min_packs: int) -> None:
    planned = [parse_trial(nest({"model.width": width, "training.seed": seed})) for seed, width in enumerate(widths)]
    packs = make_packs(planned, most, min_packs)
    for width in (64, 128):
        of_width = [pack for pack in packs if pack.trials[0].model.width == width]
        members = [trial for pack in of_width for trial in pack.trials]
        assert members == [trial for trial in planned if trial.model.width == width]
        assert len(of_width) >= min(min_packs, len(members))
        assert not of_width or max(sizes(tuple(of_width))) - min(sizes(tuple(of_width))) <= 1
        assert all(len(pack.trials) <= most for pack in of_width)
    assert len({pack.id for pack in packs}) == len(packs)


def test_packs_come_in_the_order_of_their_first_trials() -> None:
    planned = [*trials(2, **{"model.width": 128}), *trials(1, **{"model.width": 32}), *trials(1, **{"model.width": 64})]
    assert [pack.trials[0].model.width for pack in make_packs(planned)] == [128, 32, 64]


def test_ids_follow_from_the_members() -> None:
    first, again = make_packs(trials(5), 3), make_packs(trials(5), 3)
    assert [pack.id for pack in first] == [pack.id for pack in again]
    assert all(len(pack.id) == 12 and int(pack.id, 16) >= 0 for pack in first)
    assert first[0].id != make_packs(trials(4), 3)[0].id


def test_a_function_says_the_most_for_each_shape() -> None:
    planned = [*trials(8, **{"model.width": 64}), *trials(8, **{"model.width": 256})]
    packs = make_packs(planned, lambda trial: 512 // trial.model.width)
    assert sizes(packs) == [8, 2, 2, 2, 2]


def test_the_function_is_asked_about_the_trial_with_the_most_data() -> None:
    planned = [parse_trial(nest({"training.train_size": size})) for size in (10, 3000, 20)]
    asked: list[int] = []
    make_packs(planned, lambda trial: asked.append(trial.training.train_size) or 4)
    assert asked == [3000]


@pytest.mark.parametrize(("most", "min_packs"), [(0, 1), (-1, 1), (lambda trial: 0, 1), (4, 0)])
def test_nonsense_is_refused(most: Any, min_packs: int) -> None:
    with pytest.raises(UsageError, match=r"`(max_members|min_packs)` is .*must be >= 1"):
        make_packs(trials(2), most, min_packs)


POPULATION = {"population.members": "0123456789ab", "model.width": 64}


def test_a_population_is_one_pack_of_its_own() -> None:
    other = {**POPULATION, "population.members": "ba9876543210"}
    planned = [*trials(3, **POPULATION), *trials(3), *trials(5, **other), *trials(2, **POPULATION)]
    packs = make_packs(planned, 6, min_packs=3)
    members = {pack.trials[0].population.members: len(pack.trials) for pack in packs}
    assert members == {"0123456789ab": 5, None: 1, "ba9876543210": 5}


def test_a_population_larger_than_a_pack_is_refused() -> None:
    with pytest.raises(UsageError, match=r"a population has 5 members, but must fit one pack: <= 4 in its pool"):
        make_packs(trials(5, **POPULATION), 4)
