"""Figures of a sweep: one function each from what is known to a drawing."""

from rhm_sweeps.analysis.figures.sweep_figures import draw_figures, figure_bytes, save_figures, settle

__all__ = ["draw_figures", "figure_bytes", "save_figures", "settle"]
