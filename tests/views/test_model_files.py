"""Trained models are found by path, or by sweep and signature."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.errors import UsageError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.plan import make_plan
from rhm_sweeps.views.model_files import find_model

from ..tiny_sweeps import record


@pytest.fixture
def signatures(tmp_path: Path) -> list[str]:
    """Those of a sweep `pair` of two trials in `tmp_path`, with files of models."""
    plan = make_plan(SearchSpace.build("pair", space={"training.train_size": {"grid": [32, 64]}}))
    with Ledger(tmp_path / "pair", create=True) as ledger:
        record(ledger, plan)
    names = sorted(trial.signature for trial in plan.trials)
    (tmp_path / "pair/models").mkdir()
    for name in names:
        (tmp_path / f"pair/models/{name}.safetensors").touch()
    return names


def test_a_path_is_itself(tmp_path: Path, signatures: list[str]) -> None:
    path = tmp_path / f"pair/models/{signatures[0]}.safetensors"
    assert find_model(str(path), tmp_path) == path
    with pytest.raises(UsageError, match=r"`--trial` is 64, but .* is one model; leave it out"):
        find_model(str(path), tmp_path, "64")


def test_the_first_digits_of_a_signature_are_enough(tmp_path: Path, signatures: list[str]) -> None:
    for name in signatures:
        assert find_model("pair", tmp_path, name[:4]).stem == name


def test_the_only_model_needs_no_digits(tmp_path: Path, signatures: list[str]) -> None:
    (tmp_path / f"pair/models/{signatures[1]}.safetensors").unlink()
    assert find_model("pair", tmp_path).stem == signatures[0]


def test_several_models_are_listed_with_what_they_differ_in(tmp_path: Path, signatures: list[str]) -> None:
    with pytest.raises(UsageError, match=r"^sweep pair has 2 models; choose one with --trial:\n") as caught:
        find_model("pair", tmp_path)
    _, *lines = str(caught.value).splitlines()
    assert sorted(line.split()[0] for line in lines) == signatures
    assert sorted(line.split()[1:] for line in lines) == [["train_size=32"], ["train_size=64"]]
    with pytest.raises(UsageError, match="has no models whose signature starts with xx; choose one"):
        find_model("pair", tmp_path, "xx")


def test_what_is_not_there_is_said(tmp_path: Path, signatures: list[str]) -> None:
    with pytest.raises(UsageError, match=r"there is no model pear, and no sweep of that name .*; sweeps there: pair"):
        find_model("pear", tmp_path)
    with pytest.raises(UsageError, match=r"there is no model a/b\.safetensors"):
        find_model("a/b.safetensors", tmp_path)
    for name in signatures:
        (tmp_path / f"pair/models/{name}.safetensors").unlink()
    with pytest.raises(UsageError, match="sweep pair has no trained models yet; `rhm-sweep status pair` says"):
        find_model("pair", tmp_path)


def test_a_damaged_record_hides_no_models(tmp_path: Path, signatures: list[str]) -> None:
    (tmp_path / "pair/ledger.db").write_bytes(b"torn")
    with pytest.raises(UsageError, match="sweep pair has 2 models"):
        find_model("pair", tmp_path)
