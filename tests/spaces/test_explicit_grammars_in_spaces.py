"""Written grammars as values and axes of a search space."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.errors import ConfigError
from rhm_sweeps.spaces.overrides import apply_overrides
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.plan import make_plan

HEAD = "name: x\ntrial: {training: {train_size: 64, test_size: 64}}\n"


def test_a_choice_of_grammars() -> None:
    text = 'space: {grammar.explicit: {choice: [binary_3_level, "5-2"]}}\nsearch: {algorithm: random, num_samples: 8}\n'
    trials = make_plan(SearchSpace.from_yaml(HEAD + text)).trials
    assert {(trial.grammar.explicit, trial.grammar.num_features) for trial in trials} == {
        ("binary_3_level", 4),
        ("5-2", 6),
    }


def test_a_grid_of_random_and_written_grammars_with_replicas() -> None:
    text = "space: {grammar.explicit: {grid: [null, 5-2]}}\nreplicas: 2\n"
    plan = make_plan(SearchSpace.from_yaml(HEAD + text))
    assert [(trial.grammar.explicit, trial.grammar.num_layers) for trial in plan.trials] == [
        (None, 3), (None, 3), ("5-2", 3), ("5-2", 3),
    ]  # fmt: skip
    assert len({trial.signature for trial in plan.trials}) == 4


def test_a_file_is_replaced_by_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("levels:\n  - a: [bb, bc, cb, cc]\n  - {b: [ij, ii], c: [ji, jj]}\n")
    space = SearchSpace.build(
        "x", trial={"grammar": {"explicit": "mine.yaml"}, "training": {"train_size": 4, "test_size": 4}}
    )
    (trial,) = make_plan(space).trials
    assert trial.grammar.explicit == "a>bb|bc|cb|cc; b>ij|ii c>ji|jj"


def test_the_zipf_exponent_as_an_axis() -> None:
    text = "space: {grammar.zipf_exponent: {grid: [0.0, 0.5, 1.0]}}\n"
    space = apply_overrides(SearchSpace.from_yaml(HEAD + text), ["zipf_level=2"])
    assert [trial.grammar.zipf_exponent for trial in make_plan(space).trials] == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("space: {grammar.explicit: {grid: [5-2, 5-3]}}", "is '5-3', but there is no grammar `5-3`, and no such file; did you mean"),
        ("space: {grammar.explicit: {grid: [3]}}", "is 3, but input should be a valid string"),
    ],
)  # fmt: skip
def test_a_grammar_that_is_not_there_is_refused_when_the_space_is_read(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SearchSpace.from_yaml(HEAD + text)
    assert message in str(caught.value)


def test_a_size_against_the_grammar_is_said_by_the_plan() -> None:
    space = SearchSpace.from_yaml(HEAD + "space: {grammar.explicit: {grid: [5-2]}, grammar.num_layers: {grid: [3, 4]}}")
    (invalid,) = make_plan(space).invalid
    assert "`num_layers` is 4, but the explicit grammar has 3" in invalid.reason


def test_ambiguous_grammars_train_no_model() -> None:
    space = SearchSpace.build("x", space={"grammar.explicit": {"grid": ["1>gh 2>gg; g>ij|ji h>ji|jj"]}})
    with pytest.raises(ConfigError, match="the explicit grammar is ambiguous: `g > j i` and `h > j i` at level 1"):
        make_plan(space)
