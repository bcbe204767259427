"""Search spaces from YAML, from Python and from the shipped files."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhm_sweeps.errors import ConfigError, UsageError
from rhm_sweeps.spaces.distributions import Grid, LogUniform
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.spaces.space_files import read_space, shipped_spaces

YAML = """# When does memorization set in?
# More words.
name: memo
trial:
  training: {steps: 100, learning_rate: 1e-3}
space:
  training.train_size: {grid: [64, 128]}
  grammar.seed_rules: {range: [0, 4]}
search: {algorithm: grid}
replicas: 3
stop: {copy_fraction: 0.9}
"""

axes = st.fixed_dictionaries(
    {},
    optional={
        "training.train_size": st.lists(st.integers(1, 99), min_size=1, max_size=4).map(
            lambda values: {"grid": values}
        ),
        "grammar.seed_rules": st.integers(1, 5).map(lambda stop: {"range": [0, stop]}),
        "training.learning_rate": st.just({"loguniform": [1e-4, 1e-2]}),
        "training.batch_size": st.just({"lograndint": [8, 128]}),
    },
)


def make_space(axes: dict[str, dict[str, list[float]]], replicas: int = 1, num_samples: int = 3) -> SearchSpace:
    drawn = {"training.learning_rate", "training.batch_size"} & axes.keys()
    search = {"algorithm": "random", "num_samples": num_samples} if drawn else {}
    return SearchSpace.build("x", space=axes, search=search, replicas=replicas)


def test_a_yaml_text_is_read() -> None:
    space = SearchSpace.from_yaml(YAML, "memo.yaml")
    assert space.name == "memo"
    assert space.question == "When does memorization set in?"
    assert space.trial == {"training": {"steps": 100, "learning_rate": 0.001}, "stop": {"copy_fraction": 0.9}}
    assert space.axes["training.train_size"] == Grid((64, 128))
    assert space.replicas == 3
    assert space.size == 2 * 4 * 3


def test_python_and_yaml_make_the_same_space() -> None:
    built = SearchSpace.build(
        "memo",
        question="When does memorization set in?",
        trial={"training": {"steps": 100, "learning_rate": 0.001}},
        space={"training.train_size": Grid((64, 128)), "grammar.seed_rules": {"range": [0, 4]}},
        replicas=3,
        stop={"copy_fraction": 0.9},
    )
    assert built == SearchSpace.from_yaml(YAML)


@given(axes, st.integers(1, 3), st.integers(1, 5))
def test_the_dictionary_is_json_and_makes_an_equal_space(
    axes: dict[str, dict[str, list[float]]], replicas: int, num_samples: int
) -> None:
    space = make_space(axes, replicas, num_samples)
    assert SearchSpace.build(**json.loads(json.dumps(space.to_dict()))) == space


@given(axes, st.integers(1, 3), st.integers(1, 5))
def test_the_size_is_the_product_of_its_parts(
    axes: dict[str, dict[str, list[float]]], replicas: int, num_samples: int
) -> None:
    space = make_space(axes, replicas, num_samples)
    cells = math.prod(len(axis.values()) for axis in space.listed_axes.values())
    assert space.size == cells * replicas * (num_samples if space.random_axes else 1)


@pytest.mark.parametrize(
    ("text", "question"),
    [("name: x", ""), ("\n\n# Why?\nname: x", "Why?"), ("name: x # no", ""), ("##  Why?\nname: x", "Why?")],
)
def test_the_question_is_the_first_comment_line(text: str, question: str) -> None:
    assert SearchSpace.from_yaml(text).question == question


def test_random_and_listed_axes_are_told_apart() -> None:
    space = make_space({"training.train_size": {"grid": [1]}, "training.learning_rate": {"loguniform": [1e-4, 1e-2]}})
    assert list(space.listed_axes) == ["training.train_size"]
    assert space.random_axes == {"training.learning_rate": LogUniform(1e-4, 1e-2)}


def test_a_space_is_loaded_from_a_path(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text(YAML, encoding="utf-8-sig")
    assert SearchSpace.load(path) == SearchSpace.load(str(path)) == SearchSpace.from_yaml(YAML)


def test_a_file_that_is_wrong_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text("name: x\nreplicas: 0\n")
    with pytest.raises(ConfigError, match=r"my\.yaml:2 replicas: is 0"):
        SearchSpace.load(path)


def test_an_unknown_name_lists_the_shipped_and_the_nearest() -> None:
    with pytest.raises(
        UsageError, match=r"no search space `memorisation`.* did you mean `memorization`\? There are .*quickstart"
    ):
        SearchSpace.load("memorisation")


@pytest.mark.parametrize("content", [b"name: \xff", b""])
def test_what_is_no_yaml_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "my.yaml"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"my\.yaml"):
        SearchSpace.load(path)
    with pytest.raises(UsageError, match="cannot read the search space"):
        SearchSpace.load(tmp_path)


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_bytes("é".encode() * 10_000_000)
    assert len(read_space(path).text) < 70_000
    with pytest.raises(ConfigError, match="is longer than 64 kB"):
        SearchSpace.load(path)


def test_a_shipped_name_wins_over_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quickstart").write_text("name: other")
    assert "quickstart" in shipped_spaces()
    assert SearchSpace.load("quickstart").name == "quickstart"
    assert SearchSpace.load("./quickstart").name == "other"
