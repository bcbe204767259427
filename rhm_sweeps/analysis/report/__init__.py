"""The report of a sweep: one content, as a page, Markdown and JSON, with figures and tables."""

from rhm_sweeps.analysis.report.report_files import Report, write_report

__all__ = ["Report", "write_report"]
