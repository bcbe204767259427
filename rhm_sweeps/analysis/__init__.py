"""What a sweep shows: time scales, curves, figures and the report. Reads results, never trains."""

from rhm_sweeps.analysis.report.report_files import Report, write_report
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis, analyze
from rhm_sweeps.analysis.trials.time_scales import Thresholds, TimeScales, time_scales

__all__ = ["Report", "SweepAnalysis", "Thresholds", "TimeScales", "analyze", "time_scales", "write_report"]
