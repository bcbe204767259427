"""A whole sweep of small trials, from the command to its report, against plain Ray Tune function trials on the same cores.

    python benchmarks/small_sweep.py --trials 32 --steps 1024

Ours is `rhm-sweep launch` with all it does: plan, ledger, MLflow, checkpoints, figures, report. The other is a script of Ray Tune
that trains and evaluates the same trials by the plain loop at the same steps, tracks nothing and reports nothing. Width 64,
grammar (8, 3, 2, L=3), T = 50, 128 samples per evaluation, P = 1024. Both print the mean test loss of the last step: that of ours on
fixed pairs, in the plain loop on fresh ones. A launch of two trials of one step is the warm-up of either.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from launched_sweep import Launched, PlainSweep, launch, plain_sweep, trials_of
from measured import Report, flags, parsed

from rhm_sweeps.pools.machine import available_cores
from rhm_sweeps.spaces.search_space import SearchSpace

COLUMNS = {
    "trials": "d", "steps": "d", "cores": "d", "plain_s": ".1f", "ours_s": ".1f", "ratio": ".1f",
    "until_trained_s": ".1f", "plain_test_loss": ".5f", "ours_test_loss": ".5f",
}  # fmt: skip


def space_of(trials: int, steps: int, name: str) -> SearchSpace:
    """So many trials that differ in their seeds."""
    trial = {
        "grammar": {"seed_rules": 42},
        "diffusion": {"timesteps": 50},
        "model": {"width": 64},
        "training": {"steps": steps},
        "evaluation": {"num_samples": 128},
    }
    return SearchSpace.build(name, trial=trial, space={"training.seed": {"range": [0, trials]}})


def our_test_loss(sweep: Launched) -> float:
    """Mean test loss of all trials at their last step."""
    points = sweep.results.points
    return float(points[points["step"] == points["step"].max()]["test_loss"].mean())


def plain_test_loss(sweep: PlainSweep) -> float:
    """Mean test loss of all trials at their last step."""
    last = max(report.step for report in sweep.reports)
    return fmean(report.test_loss for report in sweep.reports if report.step == last)


def measure(trials: int, steps: int, cores: int, place: Path) -> dict[str, object]:
    """A row."""
    space = space_of(trials, steps, "small")
    plain, ours = plain_sweep(trials_of(space), place / "plain", cores), launch(space, place)
    return {
        "trials": trials, "steps": steps, "cores": cores, "plain_s": plain.command.seconds, "ours_s": ours.command.seconds,
        "ratio": plain.command.seconds / ours.command.seconds, "until_trained_s": ours.last_metric_s,
        "plain_test_loss": plain_test_loss(plain), "ours_test_loss": our_test_loss(ours),
    }  # fmt: skip


def warm_up(cores: int, place: Path) -> None:
    """Run two trials of one step on either side, and make MLflow's tables."""
    space = space_of(2, 1, "warm")
    plain_sweep(trials_of(space), place / "plain", cores)
    launch(space, place)


def main(words: Sequence[str] | None = None) -> None:
    parser = flags(__doc__)
    parser.add_argument("--trials", type=int, default=32)
    parser.add_argument("--steps", type=int, default=1024)
    parser.add_argument("--cold", action="store_true", help="no warm-up")
    chosen = parsed(parser, words, steps=64)
    cores = available_cores()
    with tempfile.TemporaryDirectory() as place, Report(chosen, COLUMNS) as report:
        if not chosen.cold:
            warm_up(cores, Path(place))
        report.add(**measure(chosen.trials, chosen.steps, cores, Path(place)))


if __name__ == "__main__":
    main()
