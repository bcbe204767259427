"""The forward-backward transition of trained models beside exact inference (arXiv 2402.16991, 2410.13770)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from rhm_sweeps.analysis.groups import symbol, value_label
from rhm_sweeps.analysis.transition.estimates import UNKNOWN, Estimate
from rhm_sweeps.analysis.transition.transition_curves import Marks, curve_table, differences, estimated_marks, stacked
from rhm_sweeps.config import is_seed
from rhm_sweeps.errors import UsageError

LAYERS, CLASSES, PROCESS = "grammar.num_layers", "grammar.num_classes", "diffusion.process"


@dataclass(frozen=True)
class SettingTransition:
    """The transition of one setting, mean over its trials; `model` and `difference` (model - exact) are None without models.

    `fields` are those that may differ between settings, by dotted name. `curves` has a row per curve and noise: curve, noise,
    model, model_error, exact, exact_error, difference, difference_error; curves are class_flip, overlap, tokens_changed,
    susceptibility, correlation_length, and unchanged_1..L by level from the leaves. `theory` is the threshold at infinite depth.
    """

    label: str
    fields: dict[str, Any]
    signatures: tuple[str, ...]
    model: Marks | None
    exact: Marks
    difference: Marks | None
    theory: Estimate
    curves: pd.DataFrame

    @property
    def process(self) -> str:
        return str(self.fields[PROCESS])

    @property
    def num_layers(self) -> int:
        return int(self.fields[LAYERS])


@dataclass(frozen=True)
class Growth:
    """How the marks change from one depth to the next, all else equal but what the depth determines."""

    label: str
    depths: tuple[int, int]
    model: Marks | None
    exact: Marks


@dataclass(frozen=True)
class Transition:
    """The transitions of all settings, by process and depth, and what depth does to them."""

    settings: tuple[SettingTransition, ...]
    growth: tuple[Growth, ...]


def measure_transition(frame: pd.DataFrame) -> Transition:
    """Find thresholds and peaks of forward-backward curves, with errors.

    Trials that differ in their seeds only are averaged. Errors of differences are those of pairs: model and exact inference see
    the same strings in each resample.

    Args:
        frame: as `comparison_frame` and `exact_frame` of rhm_sweeps.evaluation.transition_frame make it.

    Raises:
        UsageError: if there are no curves, or the trials of a setting were not measured at the same noise.
    """
    if frame.empty:
        raise UsageError("there are no forward-backward curves to analyse; name a sweep that has trained models")
    names = [str(name) for name in frame.columns if "." in str(name) and not is_seed(str(name))]
    groups = frame.groupby([frame[name].map(repr) for name in names], sort=False)
    settings = [_setting({name: rows[name].iloc[:1].tolist()[0] for name in names}, rows) for _, rows in groups]
    settings.sort(key=lambda setting: (setting.process, setting.num_layers))
    return Transition(tuple(settings), _growth(settings))


def all_curves(transition: Transition) -> pd.DataFrame:
    """The curves of all settings as one table: setting, its process and depth, then the columns of `SettingTransition.curves`."""
    tables = [setting.curves.copy() for setting in transition.settings]
    for table, setting in zip(tables, transition.settings, strict=True):
        table.insert(0, "setting", setting.label)
        table.insert(1, "process", setting.process)
        table.insert(2, "num_layers", setting.num_layers)
    return pd.concat(tables, ignore_index=True)


def _setting(fields: dict[str, Any], rows: pd.DataFrame) -> SettingTransition:
    levels, known = int(fields[LAYERS]), "theory" in rows
    exact = stacked(rows[rows["source"] == "exact"], levels)
    model = stacked(rows[rows["source"] == "model"], levels)
    if exact is None:
        raise UsageError(f"there are no curves of exact inference beside those of {_label(fields)}")
    return SettingTransition(
        label=_label(fields),
        fields=fields,
        signatures=tuple(str(name) for name in rows["signature"].unique() if name),
        model=None if model is None else estimated_marks(model.marks),
        exact=estimated_marks(exact.marks),
        difference=None if model is None else differences(model, exact),
        theory=Estimate(float(rows["theory"].iloc[0]), float(rows["theory_error"].iloc[0])) if known else UNKNOWN,
        curves=curve_table(model, exact),
    )


def _label(fields: dict[str, Any]) -> str:
    shown = {name: value for name, value in fields.items() if name != CLASSES}
    return ", ".join(f"{symbol(name)} = {value_label(value)}" for name, value in shown.items())


def _growth(settings: list[SettingTransition]) -> tuple[Growth, ...]:
    """From each depth to the next, of settings that agree in all that the depth does not determine."""
    table = pd.DataFrame([setting.fields for setting in settings]).map(repr)
    by_depth = table.groupby(LAYERS)
    free = [name for name in table.columns if name != LAYERS and (by_depth[name].nunique() > 1).any()]
    steps = []
    for low in settings:
        alike = [high for high in settings if all(high.fields[name] == low.fields[name] for name in free)]
        deeper = [high for high in alike if high.num_layers > low.num_layers]
        if deeper:
            steps.append(_step(low, min(deeper, key=lambda high: high.num_layers), free))
    return tuple(steps)


def _step(low: SettingTransition, high: SettingTransition, free: list[str]) -> Growth:
    model = high.model - low.model if high.model is not None and low.model is not None else None
    label = _label({name: low.fields[name] for name in free})
    return Growth(label, (low.num_layers, high.num_layers), model, high.exact - low.exact)
