"""Which models of a sweep are asked, and what is said of the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.errors import SweepError, UsageError
from rhm_sweeps.ledger import Ledger, TrialRecord
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.training.packs import initial_model
from rhm_sweeps.training.saved_models import save_model
from rhm_sweeps.views.transition_models import model_of_file, models_of_sweep


def trial(seed: int, name: str = "bp_unet") -> TrialConfig:
    return parse_trial({
        "grammar": {"num_layers": 2},
        "model": {"name": name, "width": 8, "embedding_size": 8, "num_heads": 2, "feedforward_size": 8},
        "training": {"train_size": 8, "test_size": 4, "seed": seed},
    })  # fmt: skip


CONFIGS = [trial(0), trial(1), trial(2), trial(3, "classifier")]
SIGNATURES = [config.signature for config in CONFIGS]


@pytest.fixture
def folder(tmp_path: Path) -> SweepFolder:
    """A sweep of two models, a trial without one, and a classifier."""
    found = SweepFolder(tmp_path / "mine")
    with Ledger(found.path, create=True) as ledger:
        ledger.set_meta(name="mine", created_ms=1, state="done")
        ledger.add_trials(TrialRecord(c.signature, i, f"pack{i}", c.model_dump()) for i, c in enumerate(CONFIGS))
    for config in (CONFIGS[0], CONFIGS[1], CONFIGS[3]):
        path = found.models / f"{config.signature}.safetensors"
        save_model(path, config, 5, initial_model(config).state_dict())
    return found


def test_all_denoisers_in_the_order_of_the_plan(folder: SweepFolder) -> None:
    found = models_of_sweep(folder)
    assert [saved.config.signature for saved in found.models] == SIGNATURES[:2]
    assert found.left_out == (
        "1 of 4 trials have no trained model (yet).",
        "1 of 4 trials are classifiers, which denoise nothing.",
    )


def test_trials_are_chosen_by_signature_and_condition(folder: SweepFolder) -> None:
    assert [saved.config.signature for saved in models_of_sweep(folder, trials=[SIGNATURES[1][:8]]).models] == [
        SIGNATURES[1]
    ]
    found = models_of_sweep(folder, "training.seed < 1")
    assert ([saved.config.signature for saved in found.models], found.left_out) == ([SIGNATURES[0]], ())


def test_what_leaves_no_model_is_said(folder: SweepFolder) -> None:
    with pytest.raises(UsageError, match="1 of 1 trials have no trained model"):
        models_of_sweep(folder, trials=[SIGNATURES[2]])
    with pytest.raises(UsageError, match="1 of 1 trials are classifiers"):
        models_of_sweep(folder, "training.seed == 3")
    with pytest.raises(UsageError, match="no trial is meant by `--where`"):
        models_of_sweep(folder, "training.seed > 7")
    with pytest.raises(UsageError, match="no trial has a signature that starts with `zz`"):
        models_of_sweep(folder, trials=["zz"])
    with pytest.raises(SweepError):
        models_of_sweep(SweepFolder(folder.path.parent / "other"))


def test_a_file_is_one_model(folder: SweepFolder) -> None:
    path = folder.models / f"{SIGNATURES[0]}.safetensors"
    assert [saved.step for saved in model_of_file(str(path), folder.path.parent).models] == [5]
    with pytest.raises(UsageError, match=r"there is no model no/such\.safetensors"):
        model_of_file("no/such.safetensors", folder.path.parent)
