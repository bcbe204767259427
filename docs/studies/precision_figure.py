"""Curves in bfloat16 over the range of float32's: `precision_figure.py results/precision/report/results.csv figure.png`."""

from __future__ import annotations

import sys

import matplotlib.pyplot as plt
import pandas as pd

CURVES = {"validity_1": "valid, level 1", "validity_2": "level 2", "validity_3": "level 3", "copies": "copies"}
COLOURS = ["#0072B2", "#009E73", "#E69F00", "#D55E00"]


def main(results: str, figure: str) -> None:
    """Draw a panel for each process and number of training strings."""
    frame = pd.read_csv(results)
    processes, sizes = frame["diffusion.process"].unique(), sorted(frame["training.train_size"].unique())
    shown, panels = plt.subplots(len(sizes), len(processes), figsize=(10, 5.6), sharex=True, sharey=True)
    for row, size in zip(panels, sizes, strict=True):
        for axes, process in zip(row, processes, strict=True):
            draw(axes, frame[(frame["diffusion.process"] == process) & (frame["training.train_size"] == size)])
            axes.set_title(f"{process}, P = {size:,}", fontsize=10)
    for axes in panels[-1]:
        axes.set_xlabel("optimizer steps")
    for axes in panels[:, 0]:
        axes.set_ylabel("share of samples")
    shown.legend(*panels[0, 0].get_legend_handles_labels(), ncol=4, loc="lower center", frameon=False, fontsize=9)
    shown.text(0.5, 0.965, "bands: float32, all seeds; lines: bf16, each seed", ha="center", fontsize=9)
    shown.tight_layout(rect=(0, 0.05, 1, 0.965))
    shown.savefig(figure, dpi=120)


def draw(axes: plt.Axes, trials: pd.DataFrame) -> None:
    """The range over seeds in float32 as a band, each seed in bf16 as a line."""
    for (name, label), colour in zip(CURVES.items(), COLOURS, strict=True):
        seeds = trials.pivot_table(index="step", columns=["training.precision", "training.seed"], values=name)
        axes.fill_between(
            seeds.index, seeds["float32"].min(axis=1), seeds["float32"].max(axis=1), color=colour, alpha=0.3, lw=0
        )
        lines = axes.plot(seeds.index, seeds["bf16"], color=colour, lw=0.6)
        lines[0].set_label(label)
    axes.set_xscale("log", base=2)
    axes.set_ylim(0, 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
