"""`rhm-sweep train`."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.ledger import Ledger

from .conftest import RhmSweep

TINY = (
    *("--num-features=4", "--num-classes=4", "--num-synonyms=2", "--tuple-size=2", "--num-layers=2", "--timesteps=4"),
    *("--width=8", "--train-size=8", "--batch-size=8", "--num-samples=16", "--loss-pairs=16"),
)
POINT = {
    "step", "train_loss", "test_loss", "validity", "copies", "excess_copies", "novel_valid", "hamming", "steps_per_second",
}  # fmt: skip


@pytest.mark.slow
def test_the_numbers_are_what_scripts_rely_on(rhm_sweep: RhmSweep, mlflow_folder: Path) -> None:
    document = rhm_sweep("train", *TINY, "--steps", "12", "--json").document
    assert set(document) == {"signature", "history", *POINT}
    assert [point["step"] for point in document["history"]] == [1, 2, 4, 8, 12]
    assert all(set(point) == POINT for point in document["history"])
    assert {key: document[key] for key in POINT} == document["history"][-1]
    assert len(document["validity"]) == 2
    assert 0 < document["train_loss"] < 10
    assert 0 <= document["copies"] <= 1
    assert document["steps_per_second"] > 0
    assert (
        mlflow_folder / f"results/train-{document['signature']}/models/{document['signature']}.safetensors"
    ).is_file()


@pytest.mark.slow
def test_run_again_it_only_tells_and_another_name_trains_anew(rhm_sweep: RhmSweep, mlflow_folder: Path) -> None:
    first = rhm_sweep("train", *TINY, "--steps", "4", "--json").document
    assert rhm_sweep("train", *TINY, "--steps", "4", "--json").document == first
    other = rhm_sweep("train", *TINY, "--steps", "4", "--json", "--output", "mine").document
    assert (mlflow_folder / "results" / "mine").is_dir()
    measured = {"steps_per_second", "history"}
    assert {key: other[key] for key in other.keys() - measured} == {key: first[key] for key in first.keys() - measured}


@pytest.mark.slow
def test_for_people_it_prints_a_table_and_where_the_model_is(rhm_sweep: RhmSweep, mlflow_folder: Path) -> None:
    said = rhm_sweep("train", *TINY, "--steps", "4")
    assert "train loss" in said.out
    assert "model  " in said.err
    assert Path(said.err.rpartition("model  ")[2].strip()).is_file()


@pytest.mark.slow
def test_the_original_codes_names_mean_the_same_trial(rhm_sweep: RhmSweep, mlflow_folder: Path) -> None:
    ours = rhm_sweep("train", *TINY, "--steps", "4", "--learning-rate", "0.005", "--json").document
    original = (
        "--num_features 4 --num_classes 4 --num_synonyms 2 --tuple_size 2 --num_layers 2 --nT 4 --width 8 --train_size 8 "
        "--batch_size 8 --num_samples 16 --loss_pairs 16 --n_epoch 4 --lr 0.005 --optim adam --process discrete "
        "--model bpUnet --model_type start --model_output logits --scheduler None --warmup_steps 0 --n_trajectories 1 "
        "--filter_size 2 --depth 2 --save_freq 1 --print_period 100 --seed_model 0"
    )
    said = rhm_sweep("train", *original.split(), "--json")
    assert said.document == ours
    assert "--print-period has no effect" in said.err


def recorded(folder: Path) -> dict[str, int]:
    """Test-set size and steps of the one trial in a folder of results."""
    (sweep,) = (folder / "results").iterdir()
    with Ledger(sweep) as ledger:
        (trial,) = ledger.trials()
        training: dict[str, int] = trial.config["training"]
        return training


@pytest.mark.slow
def test_epochs_are_passes_over_the_training_set(rhm_sweep: RhmSweep, mlflow_folder: Path) -> None:
    rhm_sweep("train", *TINY, "--train-size", "20", "--n-epoch", "3")  # 20 strings in batches of 8: 3 steps per pass
    training = recorded(mlflow_folder)
    assert training["steps"] == 9
    assert training["test_size"] == 32 - 20  # P_max = n * m**3 = 32: what is left


@pytest.mark.slow
def test_the_original_codes_gaussian_process(rhm_sweep: RhmSweep, mlflow_folder: Path) -> None:
    original = ("--process", "continuous", "--model_type", "noise")
    document = rhm_sweep("train", *TINY, "--steps", "2", *original, "--json").document
    assert set(document) == {"signature", "history", *POINT}
    assert len(document["validity"]) == 2
    with Ledger(mlflow_folder / f"results/train-{document['signature']}") as ledger:
        diffusion = ledger.trials()[0].config["diffusion"]
    assert (diffusion["process"], diffusion["target"]) == ("gaussian", "noise")


@pytest.mark.slow
def test_a_classifier_has_accuracies_and_no_samples(rhm_sweep: RhmSweep, mlflow_folder: Path) -> None:
    flags = [flag for flag in TINY if not flag.startswith("--width")]
    flags += ["--model", "classifier", "--embedding-dim", "8", "--num-heads", "2", "--steps", "2"]
    document = rhm_sweep("train", *flags, "--json").document
    assert set(document) == {"signature", "history", "train_accuracy", "test_accuracy", *POINT}
    assert document["validity"] == [None, None]
    assert document["copies"] is None
    assert 0 <= document["train_accuracy"] <= 1
    assert "train accuracy" in rhm_sweep("train", *flags).out


@pytest.mark.slow
def test_without_test_strings_the_test_loss_is_null(rhm_sweep: RhmSweep, mlflow_folder: Path) -> None:
    document = rhm_sweep("train", *TINY, "--steps", "2", "--test-size", "0", "--json").document
    assert document["test_loss"] is None
    assert document["train_loss"] is not None


WRONG = {
    "--num-synonyms 9": "`num_synonyms` is 9, but must be <= v**(s-1) = 8 (num_features=8, tuple_size=2)",
    "--num-classes 30": "`num_classes` * `num_synonyms` is 30 * 3 = 90, but must be <= v**s = 64",
    "--num-classes 2 --num-layers 2 --num-synonyms 2 --train-size 1000": "1000, but must be <= P_max = 16",
    "--train-size 17000 --test-size 1000": "is 17000 + 1000 = 18000, but must be <= P_max = 17496",
    "--precision float16": "training.precision: is 'float16', but input should be 'float32', 'bf16' or 'tf32'",
    "--process normal": "diffusion.process: is 'normal', but input should be",
    "--tuple-size 1": "grammar.tuple_size: is 1, but input should be greater than or equal to 2",
    "--num-layers 12 --tuple-size 16 --num-features 255 --num-synonyms 255": "but must be <= 4194304",
    "--batch-size 0": "training.batch_size: is 0, but input should be greater than or equal to 1",
    "--learning-rate nan": "training.learning_rate: is nan, but input should be a finite number",
    "--learning-rate -1": "training.learning_rate: is -1.0, but input should be greater than 0",
    "--test-size -1": "training.test_size: is -1, but input should be greater than or equal to 0",
    "--n-epoch 0": "Invalid value for '--n-epoch'",
    "--steps many": "Invalid value for '--steps'",
    "--sampling-steps 500": "`sampling_steps` is 500, but must be <= timesteps = 200",
    "--model unet": "model.name: is 'unet', but input should be 'bp_unet', 'transformer' or 'classifier'",
    "--model-type noise": "`target` is 'noise' and `output` is 'logits', but must be 'start' and 'logits' with the process 'uniform'",
    "--model_output probabilities": "but must be 'start' and 'logits' with the process 'uniform'; or set `process` to gaussian",
    "--model-type x": "diffusion.target: is 'x', but input should be 'start', 'noise' or 'exact_score'",
    "--noise-scale 2": "diffusion.noise_scale: is 2.0, but has an effect only with process gaussian; leave it out",
    "--model classifier --width 64": "model.width: is 64, but has an effect only with bp_unet; leave it out",
    "--scheduler linear": "training.lr_schedule: is 'linear', but input should be 'constant', 'cosine' or 'step'",
    "--scheduler-time 7": "training.lr_decay_steps: is 7, but has an effect only with lr_schedule step; leave it out",
    "--explicit binary_3_level --train-size 8 --seed-rules 3": "only with no explicit grammar; leave it out",
    "--output ../x": "the sweep name is '../x', but must be",
    "--device gpu": "the device is 'gpu', but must be cpu or cuda",
    "--width": "requires an argument",
    "--seed_rule 3": "No such option: --seed-rule (Possible options: --seed",
}


@pytest.mark.parametrize("flags", WRONG)
def test_what_is_wrong_is_said_before_anything_starts(rhm_sweep: RhmSweep, tmp_path: Path, flags: str) -> None:
    said = rhm_sweep("train", *flags.split(), code=2)
    words = " ".join(said.words.replace("│", " ").split())
    assert WRONG[flags] in words
    assert said.out == ""
    assert "Traceback" not in said.err
    assert not list(tmp_path.iterdir())


def test_everything_that_is_wrong_is_said_at_once(rhm_sweep: RhmSweep) -> None:
    said = rhm_sweep("train", "--batch-size", "0", "--num-synonyms", "9", "--precision", "float16", code=2)
    assert "flags: 3 problems" in said.err
