"""The baseline of whole sweeps: plain Ray Tune with a function trial per model, which trains it by the plain loop.

    python benchmarks/plain_sweep.py TRIALS.json REPORTS.json CORES

Neither MLflow nor a report: what is tracked is what Ray Tune keeps. `launched_sweep.py` runs it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import ray
from ray import tune

COLUMNS = ["trial", "step", "test_loss", "time"]


def train_plain(setting: dict[str, Any]) -> None:
    """Train one model, and evaluate it where a sweep of ours does."""
    import torch  # noqa: PLC0415 - as a function trial does, in its own process
    from plain_loop import PlainLoop  # noqa: PLC0415

    from rhm_sweeps.config import parse_trial  # noqa: PLC0415
    from rhm_sweeps.evaluation.evaluator import evaluation_steps  # noqa: PLC0415
    from rhm_sweeps.grammar import make_grammar  # noqa: PLC0415
    from rhm_sweeps.training.batches import draw_strings  # noqa: PLC0415

    torch.set_num_threads(1)
    config = parse_trial(json.loads(setting["trial"]["fields"]))
    grammar, done = make_grammar(config.grammar), 0
    data = draw_strings(grammar, config.training)
    loop = PlainLoop(config, data.train, data.test, config.training.seed)
    for step in evaluation_steps(config.training.steps, config.evaluation.points_per_doubling):
        loop.train(step - done)
        found, done = loop.evaluate(grammar), step
        tune.report(
            {"trial": setting["trial"]["index"], "step": step, "test_loss": found.test_loss, "time": time.time()}
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trials", type=Path)
    parser.add_argument("reports", type=Path)
    parser.add_argument("cores", type=int)
    chosen = parser.parse_args()
    trials = json.loads(chosen.trials.read_text(encoding="utf-8"))
    settings = [{"index": index, "fields": json.dumps(trial)} for index, trial in enumerate(trials)]
    with tempfile.TemporaryDirectory() as folder:
        ray.init(
            address="local", num_cpus=chosen.cores, include_dashboard=False, log_to_driver=False, logging_level="ERROR"
        )
        try:
            found = tune.Tuner(
                train_plain,
                param_space={"trial": tune.grid_search(settings)},
                run_config=tune.RunConfig(storage_path=folder, verbose=0),
            ).fit()
            if found.errors:
                raise found.errors[0]
            reports = [row for one in found for row in one.metrics_dataframe[COLUMNS].to_dict("records")]
        finally:
            ray.shutdown()
    chosen.reports.write_text(json.dumps(reports), encoding="utf-8")


if __name__ == "__main__":
    main()
