"""Every shipped search space loads, asks a question, and plans without loss."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.packs.pack_run import PackRun
from rhm_sweeps.packs.packing import make_packs
from rhm_sweeps.search import Study
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.spaces.space_files import read_space, shipped_spaces
from rhm_sweeps.sweeps.plan import make_plan

FOLDER = Path(__file__).parents[1] / "search_spaces"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


def test_every_file_is_shipped() -> None:
    assert list(shipped_spaces()) == NAMES
    assert {"quickstart", "memorization", "sample_complexity", "depth", "grammar_seeds"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_space_answers_a_question(name: str) -> None:
    space = SearchSpace.load(name)
    assert space.name == name
    assert space.question.endswith("?")
    assert read_space(name).text.startswith(f"# {space.question}\n")


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_space_plans_without_loss(name: str) -> None:
    space = SearchSpace.load(name)
    plan = make_plan(space)
    assert (plan.invalid, plan.duplicates, plan.finished) == ((), 0, ())
    assert len(plan.trials) == (0 if space.search.is_adaptive else space.size)
    assert SearchSpace.build(**space.to_dict()) == space


@pytest.mark.parametrize("name", NAMES)
def test_a_trial_of_a_shipped_space_trains(name: str, tmp_path: Path) -> None:
    """As shipped, but for its size: two steps, few samples, and a narrow network."""
    overrides = {
        "training": {"steps": 2, "batch_size": 4, "train_size": 40, "test_size": 8},
        "evaluation": {"num_samples": 8, "sampling_steps": 2, "loss_pairs": 8},
        "model": {"width": 8, "embedding_size": 8, "num_heads": 2, "feedforward_size": 8},
    }
    for trial in (trials(name)[0], trials(name)[-1]):
        tree = {section: {**fields, **overrides.get(section, {})} for section, fields in trial.model_dump().items()}
        run = PackRun([parse_trial(tree)], tmp_path / trial.signature, tmp_path / "models")
        points = [point for _ in range(2) for point in run.advance().points]
        assert [point.step for point in points] == [1, 2]
        assert all(math.isfinite(point.metrics["train_loss"]) for point in points)
        assert all(0 <= point.metrics["novel_valid"] <= 1 for point in points)


def trials(name: str) -> tuple[TrialConfig, ...]:
    """Those of the plan; of an adaptive search those of its first suggestions."""
    space = SearchSpace.load(name)
    if not space.search.is_adaptive:
        return make_plan(space).trials
    study = Study(space)
    return tuple(trial for _ in range(4) for trial in study.ask().trials)


def test_the_quickstart_is_small() -> None:
    planned = trials("quickstart")
    assert len(planned) <= 16
    assert len(make_packs(planned)) == 1


def test_the_training_sets_of_sample_complexity_span_every_levels_scale() -> None:
    """P*_l = v m**(l+1) for l = 1..L lies inside the range of training-set sizes, for each number of synonyms."""
    planned = trials("sample_complexity")
    for synonyms in {trial.grammar.num_synonyms for trial in planned}:
        sizes = [trial.training.train_size for trial in planned if trial.grammar.num_synonyms == synonyms]
        assert min(sizes) < 8 * synonyms**2
        assert 8 * synonyms**4 < max(sizes)


def test_the_grammar_seeds_keep_their_rules_over_replicas() -> None:
    planned = trials("grammar_seeds")
    rules = [trial.grammar.seed_rules for trial in planned]
    assert {seed: rules.count(seed) for seed in set(rules)} == dict.fromkeys(range(16), 4)
    assert len({(trial.training.seed, trial.training.seed_sample) for trial in planned}) == 4
