"""What the report of a sweep says, whatever it is written as."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rhm_sweeps.analysis.figures.axes import Drawing
from rhm_sweeps.analysis.findings import findings
from rhm_sweeps.analysis.limits import limits
from rhm_sweeps.analysis.report.cost import Cost, cost, date, duration
from rhm_sweeps.analysis.report.key_numbers import KeyNumber, key_numbers
from rhm_sweeps.analysis.report.method import Method
from rhm_sweeps.analysis.report.methods import methods
from rhm_sweeps.analysis.report.report_tables import ReportTable, report_tables
from rhm_sweeps.analysis.report.space_text import space_yaml
from rhm_sweeps.analysis.report.sweep_design import SweepDesign, sweep_design
from rhm_sweeps.analysis.report.text import shortened
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.analysis.trials.coverage import Coverage, coverage
from rhm_sweeps.analysis.trials.records import setting_records
from rhm_sweeps.analysis.trials.time_scales import Thresholds
from rhm_sweeps.printable import count
from rhm_sweeps.version import __version__

IDENTITY = {
    "version": "trained with version",
    "git_commit": "git commit",
    "code_hash": "code hash",
    "tracking_uri": "MLflow store",
    "experiment": "MLflow experiment",
    "parent_run_id": "MLflow run",
}
FIRST_SIGNATURES = 5


@dataclass(frozen=True)
class FigureText:
    """A figure of the report without its picture: `name` is its file's stem, `narrow` says that it has one panel."""

    name: str
    title: str
    caption: str
    narrow: bool


@dataclass(frozen=True)
class Reproduction:
    """How to train and to analyse the sweep again: shell commands, the space as YAML, and what identifies its code and trials."""

    commands: tuple[str, ...]
    space: str
    identity: Mapping[str, str]


@dataclass(frozen=True)
class ReportContent:
    """Everything that a report says; `settings` are the records of `setting_records`."""

    name: str
    question: str
    key_numbers: tuple[KeyNumber, ...]
    findings: tuple[str, ...]
    limits: tuple[str, ...]
    figures: tuple[FigureText, ...]
    tables: tuple[ReportTable, ...]
    design: SweepDesign
    coverage: Coverage
    cost: Cost
    facts: Mapping[str, str]
    thresholds: Thresholds
    methods: tuple[Method, ...]
    reproduction: Reproduction
    settings: tuple[Mapping[str, Any], ...]


def report_content(analysis: SweepAnalysis, drawings: Sequence[Drawing] = ()) -> ReportContent:
    """Gather what there is to say of a sweep, beside these figures."""
    results = analysis.results
    ran, spent, plan = coverage(results), cost(results), sweep_design(results)
    return ReportContent(
        name=shortened(results.name),
        question=shortened(str((results.meta.get("space") or {}).get("question") or ""), 2000),
        key_numbers=tuple(key_numbers(analysis, ran, spent)),
        findings=tuple(findings(analysis)),
        limits=tuple(limits(analysis)),
        figures=tuple(FigureText(one.name, one.title, one.caption, one.narrow) for one in drawings),
        tables=tuple(report_tables(analysis, plan)),
        design=plan,
        coverage=ran,
        cost=spent,
        facts=_facts(analysis, ran, spent),
        thresholds=analysis.thresholds,
        methods=tuple(methods(analysis.thresholds)),
        reproduction=_reproduction(analysis, plan),
        settings=tuple(setting_records(analysis)),
    )


def _facts(analysis: SweepAnalysis, ran: Coverage, spent: Cost) -> dict[str, str]:
    """What ran, and for how long."""
    counts = ", ".join(f"{number:,} {state}" for state, number in ran.states.items())
    facts = {"trials": f"{ran.planned:,}" + (f": {counts}" if counts else "")}
    facts["settings"] = f"{len(analysis.settings):,} with metric points"
    missing = f"; {ran.missing_points:,} missing, in {count(ran.gaps, 'trial')}" if ran.missing_points else ""
    facts["metric points"] = f"{spent.points:,}{missing}"
    facts["optimizer steps"] = f"{spent.steps:,}, summed over the trials"
    if spent.launched_ms is not None:
        facts["launched"] = date(spent.launched_ms)
    if spent.last_point_ms is not None:
        facts["last point"] = date(spent.last_point_ms)
    if spent.wall_s is not None:
        facts["launch to last point"] = duration(spent.wall_s)
    if spent.training_s is not None:
        facts["training time"] = f"{duration(spent.training_s)}, summed over {count(spent.packs, 'pack')}"
    return facts


def _reproduction(analysis: SweepAnalysis, plan: SweepDesign) -> Reproduction:
    """The commands; those of the thresholds that are not the defaults are given."""
    results, thresholds, default = analysis.results, asdict(analysis.thresholds), asdict(Thresholds())
    space = space_yaml(results.meta.get("space"))
    options = [f"--{name} {value:g}" for name, value in thresholds.items() if value != default[name]]
    # A name that begins with a dash would be read as an option.
    analyze = " ".join(["rhm-sweep analyze", *options, shlex.quote(shortened(results.name))])
    identity = {label: shortened(str(results.meta[key])) for key, label in IDENTITY.items() if results.meta.get(key)}
    identity["analysed with version"] = __version__
    identity |= {f"values of {name}": text for name, text in plan.seeds.items()}
    signatures = [str(signature) for signature in results.trials.index[:FIRST_SIGNATURES]]
    if signatures:
        more = f", … ({len(results.trials):,} in trials.csv)" if len(results.trials) > len(signatures) else ""
        identity["signatures of trials"] = ", ".join(signatures) + more
    return Reproduction((*(("rhm-sweep launch space.yaml",) if space else ()), analyze), space, identity)
