"""A search space to start from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rhm_sweeps.errors import ConfigError, UsageError
from rhm_sweeps.spaces.distributions import DISTRIBUTIONS
from rhm_sweeps.spaces.scaffold import scaffold, write_scaffold
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.plan import make_plan

TEXT = scaffold("mine", "mine.yaml")


def test_it_is_a_space_as_it_stands() -> None:
    space = SearchSpace.from_yaml(TEXT)
    assert space.name == "mine"
    assert space.question.endswith("?")
    plan = make_plan(space)
    assert len(plan.trials) == space.size == 12
    assert not plan.invalid


def test_it_shows_every_distribution() -> None:
    assert all(f"{{{kind.form}}}" in TEXT for kind in DISTRIBUTIONS.values())


COMMENTED = {
    "include": (r"# (include:)", r"\1"),
    "derived": (r"  # (training.test_size)", r"  \1"),
    "when": (r"  # (training.momentum)", r"  training.optimizer: {grid: [adam, sgd]}\n  \1"),
    "zip": (r"  # (zip: #|  - \{model.name)", r"  \1"),
    "require": (r"# (require:)", r"\1"),
    "trials": (r"# (trials:|  - \{training.train_size)", r"\1"),
    "stop": (r"# (stop:)", r"\1"),
}


@pytest.mark.parametrize("part", COMMENTED)
def test_each_part_that_is_a_comment_is_right_too(part: str) -> None:
    pattern, replacement = COMMENTED[part]
    text = re.sub(pattern, replacement, TEXT)
    if part == "zip":
        text = text.replace(", learning_rate: 1.0e-2", "")
    changed, before = SearchSpace.from_yaml(text), SearchSpace.from_yaml(TEXT)
    assert changed != before
    assert make_plan(changed).trials


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="name: is 'a b', but"):
        write_scaffold("a b", tmp_path / "a.yaml")


def test_nothing_is_overwritten_unless_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    write_scaffold("mine", path)
    path.write_text("precious")
    with pytest.raises(UsageError, match=r"there is a file .*mine\.yaml already; .*--force"):
        write_scaffold("mine", path)
    assert path.read_text() == "precious"
    write_scaffold("mine", path, force=True)
    assert path.read_text() == TEXT


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot write .*No such file or directory"):
        write_scaffold("mine", tmp_path / "nowhere" / "mine.yaml")
