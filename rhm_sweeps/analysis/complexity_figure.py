"""The figure of sample complexity: what is learned of each level against P / P*_l (arXiv 2502.12089)."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from rhm_sweeps.analysis.axes import GUIDE, Drawing, level_colour, log2_axis, panels, share_axis
from rhm_sweeps.analysis.groups import TRAIN_SIZE, symbol
from rhm_sweeps.analysis.legends import line, outside_legend
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.grammar.theory import chance_validity, sample_complexity

MARKERS = ("o", "s", "D", "^", "v", "P", "X")
FEWEST_SIZES = 3
CAPTION = (
    "Largest validity of each level before copies begin, rescaled so that chance is 0, against the training-set size in "
    "units of the sample complexity P*_l = v m^(l+1). Points are medians over seeds. If the complexity is right, all "
    "levels and grammars fall on one curve that rises near 1."
)


def complexity_figure(analysis: SweepAnalysis) -> Drawing | None:
    """Rescaled validity of each level and grammar against P / P*_l; None unless train_size takes three values."""
    measured = analysis.measured
    if analysis.groups.axis != TRAIN_SIZE or measured[TRAIN_SIZE].nunique() < FEWEST_SIZES:
        return None
    shapes = list(dict.fromkeys(_shape(analysis.grammars[group]) for group in analysis.settings.index))
    figure, (axis,) = panels(1, height=3.1)
    ratios = [ratio for place, shape in enumerate(shapes) for ratio in _draw(axis, analysis, shape, place)]
    axis.axvline(1, color=GUIDE, linewidth=1, linestyle=":", zorder=0)
    log2_axis(axis, "x", ratios)
    share_axis(axis)
    figure.supxlabel("training-set size over sample complexity, $P / P^*_l$")
    figure.supylabel("validity above chance, before copies")
    entries = [line(f"level {level}", color=level_colour(level)) for level in range(1, analysis.levels + 1)]
    if len(shapes) > 1:
        entries += [_entry(shape, shapes, place) for place, shape in enumerate(shapes)]
    outside_legend(figure, entries)
    return Drawing("sample_complexity", "Sample complexity of each level", CAPTION, figure)


def _shape(grammar: GrammarConfig) -> GrammarConfig:
    """The grammar without its seed."""
    return grammar.model_copy(update={"seed_rules": 0})


def _draw(axis: Axes, analysis: SweepAnalysis, shape: GrammarConfig, place: int) -> list[float]:
    """Draw the levels of one grammar; return where on the horizontal axis."""
    groups = [group for group, grammar in analysis.grammars.items() if _shape(grammar) == shape]
    trials = analysis.measured[analysis.measured["group"].isin(groups)]
    ratios: list[float] = []
    for level, (chance, size) in enumerate(zip(chance_validity(shape), sample_complexity(shape), strict=True), 1):
        learned = ((trials[f"clean_validity_{level}"] - chance) / (1 - chance)).groupby(trials[TRAIN_SIZE]).median()
        axis.plot(
            learned.index / size,
            learned.clip(lower=0),
            color=level_colour(level),
            marker=MARKERS[place % len(MARKERS)],
            markersize=4.5,
            markeredgecolor="white",
            linewidth=1,
        )
        ratios += list(learned.index / size)
    return ratios


def _entry(shape: GrammarConfig, shapes: list[GrammarConfig], place: int) -> Line2D:
    """A grammar in the legend, by the fields in which the grammars differ."""
    names = [name for name in GrammarConfig.model_fields if len({getattr(other, name) for other in shapes}) > 1]
    label = ", ".join(f"${symbol(f'grammar.{name}')}$ = {getattr(shape, name)}" for name in names)
    return Line2D([], [], label=label, color=GUIDE, marker=MARKERS[place % len(MARKERS)], linestyle="none")
