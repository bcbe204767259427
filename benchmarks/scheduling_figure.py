"""The figure of how busy slots were over time: a panel per length of packs and number of slots, ours beside plain Ray Tune."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from busy_slots import busy

from rhm_sweeps.analysis.figures.axes import OKABE_ITO, panels, style
from rhm_sweeps.analysis.figures.figure_style import STYLES
from rhm_sweeps.analysis.figures.legends import line, outside_legend

LOOKS: dict[str, dict[str, Any]] = {
    "ours": {"color": OKABE_ITO[1]},
    "plain Ray Tune": {"color": OKABE_ITO[6], "linestyle": (0, (3, 2))},
}


def draw_scheduling(curves: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write the figure; a curve has its side, slots, seconds of a pack, and spans."""
    cases = list(dict.fromkeys((curve["seconds"], curve["slots"]) for curve in curves))
    with style():
        figure, axes = panels(len(cases), share_x=False)
        for axis, (seconds, slots) in zip(axes, cases, strict=True):
            for curve in curves:
                if (curve["seconds"], curve["slots"]) == (seconds, slots):
                    times, counts = zip(*busy(curve["spans"]), strict=True)
                    axis.step(times, [count / slots for count in counts], where="post", **LOOKS[curve["side"]])
            axis.set_title(f"{slots} slots, packs of {seconds} s")
            axis.set_xlabel("seconds since the first pack began")
            axis.set_ylim(0, 1.05)
        figure.supylabel("share of slots at work")
        outside_legend(figure, [line(name, **look) for name, look in LOOKS.items()])
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=STYLES["screen"].dots_per_inch)
