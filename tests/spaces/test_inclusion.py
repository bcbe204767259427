"""A search space that starts from others."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.errors import ConfigError, UsageError
from rhm_sweeps.spaces.distributions import Grid
from rhm_sweeps.spaces.inclusion import MAX_DEPTH, MAX_FILES
from rhm_sweeps.spaces.overrides import apply_overrides
from rhm_sweeps.spaces.search_space import SearchSpace

BASE = """# What is the base?
name: base
trial:
  training: {steps: 100, batch_size: 8}
space:
  training.train_size: {grid: [64, 128]}
  grammar.seed_rules: {range: [0, 4]}
require: train_size < 1000
replicas: 3
stop: {copy_fraction: 0.9}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "base.yaml").write_text(BASE)
    return tmp_path


def written(folder: Path, text: str, name: str = "my.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_an_included_space_is_the_same_space(folder: Path) -> None:
    assert SearchSpace.load(written(folder, "include: base.yaml\n")) == SearchSpace.load(folder / "base.yaml")


def test_what_the_file_says_itself_counts(folder: Path) -> None:
    text = """# What is mine?
include: base.yaml
name: mine
trial: {training.steps: 200, grammar.seed_rules: 7}
space: {training.batch_size: {grid: [1, 2]}}
stop: {patience: 3}
replicas: 1
require: [steps > 1]
"""
    space = SearchSpace.load(written(folder, text))
    assert (space.name, space.question, space.replicas) == ("mine", "What is mine?", 1)
    assert space.trial == {
        "training": {"steps": 200},
        "grammar": {"seed_rules": 7},
        "stop": {"copy_fraction": 0.9, "patience": 3},
    }
    assert list(space.axes.items()) == [
        ("training.train_size", Grid((64, 128))),
        ("training.batch_size", Grid((1, 2))),
    ]
    assert [condition.text for condition in space.require] == ["train_size < 1000", "steps > 1"]
    assert "include" not in space.to_dict()
    assert SearchSpace.build(**space.to_dict()) == space


def test_shipped_spaces_are_included_by_name_and_by_python() -> None:
    space = SearchSpace.build("mine", include="memorization", replicas=1)
    assert space.axes == SearchSpace.load("memorization").axes
    assert space.question == SearchSpace.load("memorization").question
    assert (space.name, space.replicas) == ("mine", 1)


def test_paths_are_relative_to_the_including_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(folder, "include: ../base.yaml\nname: middle\n", "deeper/middle.yaml")
    path = written(folder, "include: deeper/middle.yaml\nname: mine\n")
    monkeypatch.chdir("/")
    assert SearchSpace.load(path).trial["training"] == {"steps": 100, "batch_size": 8}


def test_of_several_the_later_counts(folder: Path) -> None:
    written(folder, "trial: {training: {steps: 5}, model: {width: 32}}\n", "other.yaml")
    space = SearchSpace.load(written(folder, "include: [base.yaml, other.yaml]\nname: mine\n"))
    assert space.trial["training"] == {"steps": 5, "batch_size": 8}
    assert space.trial["model"] == {"width": 32}
    turned = SearchSpace.load(written(folder, "include: [other.yaml, base.yaml]\nname: mine\n"))
    assert turned.trial["training"]["steps"] == 100


def test_the_same_file_may_be_included_on_two_ways(folder: Path) -> None:
    for name in ("left", "right"):
        written(folder, "include: base.yaml\n", f"{name}.yaml")
    assert SearchSpace.load(written(folder, "include: [left.yaml, right.yaml]\nname: mine\n")).replicas == 3


def test_overrides_change_what_was_included(folder: Path) -> None:
    space = apply_overrides(
        SearchSpace.load(written(folder, "include: base.yaml\n")), ["train_size=5", "width=grid:8,16"]
    )
    assert space.trial["training"]["train_size"] == 5
    assert list(space.axes) == ["grammar.seed_rules", "model.width"]


def test_problems_name_the_file_and_line_that_they_are_in(folder: Path) -> None:
    written(folder, "trial:\n  training: {stepz: 1}\nrequire:\n  - steps > 1\n  - stepz > 1\n", "bad.yaml")
    path = written(folder, "include: [base.yaml, bad.yaml]\nname: mine\nrequire: widht > 1\nspace:\n  model.width: 3\n")
    with pytest.raises(ConfigError) as caught:
        SearchSpace.load(path)
    assert [problem.where.replace(f"{folder}/", "") for problem in caught.value.problems] == [
        "my.yaml:3 require[3]",
        "my.yaml:5 space.model.width",
        "bad.yaml:2 trial.training.stepz",
        "bad.yaml:5 require[2]",
    ]


def test_included_files_are_read_as_strictly(folder: Path) -> None:
    written(folder, "name: bad\ntrial: &a {}\n", "bad.yaml")
    with pytest.raises(ConfigError, match=r"bad\.yaml:2: anchor &a"):
        SearchSpace.load(written(folder, "include: bad.yaml\n"))
    written(folder, "x" * 70_000, "bad.yaml")
    with pytest.raises(ConfigError, match=r"bad\.yaml: is longer than 64 kB"):
        SearchSpace.load(folder / "my.yaml")


@pytest.mark.parametrize(
    ("include", "message"),
    [
        ("nowhere.yaml", r"my\.yaml:2 include: there is no search space `nowhere.yaml`, and no such file"),
        ("[base.yaml, nowhere.yaml]", r"my\.yaml:2 include\[1\]: there is no search space"),
        ("memorisation", r"my\.yaml:2 include: .* did you mean `memorization`"),
        ("3", r"my\.yaml:2 include: is 3, but must be the name of a shipped search space or a path"),
        ("null", "include: is None, but must be"),
        ("[]", r"include: is \[\], but must be"),
        ("{a: b}", "include: is {'a': 'b'}, but must be"),
        (".", "include: cannot read the search space"),
        ("my.yaml", r"my\.yaml:2 include: goes round: .*my\.yaml -> .*my\.yaml"),
        ("round.yaml", r"round\.yaml:1 include: goes round: .*my\.yaml -> .*round\.yaml -> .*my\.yaml"),
        ("shapeless.yaml", r"shapeless\.yaml:1 space: is \[\], but must be a mapping"),
    ],
)
def test_what_cannot_be_included_is_said_with_its_line(folder: Path, include: str, message: str) -> None:
    written(folder, "include: my.yaml\n", "round.yaml")
    written(folder, "space: []\n", "shapeless.yaml")
    with pytest.raises(ConfigError, match=message):
        SearchSpace.load(written(folder, f"name: mine\ninclude: {include}\n"))


def test_every_file_that_is_missing_is_listed(folder: Path) -> None:
    with pytest.raises(UsageError, match="2 problems"):
        SearchSpace.load(written(folder, "name: mine\ninclude: [a.yaml, base.yaml, b.yaml]\n"))


@pytest.mark.parametrize(("depth", "fits"), [(MAX_DEPTH, True), (MAX_DEPTH + 1, False)])
def test_includes_go_ten_deep(tmp_path: Path, depth: int, fits: bool) -> None:
    for level in range(depth):
        written(tmp_path, f"include: {level + 1}.yaml\n", f"{level}.yaml")
    written(tmp_path, "name: last\n", f"{depth}.yaml")
    if fits:
        assert SearchSpace.load(tmp_path / "0.yaml").name == "last"
    else:
        with pytest.raises(ConfigError, match=r"/10\.yaml:1 include: is more than 10 deep"):
            SearchSpace.load(tmp_path / "0.yaml")


def test_files_that_include_each_other_ever_more_often_end(tmp_path: Path) -> None:
    """Ten files of ten includes each would be read 10**9 times."""
    for level in range(9):
        written(tmp_path, f"include: [{', '.join([f'{level + 1}.yaml'] * 10)}]\n", f"{level}.yaml")
    written(tmp_path, "name: last\n", "9.yaml")
    with pytest.raises(ConfigError, match=f"makes more than {MAX_FILES} included files"):
        SearchSpace.load(tmp_path / "0.yaml")
