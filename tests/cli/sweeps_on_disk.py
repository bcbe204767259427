"""Sweeps whose ledgers are written by hand, so that nothing needs to be trained."""

from __future__ import annotations

from pathlib import Path

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.ledger import Ledger, MetricPoint, PackRecord, TrialRecord, now_ms
from rhm_sweeps.spaces.search_space import SearchSpace

STEPS = 64
SIZES = (64, 128, 256)


def trials_of(sizes: tuple[int, ...]) -> list[TrialConfig]:
    return [parse_trial({"training": {"train_size": n, "seed": s, "steps": STEPS}}) for n in sizes for s in (0, 1)]


def metrics_at(step: int, offset: float) -> dict[str, float]:
    """Known numbers: novel_valid is step / 100 + offset."""
    levels = {f"validity_{level}": step / STEPS / level for level in (1, 2, 3)}
    return {"train_loss": 1 / step, "test_loss": 2 / step, **levels, "copies": 0.0, "novel_valid": step / 100 + offset}


def make_sweep(results: Path, name: str = "one", sizes: tuple[int, ...] = SIZES) -> list[str]:
    """A sweep in three packs of two: both done; failed and stopped; running at half of the steps and pending.

    Returns the signatures in the order of the plan.
    """
    configs = trials_of(sizes)
    space = SearchSpace.build(
        name,
        trial={"training": {"steps": STEPS}},
        space={"training.train_size": {"grid": list(sizes)}, "training.seed": {"grid": [0, 1]}},
    )
    signatures = [config.signature for config in configs]
    with Ledger(results / name, create=True) as ledger:
        ledger.set_meta(
            name=name,
            created_ms=1,
            state="running",
            space=space.to_dict(),
            tracking_uri="sqlite:///m.db",
            experiment="e",
        )
        ledger.add_trials(TrialRecord(c.signature, i, f"pack{i // 2}", c.model_dump()) for i, c in enumerate(configs))
        ledger.set_packs([PackRecord("pack2", "cpu", 0, STEPS // 2, STEPS, 1, 10.0, now_ms())])
        ledger.set_state(signatures[:5], "running")
        for index, signature in enumerate(signatures[:5]):
            steps = [2**k for k in range(7 if index < 2 else 6)]
            ledger.add_points(MetricPoint(signature, step, metrics_at(step, index / 1000), step) for step in steps)
        ledger.set_state(signatures[:2], "done")
        ledger.set_state([signatures[2]], "failed", "loss is not finite at step [7]")
        ledger.set_state([signatures[3]], "stopped", "by hand")
    return signatures
