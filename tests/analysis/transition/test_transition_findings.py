"""Sentences about transitions."""

from __future__ import annotations

import pandas as pd

from rhm_sweeps.analysis.transition.transition import measure_transition
from rhm_sweeps.analysis.transition.transition_findings import transition_findings, transition_limits

from ..transitions import NOISE, pair, table


def test_thresholds_and_growth_are_said() -> None:
    frame = pd.concat([pair(0.3, peak=(0.3, 2.0), layers=3), pair(0.35, peak=(0.35, 2.5), layers=4, signature="b")])
    found = measure_transition(frame)
    shallow, deep, exact, trained = transition_findings(found)
    assert shallow.startswith("With L = 3, process = uniform half of the class is lost at noise 0.400 ± 0.0")
    assert "by exact inference, and at 0.300 ± 0.0" in shallow
    assert "a difference of -0.100 ± 0.00" in shallow
    assert shallow.endswith(" standard errors.")
    assert "L = 4" in deep
    assert exact.startswith("From L = 3 to 4 the susceptibility's peak changes by +0.500 ± 0.0")
    assert exact.endswith("by exact inference.")
    assert trained.endswith("by trained models.")


def test_what_is_missing_is_said() -> None:
    frame = pd.concat([table("model", 0.3), table("exact", 0.4)])
    low = frame[frame["noise"] < NOISE[5]]
    found = measure_transition(low)
    assert transition_findings(found) == []
    limits = " ".join(transition_limits(found))
    assert (
        "The overlap does not fall to one half between the least and the largest noise in the curves of trained models"
        in limits
    )
    assert "The susceptibility has no peak" in limits
    assert "in the curves of exact inference with L = 3, process = uniform." in limits
    assert "Settings with one trial have the error of the strings alone" in limits


def test_exact_inference_alone_has_nothing_of_models() -> None:
    found = measure_transition(table("exact", 0.4))
    (sentence,) = transition_findings(found)
    assert sentence.endswith("by exact inference.")
    assert transition_limits(found) == []
