"""What is computed once for figures and report."""

from __future__ import annotations

from rhm_sweeps.analysis.sweep_analysis import analyze


def test_failed_trials_stay_in_the_table_and_out_of_the_averages(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 128), seeds=2), failed=(0,)))
    assert len(analysis.trials) == 4
    assert list(analysis.settings["trials"]) == [1, 2]
    assert len(analysis.measured) == 3
    assert list(analysis.measured["group"]) == [0, 1, 1]


def test_each_group_knows_its_grammar(make_sweep, grid) -> None:
    analysis = analyze(
        make_sweep(
            grid(sizes=(64,), seeds=2, training__test_size=50, grammar__num_layers=(2, 3), diffusion__timesteps=50)
        )
    )
    assert {group: grammar.num_layers for group, grammar in analysis.grammars.items()} == {0: 2, 1: 3}
    assert dict(analysis.timesteps) == {0: 50, 1: 50}
    assert analysis.levels == 3


def test_a_sweep_without_trials_is_analysed(make_sweep) -> None:
    analysis = analyze(make_sweep([]))
    assert analysis.levels == 0
    assert analysis.settings.empty
    assert analysis.measured.empty
    assert analysis.curves.empty
