"""The words behind `-s`."""

from __future__ import annotations

from typing import Any

import pytest

from rhm_sweeps.errors import ConfigError
from rhm_sweeps.spaces.distributions import Choice, Grid, LogUniform, Normal, QUniform, Range
from rhm_sweeps.spaces.overrides import apply_overrides
from rhm_sweeps.spaces.search_space import SearchSpace

SPACE = SearchSpace.build(
    "x",
    trial={"training": {"steps": 100}},
    space={"training.train_size": {"grid": [1, 2]}, "grammar.seed_rules": {"range": [0, 2]}},
)


def changed(*overrides: str) -> SearchSpace:
    return apply_overrides(SPACE, overrides)


def test_nothing_changes_nothing() -> None:
    assert changed() == SPACE


def test_all_kinds_at_once() -> None:
    space = changed(
        "training.train_size=grid:64,128",
        "training.learning_rate=loguniform:1e-4,1e-2",
        "grammar.seed_rules=range:0,4",
        "training.steps=1000",
        "replicas=2",
        "search.num_samples=20",
        "stop.copy_fraction=0.9",
        "name=y",
    )
    assert space.name == "y"
    assert space.axes == {
        "training.train_size": Grid((64, 128)),
        "grammar.seed_rules": Range(0, 4),
        "training.learning_rate": LogUniform(1e-4, 1e-2),
    }
    assert space.trial == {"training": {"steps": 1000}, "stop": {"copy_fraction": 0.9}}
    assert (space.search.algorithm, space.search.num_samples, space.replicas) == ("random", 20, 2)
    assert space.size == 2 * 4 * 20 * 2


def test_a_value_removes_the_axis_and_an_axis_the_value() -> None:
    space = changed("train_size=64", "steps=grid:1,2")
    assert space.trial == {"training": {"train_size": 64}}
    assert space.axes["training.steps"] == Grid((1, 2))
    assert "training.train_size" not in space.axes


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-3", 0.001), ("1", 1.0), ("017", 17.0)],
)
def test_values_are_yaml_scalars(text: str, value: float) -> None:
    assert changed(f"learning_rate={text}").trial["training"]["learning_rate"] == value


def test_null_booleans_and_words() -> None:
    space = changed("sampling_steps=null", "replacement=true", "precision=grid:float32,bf16")
    assert space.trial["evaluation"]["sampling_steps"] is None
    assert space.trial["training"]["replacement"] is True
    assert space.axes["training.precision"] == Grid(("float32", "bf16"))


def test_the_last_change_counts() -> None:
    assert changed("steps=1", "steps=grid:2,3", "steps=4").trial["training"]["steps"] == 4


def test_multiples_and_normal_draws_are_written_as_in_yaml() -> None:
    space = changed("batch_size=quniform:16,64,16", "learning_rate=normal:1e-2,1e-3", "search.num_samples=2")
    assert space.axes["training.batch_size"] == QUniform(16, 64, 16)
    assert space.axes["training.learning_rate"] == Normal(0.01, 0.001)


def test_a_field_may_be_derived_and_fixed_again() -> None:
    space = changed("test_size=derived:train_size // 4")
    assert space.derived["training.test_size"].text == "train_size // 4"
    assert apply_overrides(space, ["test_size=3"]).derived == {}


def test_a_field_that_is_changed_no_longer_varies_with_others() -> None:
    both = [{"model.name": name, "training.learning_rate": rate} for name, rate in (("bp_unet", 1), ("transformer", 2))]
    space = SearchSpace.build("x", space={"zip": both})
    assert apply_overrides(space, ["learning_rate=3"]).zipped == (
        {"model.name": "bp_unet"},
        {"model.name": "transformer"},
    )
    assert apply_overrides(space, ["learning_rate=3", "model.name=grid:bp_unet"]).zipped == ()


def test_the_name_stays_text() -> None:
    assert changed("name=2024").name == "2024"


def test_draws_choose_random_search_and_grid_search_drops_them() -> None:
    drawn = changed("train_size=choice:1,2", "search.num_samples=5", "search.seed=3")
    assert (drawn.search.algorithm, drawn.search.seed) == ("random", 3)
    assert drawn.axes["training.train_size"] == Choice((1, 2))
    listed = apply_overrides(drawn, ["train_size=grid:1,2", "search.algorithm=grid"])
    assert (listed.search.algorithm, listed.search.num_samples) == ("grid", None)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("steps", "-s steps: is not of the form FIELD=VALUE"),
        ("steps=", "-s steps=: is not of the form"),
        ("=3", "there is no field ``"),
        ("stepz=3", "-s stepz=3: there is no field `stepz`; did you mean `training.steps`"),
        ("num_samples=3", "`num_samples` is ambiguous; write `evaluation.num_samples` or `search.num_samples`"),
        ("seed=3", "`seed` is ambiguous; write `training.seed` or `search.seed`"),
        ("steps=gird:1,2", "`gird` is not a distribution; did you mean `grid`"),
        ("steps=grid:", "-s steps=grid: space.training.steps: `grid` is empty"),
        ("steps=grid:1,,2", r"space.training.steps.grid\[1\]: is None, but"),
        ("steps=range:1", r"`range` is \[1\], but is written"),
        ("steps=x", "-s steps=x trial.training.steps: is 'x', but input should be a valid integer"),
        ("train_size=choice:1,2", "search.algorithm` is grid; set"),
        ("replicas=two", "-s replicas=two replicas: is 'two', but"),
        ("name=../x", "-s name=../x name: is '../x', but"),
        ("search.algorithm=walk", "search.algorithm: is 'walk', but"),
    ],
)
def test_what_is_wrong_names_the_word(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("..", r"\.\.")):
        changed(override)


def test_everything_wrong_is_listed_at_once() -> None:
    overrides = ["x", "stepz=3", "steps=gird:1"]
    with pytest.raises(ConfigError) as caught:
        changed(*overrides)
    assert [problem.where for problem in caught.value.problems] == [f"-s {text}" for text in overrides]


def test_the_space_itself_stays_as_it_was() -> None:
    before: dict[str, Any] = SPACE.to_dict()
    changed("train_size=3", "steps=grid:1", "replicas=7")
    assert SPACE.to_dict() == before
