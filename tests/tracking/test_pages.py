"""MLflow's own pages in a real browser, from a real server: what a person sees of a sweep."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rhm_sweeps.ledger import Ledger, MetricPoint, TrialRecord
from rhm_sweeps.tracking.projection import project
from rhm_sweeps.tracking.server import free_port, serve
from rhm_sweeps.tracking.store import Store
from rhm_sweeps.tracking.summaries import log_summaries
from rhm_sweeps.tracking.trial_summary import TrialSummary
from rhm_sweeps.tracking.ui import SweepPages, sweep_pages

from ..browser import Browser, needs_browser, running_browser
from .conftest import CREATED_MS, config

pytestmark = [pytest.mark.slow, needs_browser]

PATIENCE_S = 120
TRIALS = {config(size, seed): size for size in (64, 128, 256) for seed in (0, 1)}
POINTS = 10

MARKS = """Object.fromEntries(Array.from(document.querySelectorAll('.js-plotly-plot'), plot => {
    const card = plot.closest('[data-testid="experiment-view-compare-runs-card"]');
    return [card.innerText.split('\\n')[0], plot.querySelectorAll('.scatterlayer .points path').length];
}))"""
"""How many points each chart has, by its title."""


def curves(size: int, step: int) -> dict[str, float]:
    learned = step**2 / (step**2 + 200)
    copies = step**2 / (step**2 + size**2)
    shares = {f"validity_{level}": learned**level for level in (1, 2, 3)}
    return {
        **shares,
        "copies": copies,
        "novel_valid": learned**3 - copies * learned**3,
        "train_loss": 1 / step,
        "test_loss": 0.5,
    }


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SweepPages]:
    """The pages of a finished sweep of six trials, served."""
    folder = tmp_path_factory.mktemp("pages")
    store = Store(f"sqlite:///{folder}/mlflow.db", "rhm-sweeps", (folder / "mlartifacts").as_uri())
    with Ledger(folder / "results" / "shown", create=True) as ledger:
        ledger.add_trials(
            TrialRecord(trial.signature, place, "p", trial.model_dump()) for place, trial in enumerate(TRIALS)
        )
        names = [trial.signature for trial in TRIALS]
        ledger.set_meta(name="shown", created_ms=CREATED_MS, state="finished")
        ledger.set_state(names, "running")
        ledger.add_points(
            MetricPoint(trial.signature, 2**k, curves(size, 2**k))
            for trial, size in TRIALS.items()
            for k in range(POINTS)
        )
        ledger.set_state(names, "done")
        project(ledger, store)
        log_summaries(ledger, store, {trial.signature: summary(size) for trial, size in TRIALS.items()})
        port = free_port(0)
        with serve(store, port):
            yield sweep_pages(f"http://127.0.0.1:{port}", store, "shown", ledger)


def summary(size: int) -> TrialSummary:
    rules = {"tau_rule_1": 42.4, "tau_rule_2": 60.6, "tau_rule_3": 99.5, "tau_mem_loss": 2.0 * size}
    scales = {**rules, "tau_mem_copies": size / 3 if size < 256 else math.nan, "best_step": 128.0}
    regime = "memorizing" if size < 256 else "generalizing"
    return TrialSummary({**scales, "best_novel_valid": size / 1000}, {"rhm_sweep.regime": regime})


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as found:
        found.call("Emulation.setDeviceMetricsOverride", width=2400, height=1300, deviceScaleFactor=1, mobile=False)
        yield found


def shows(browser: Browser, condition: str) -> None:
    """Wait until a condition, in the page's own language, holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not browser.evaluate(f"Boolean({condition})"):
        assert time.monotonic() < deadline, f"{condition}: {browser.evaluate('document.body.innerText')}"
        time.sleep(0.2)


def visit(browser: Browser, url: str, *texts: str) -> str:
    """Open a page and return its text when it has all of these."""
    browser.call("Page.navigate", url="about:blank")
    browser.call("Page.navigate", url=url)
    for text in texts:
        shows(browser, f"document.body && document.body.innerText.includes({text!r})")
    return str(browser.evaluate("document.body.innerText"))


def test_the_table_has_the_columns_and_the_order(pages: SweepPages, browser: Browser) -> None:
    text = visit(browser, pages.table, "6 matching runs", "best_novel_valid", "training.train_size", "rhm_sweep.regime")
    for column in ("tau_rule_1", "tau_rule_3", "tau_mem_copies", "tau_mem_loss", "best_step"):
        assert column in text
    assert text.count("memorizing") == 4
    assert text.count("generalizing") == 2
    places = [text.index(f"P={size} ") for size in (256, 128, 64)]
    assert places == sorted(places), "the most novel first"
    shows(browser, "document.body.innerText.includes('0.256')")


def test_the_charts_are_drawn(pages: SweepPages, browser: Browser) -> None:
    """Parallel coordinates of all trials, a curve per trial, time scales against the training-set size."""
    visit(browser, pages.charts, "Parallel Coordinates")
    curves = dict.fromkeys(("novel_valid", "copies", "train_loss", "test_loss"), POINTS * len(TRIALS))
    rules = {f"training.train_size vs. tau_rule_{level}": len(TRIALS) for level in (1, 2, 3)}
    wanted = {**curves, **rules, "training.train_size vs. tau_mem_copies": 4}  # two never copy
    shows(browser, f"Object.keys({MARKS}).length >= {len(wanted)}")
    assert browser.evaluate(MARKS).items() >= wanted.items()
    assert browser.evaluate("document.querySelectorAll('.parcoords').length") == 1


def test_the_runs_are_under_the_run_of_their_sweep(pages: SweepPages, browser: Browser) -> None:
    text = visit(browser, pages.runs, "7 matching runs", "shown")
    assert "P=64" not in text, "they are folded"
    expander = "document.querySelector('.ag-row button')"
    shows(browser, expander)
    browser.evaluate(f"{expander}.click()")
    shows(browser, "document.body.innerText.includes('P=64 seed_rules=0')")


def test_the_trials_are_compared(pages: SweepPages, browser: Browser) -> None:
    assert pages.compare is not None
    visit(browser, pages.compare, "Comparing 6 Runs", "Parallel Coordinates Plot", "grammar.seed_rules")
    axes = "Array.from(document.querySelectorAll('.parcoords .axis-title'), title => title.textContent)"
    shows(browser, f"{axes}.length >= 3")
    assert browser.evaluate(axes) == ["grammar.seed_rules", "training.train_size", "copies"]


def test_a_run_shows_its_curves(pages: SweepPages, browser: Browser, tmp_path: Path) -> None:
    visit(browser, pages.table, "6 matching runs")
    link = "document.querySelector('.ag-row a[href*=\"/runs/\"]')"
    shows(browser, link)
    run = browser.evaluate(f"{link}.href")
    visit(browser, f"{run}/model-metrics", "novel_valid", "tau_rule_3")
    shows(browser, "document.querySelectorAll('.scatterlayer .trace').length >= 1")
    assert browser.screenshot()[:4] == b"\x89PNG"
