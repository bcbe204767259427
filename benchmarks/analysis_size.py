"""How long the analysis, the figures and the report of a large sweep take, and how much memory.

    python benchmarks/analysis_size.py --trials 10000 --points 15 --metrics 40

The sweep is made up: training-set sizes, widths and seeds are crossed; each level of rules is learned at a step of its own,
copies begin in proportion to P, and both scatter from trial to trial. Seconds of processors tell what a busy machine would
hide. Peak memory is that of the process, libraries and the made-up data included.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from rhm_sweeps.analysis import analyze, write_report
from rhm_sweeps.analysis.figures.sweep_figures import MAKERS, draw_figures, figure_bytes, settle
from rhm_sweeps.analysis.findings import findings
from rhm_sweeps.analysis.limits import limits
from rhm_sweeps.analysis.report.content import report_content
from rhm_sweeps.analysis.report.document import render_document
from rhm_sweeps.analysis.report.markdown_page import render_markdown
from rhm_sweeps.analysis.report.page import render_page
from rhm_sweeps.config import FIELDS, TrialConfig
from rhm_sweeps.grammar.theory import chance_validity
from rhm_sweeps.spaces.field_values import field_values
from rhm_sweeps.tracking.results import Results

SIZES = 2 ** np.arange(5, 15)
WIDTHS = (32, 64, 128, 256)
CREATED_MS = 1_790_000_000_000
Made = TypeVar("Made")


def made_up(trials: int, points: int, metrics: int, seed: int = 0) -> Results:
    """A sweep of trials x points x metrics whose time scales follow power laws with scatter; 1 % of the trials failed."""
    draw = np.random.default_rng(seed)
    config = TrialConfig()
    cells = [(size, width) for size in SIZES for width in WIDTHS]
    size, width = (np.array([cells[i % len(cells)][k] for i in range(trials)]) for k in range(2))
    signatures = np.array([f"{index:012x}" for index in range(trials)], dtype=object)
    table = pd.DataFrame([field_values(config.model_dump())] * trials, columns=list(FIELDS), index=signatures)
    table["training.train_size"], table["model.width"] = size, width
    table["training.seed"] = table["grammar.seed_rules"] = np.arange(trials) // len(cells)
    state = np.where(draw.random(trials) < 0.01, "failed", "done")
    reason = np.where(state == "failed", "the train loss is nan at step 64", "")
    pack = [f"pack{index // 16}" for index in range(trials)]
    table = pd.concat([pd.DataFrame({"state": state, "reason": reason, "pack": pack}, index=signatures), table], axis=1)
    table.index.name = "signature"
    measured = _points(config, signatures, size, width, points, metrics, draw)
    meta = {"name": "large", "created_ms": CREATED_MS, "space": {"name": "large", "question": "How long does it take?"}}
    return Results("large", table, measured, meta)


def _points(
    config: TrialConfig,
    signatures: np.ndarray,
    size: np.ndarray,
    width: np.ndarray,
    points: int,
    metrics: int,
    draw: np.random.Generator,
) -> pd.DataFrame:
    """Columns of shape (trials * points,): smooth steps in log2 of the step, at places that depend on P and width."""
    steps = 2 ** np.arange(points)
    at = np.log2(steps)[None]
    scatter = draw.normal(0, 0.3, (4, len(signatures), 1))

    def rise(middle: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-3 * (at - middle)))

    faster = np.log2(width / 64)[:, None] / 2
    columns: dict[str, np.ndarray] = {}
    for level, chance in enumerate(chance_validity(config.grammar), 1):
        columns[f"validity_{level}"] = chance + (1 - chance) * rise(2 + 2 * level - faster + scatter[level - 1])
    excess = rise(np.log2(size)[:, None] + 1 - faster + scatter[3])
    valid = columns[f"validity_{config.grammar.num_layers}"]
    columns["excess_copies"] = excess
    columns["copies"] = np.minimum(valid, excess + valid * np.minimum(1, size[:, None] / config.grammar.p_max))
    columns["novel_valid"] = valid - columns["copies"]
    columns["test_loss"] = 0.0102 - 0.004 * rise(6 - faster + scatter[1])
    columns["train_loss"] = columns["test_loss"] * (1 - 0.95 * excess)
    columns["loss_ratio_error"] = np.full(excess.shape, 0.01)
    columns["wall_time_s"] = np.broadcast_to(steps / 100.0, excess.shape)
    columns |= {f"metric_{i}": draw.random(excess.shape) for i in range(metrics - len(columns))}
    time_ms = CREATED_MS + np.broadcast_to(steps * 10, excess.shape)
    keys = {
        "signature": np.repeat(signatures, points),
        "step": np.tile(steps, len(signatures)),
        "timestamp_ms": time_ms.ravel(),
    }
    return pd.DataFrame(keys | {name: np.ravel(columns[name]) for name in sorted(columns)})


def timed(what: str, make: Callable[[], Made]) -> Made:
    """Do it, and print how long it took, on the clock and of processors, and the peak of memory by then."""
    start, worked = time.perf_counter(), time.process_time()
    made = make()
    seconds, worked_s = time.perf_counter() - start, time.process_time() - worked
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{what:34} {seconds:8.2f} s {worked_s:8.2f} s of processors {peak_gib:6.2f} GiB", flush=True)
    return made


def by_part(results: Results) -> None:
    """Time each part by itself."""
    analysis = timed("analyze", lambda: analyze(results))
    timed("findings", lambda: findings(analysis))
    timed("limits", lambda: limits(analysis))
    for make in MAKERS:
        timed(make.__name__, lambda make=make: make(analysis))
    drawings = timed("all figures", lambda: draw_figures(analysis))
    images = {}
    for drawing in drawings:
        timed(f"lay out {drawing.name}", lambda drawing=drawing: settle(drawing))
        for kind in ("png", "svg"):
            image = timed(f"{drawing.name}.{kind}", lambda drawing=drawing, kind=kind: figure_bytes(drawing, kind))
        images[drawing.name] = image
    content = timed("content", lambda: report_content(analysis, drawings))
    page = timed("page", lambda: render_page(content, images))
    paths = {name: f"figures/{name}.png" for name in images}
    timed("Markdown", lambda: render_markdown(content, paths))
    timed("JSON", lambda: render_document(content, {name: [path] for name, path in paths.items()}))
    print(f"page with all figures as SVG: {len(page) / 2**20:.1f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=15)
    parser.add_argument("--metrics", type=int, default=40)
    parser.add_argument("--parts", action="store_true", help="time each part by itself, too")
    parser.add_argument("--keep", type=Path, help="folder to keep the report in")
    arguments = parser.parse_args()
    results = timed("made up", lambda: made_up(arguments.trials, arguments.points, arguments.metrics))
    if arguments.parts:
        by_part(results)
    with tempfile.TemporaryDirectory() as place:
        folder = arguments.keep or Path(place)
        report = timed("report: all of it", lambda: write_report(results, folder))
        print(f"report.html: {report.page.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
