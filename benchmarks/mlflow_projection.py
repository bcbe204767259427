"""What it costs to bring MLflow up to date with many new trials: through MLflow's client, and straight into its database.

    python benchmarks/mlflow_projection.py --trials 200 --points 1 --metrics 4
    python benchmarks/mlflow_projection.py --trials 100 --points 15 --metrics 40

Both ways start from the same ledger and an empty SQLite store. Printed are the processor time per trial of each, and their ratio.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.ledger import Ledger, MetricPoint, TrialRecord
from rhm_sweeps.tracking.connection import connect
from rhm_sweeps.tracking.projection import project
from rhm_sweeps.tracking.run_tables import open_tables
from rhm_sweeps.tracking.store import resolve_store


@dataclass(frozen=True)
class Size:
    """How many trials, points per trial and metrics per point."""

    trials: int
    points: int
    metrics: int


def fill(ledger: Ledger, size: Size) -> None:
    """Plan and finish trials that differ in their seed."""
    base = TrialConfig().model_dump()
    configs = {f"{n:012x}": {**base, "training": {**base["training"], "seed": n}} for n in range(size.trials)}
    ledger.add_trials(TrialRecord(name, n, f"pack-{n // 16}", configs[name]) for n, name in enumerate(configs))
    ledger.set_meta(name="many", created_ms=1_700_000_000_000, state="running")
    ledger.set_state(list(configs), "running")
    ledger.add_points(
        MetricPoint(name, 2**step, {f"metric_{index}": step / (index + 7) for index in range(size.metrics)})
        for step in range(size.points)
        for name in configs
    )
    ledger.set_state(list(configs), "done")


def seconds(size: Size, *, by_client: bool) -> float:
    """Processor time per trial, s."""
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "results" / "many", create=True) as ledger:
        fill(ledger, size)
        store = resolve_store(None, None, Path(folder))
        connect(store, create=True)  # making MLflow's tables takes seconds once
        way = (lambda *_: None) if by_client else open_tables
        with patch("rhm_sweeps.tracking.session.open_tables", way):
            begun = time.process_time()
            sent = project(ledger, store)
            spent = time.process_time() - begun
    assert sent == size.trials * size.points
    return spent / size.trials


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--points", type=int, default=1)
    parser.add_argument("--metrics", type=int, default=4)
    size = Size(**vars(parser.parse_args()))
    client, tables = (seconds(size, by_client=by_client) for by_client in (True, False))
    print(
        json.dumps(
            {
                **vars(size),
                "client_ms": round(1e3 * client, 2),
                "tables_ms": round(1e3 * tables, 2),
                "ratio": round(client / tables, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
