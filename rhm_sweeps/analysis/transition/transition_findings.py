"""What forward-backward experiments show, and what they cannot, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from rhm_sweeps.analysis.transition.estimates import Estimate
from rhm_sweeps.analysis.transition.transition import Growth, SettingTransition, Transition

THRESHOLD = "The overlap does not fall to one half between the least and the largest noise"
PEAK = "The susceptibility has no peak between the least and the largest noise"


def transition_findings(transition: Transition) -> list[str]:
    """Thresholds of models beside exact inference, and what depth does to the peak; errors are standard errors."""
    found = [sentence for setting in transition.settings for sentence in _threshold(setting)]
    return found + [sentence for step in transition.growth for sentence in _grown(step)]


def transition_limits(transition: Transition) -> list[str]:
    """Which marks are missing and why, and which errors are not in the error."""
    found = []
    for source in ("model", "exact"):
        of_source = {setting.label: getattr(setting, source) for setting in transition.settings}
        of_source = {label: marks for label, marks in of_source.items() if marks is not None}
        name = "of exact inference" if source == "exact" else "of trained models"
        for sentence, mark in ((THRESHOLD, "threshold"), (PEAK, "peak")):
            missing = [label for label, marks in of_source.items() if not getattr(marks, mark).known]
            if missing:
                found.append(f"{sentence} in the curves {name} with {'; '.join(missing)}.")
    if any(setting.model is not None and len(setting.signatures) == 1 for setting in transition.settings):
        found.append(
            "Settings with one trial have the error of the strings alone: how much trainings differ is not known."
        )
    return found


def _threshold(setting: SettingTransition) -> Iterator[str]:
    exact, model, difference = setting.exact, setting.model, setting.difference
    if not exact.threshold.known:
        return
    where = f"With {setting.label} half of the class is lost at noise {exact.threshold} by exact inference"
    if model is None or difference is None or not model.threshold.known:
        yield f"{where}."
        return
    yield (
        f"{where}, and at {model.threshold} by trained models: a difference of {_signed(difference.threshold)}"
        f"{_sigmas(difference.threshold)}."
    )


def _grown(step: Growth) -> Iterator[str]:
    low, high = step.depths
    label = f"With {step.label}, from" if step.label else "From"
    for name, marks in (("exact inference", step.exact), ("trained models", step.model)):
        if marks is not None and marks.peak.known:
            yield (
                f"{label} L = {low} to {high} the susceptibility's peak changes by {_signed(marks.peak)} in height and by "
                f"{_signed(marks.peak_noise)} in noise, by {name}."
            )


def _signed(number: Estimate) -> str:
    text = str(number)
    return text if text.startswith("-") else f"+{text}"


def _sigmas(number: Estimate) -> str:
    """How many standard errors a difference is."""
    if not number.error > 0:
        return ""
    return f", {abs(number.value) / number.error:.1f} standard errors"
