"""The figure of the collapse: what is learned of each level against P, and against P / (v m^(l+1)) (arXiv 2502.12089)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from rhm_sweeps.analysis.figures.axes import GUIDE, Drawing, level_colour, log2_axis, panels, share_axis
from rhm_sweeps.analysis.figures.legends import line, outside_legend, titled
from rhm_sweeps.analysis.groups import TRAIN_SIZE, axis_title, symbol
from rhm_sweeps.analysis.laws.sample_complexity import HALF_WAY, LevelComplexity, level_complexities
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.config import GrammarConfig

MARKERS = ("o", "s", "D", "^", "v", "P", "X", "p")
GUIDE_LINE: dict[str, Any] = {"color": GUIDE, "linewidth": 1, "linestyle": ":"}
CAPTION = (
    "Largest validity of each level before copies begin, rescaled from 0 at chance to 1 at the sampler's ceiling, against "
    "the training-set size P (left), and against P in units of the sample complexity v m^(l+1) (right). Points are means over "
    "seeds; settings that differ in more than the grammar share a marker. If the complexity is right, all levels and grammars "
    "fall on one curve on the right."
)


def complexity_figure(analysis: SweepAnalysis) -> Drawing | None:
    """Rescaled validity of each level and setting, before and after the collapse; None unless train_size takes three values."""
    found = level_complexities(analysis)
    if not found:
        return None
    figure, (plain, collapsed) = panels(2, columns=2, height=3.1, share_x=False)
    markers = grammar_markers(found)
    for item in found:
        look: dict[str, Any] = {"color": level_colour(item.level), "marker": markers[item.grammar]}
        look |= {"markersize": 4.5, "markeredgecolor": "white", "markeredgewidth": 0.6, "linewidth": 1}
        plain.plot(item.sizes, item.learned.clip(min=0), **look)
        collapsed.plot(item.sizes / item.theory, item.learned.clip(min=0), **look)
    collapsed.axvline(1, zorder=0, **GUIDE_LINE)
    for axis in (plain, collapsed):
        axis.axhline(HALF_WAY, zorder=0, **GUIDE_LINE)
        share_axis(axis)
    _scale(plain, [size for item in found for size in item.sizes], axis_title(TRAIN_SIZE))
    ratios = [size / item.theory for item in found for size in item.sizes]
    _scale(collapsed, ratios, "$P$ / ($v\\,m^{l+1}$)")
    plain.set_ylabel("learned before copies begin")
    outside_legend(figure, level_entries(found))
    return Drawing("sample_complexity", "Sample complexity of each level", CAPTION, figure)


def grammar_markers(found: Sequence[LevelComplexity]) -> dict[GrammarConfig, str]:
    """A marker for each grammar of the curves; settings that differ in other fields share theirs."""
    shapes = dict.fromkeys(item.grammar for item in found)
    return {shape: MARKERS[place % len(MARKERS)] for place, shape in enumerate(shapes)}


def level_entries(found: Sequence[LevelComplexity]) -> list[Line2D]:
    """The legend: a colour for each level and, with several grammars, a marker for each (as many as there are markers)."""
    entries = [line(f"level {level}", color=level_colour(level)) for level in sorted({item.level for item in found})]
    markers = grammar_markers(found)
    if len(markers) == 1:
        return entries
    labels = [titled(_differences(shape, list(markers)), 200) for shape in markers]
    named = list(zip(labels, markers.values(), strict=True))[: len(MARKERS)]
    return [
        *entries,
        *(Line2D([], [], label=label, marker=mark, color=GUIDE, linestyle="none") for label, mark in named),
    ]


def _differences(shape: GrammarConfig, shapes: list[GrammarConfig]) -> str:
    """The fields of a grammar in which it differs from others."""
    names = [name for name in GrammarConfig.model_fields if len({getattr(other, name) for other in shapes}) > 1]
    return ", ".join(f"{symbol(f'grammar.{name}')} = {getattr(shape, name)}" for name in names)


def _scale(axis: Axes, values: Sequence[float], title: str) -> None:
    log2_axis(axis, "x", values)
    axis.set_xlabel(title)
