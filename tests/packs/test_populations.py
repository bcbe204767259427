"""Populations of a plan: what trains together."""

import pytest

from rhm_sweeps.config import TrialConfig, nest, parse_trial
from rhm_sweeps.errors import UsageError
from rhm_sweeps.packs.packing import make_packs
from rhm_sweeps.packs.populations import form_populations
from rhm_sweeps.spaces.scheduler_settings import PbtSettings

SETTINGS = PbtSettings(metric="test_loss", interval=128, quantile=0.5, perturb=1.5)


def trials(**axes: list[float]) -> list[TrialConfig]:
    """All combinations."""
    settings: list[dict[str, float]] = [{}]
    for name, values in axes.items():
        settings = [{**setting, name.replace("__", "."): value} for setting in settings for value in values]
    return [parse_trial(nest(setting)) for setting in settings]


def test_trials_that_differ_in_rates_and_training_seed_train_together_in_their_order() -> None:
    planned = trials(training__learning_rate=[0.1, 0.01], training__weight_decay=[0.0, 0.1], training__seed=[0, 1])
    formed = form_populations(planned, SETTINGS)
    assert len({trial.population.members for trial in formed}) == 1
    assert [trial.training for trial in formed] == [trial.training for trial in planned]
    assert len({trial.signature for trial in formed} | {trial.signature for trial in planned}) == 16
    (pack,) = make_packs(formed)
    assert pack.trials == tuple(formed)


def test_replicas_with_other_data_are_populations_of_their_own() -> None:
    planned = trials(training__learning_rate=[0.1, 0.03, 0.01, 0.003], grammar__seed_rules=[0, 1])
    formed = form_populations(planned, SETTINGS)
    names = {trial.grammar.seed_rules: trial.population.members for trial in formed}
    assert len(set(names.values())) == 2
    assert [len(pack.trials) for pack in make_packs(formed, min_packs=4)] == [4, 4]


def test_the_settings_are_those_of_the_space() -> None:
    planned = trials(training__learning_rate=[0.1, 0.03, 0.01, 0.003])
    population = form_populations(planned, SETTINGS)[0].population
    assert (population.metric, population.mode, population.interval) == ("test_loss", "min", 128)
    assert (population.quantile, population.perturb, population.perturbed) == (0.5, 1.5, ("learning_rate",))
    both = PbtSettings(fields=("training.learning_rate", "training.weight_decay"))
    assert form_populations(planned, both)[0].population.perturbed == ("learning_rate", "weight_decay")


def test_the_same_trials_are_the_same_population_in_any_order() -> None:
    planned = trials(training__learning_rate=[0.1, 0.03, 0.01, 0.003])
    there, back = form_populations(planned, SETTINGS), form_populations(planned[::-1], SETTINGS)
    assert there == back[::-1]
    assert (
        there[0].population.members
        != form_populations(trials(training__seed=[0, 1, 2, 3]), SETTINGS)[0].population.members
    )


def test_a_population_of_few_is_refused() -> None:
    planned = trials(training__learning_rate=[0.1, 0.03, 0.01], model__width=[64, 128])
    with pytest.raises(UsageError, match=r"has 3 members, but needs >= 4: .*give these more values in the space"):
        form_populations(planned, SETTINGS)


def test_no_trials_are_no_populations() -> None:
    assert form_populations([], SETTINGS) == []
