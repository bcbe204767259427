"""The exponents of time scales against P in sweeps where they are known: tau_mem is linear, tau_rule is flat."""

from __future__ import annotations

import numpy as np
import pytest

from rhm_sweeps.analysis.laws.power_laws import by_rule, time_scale_laws
from rhm_sweeps.analysis.sweep_analysis import analyze


def laws(results) -> dict:
    return {(law.time_scale, law.facet): law for law in time_scale_laws(analyze(results))}


def test_memorization_is_linear_by_copies_and_by_losses(make_sweep, grid) -> None:
    found = laws(make_sweep(grid(sizes=(64, 128, 256, 512), seeds=2)))
    for name, onset in (("tau_mem_copies", 4), ("tau_mem_loss", 2)):
        law = found[name, 0].law
        assert law.exponent == pytest.approx(1)
        assert law.prefactor == pytest.approx(onset * 2**0.2, rel=0.01)
        assert found[name, 0].expected == 1


def test_rules_are_learned_at_a_pace_that_does_not_depend_on_the_size(make_sweep, grid) -> None:
    found = laws(make_sweep(grid(sizes=(64, 128, 256, 512), seeds=2)))
    law = found["tau_rule_1", 0].law
    assert law.exponent == pytest.approx(0, abs=1e-9)
    assert law.covers(found["tau_rule_1", 0].expected)
    assert not law.covers(1)
    assert law.prefactor == pytest.approx(2**4.9)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
def test_the_exponent_of_any_law_is_found(make_sweep, grid, exponent: float) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 128, 256, 512), seeds=3)))
    noise = np.random.default_rng(0).normal(0, 0.1, len(analysis.trials))
    analysis.trials["tau_mem_copies"] = 5 * analysis.trials["training.train_size"] ** exponent * np.exp(noise)
    law = time_scale_laws(analysis)[0].law
    assert law.low < exponent < law.high
    assert not law.covers(exponent - 0.5)


def test_what_is_known_by_heart_is_not_learned(make_sweep, grid) -> None:
    """Level 3 is learned at 2**8.9, after copies begin for P = 64: three sizes remain, of which the law is fitted."""
    results = make_sweep(grid(sizes=(64, 128, 256, 512), seeds=2))
    trials = analyze(results).trials
    assert by_rule(trials, "tau_rule_3").isna().tolist() == [True] * 2 + [False] * 6
    assert laws(results)["tau_rule_3", 0].law.trials == 6


def test_each_facet_has_its_own_laws(make_sweep, grid) -> None:
    found = laws(make_sweep(grid(sizes=(64, 128, 256), seeds=1, model__width=(32, 64))))
    assert {facet for _, facet in found} == {0, 1}
    assert len(found) == 2 * 5


def test_two_sizes_are_no_law(make_sweep, grid) -> None:
    assert all(law.law is None for law in laws(make_sweep(grid(sizes=(64, 128)))).values())


def test_nothing_to_fit(make_sweep, grid) -> None:
    assert not laws(make_sweep([]))
    assert not laws(make_sweep([{}]))
    assert not laws(make_sweep(grid(sizes=(64,), model__width=(32, 64))))
    assert not laws(make_sweep(grid(sizes=(64, 128), seeds=1), length={0: 0, 1: 0}))
