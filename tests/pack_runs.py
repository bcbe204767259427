"""Packs of tiny trials for tests, driven directly."""

from rhm_sweeps.config import parse_trial
from rhm_sweeps.packs.pack_run import PackRun

PACE = ("steps_per_second", "wall_time_s")


def trial(seed, train_size=8, training=None, **sections):
    """A tiny trial of 20 steps, or as `training` says."""
    return parse_trial({
        "grammar": {"num_features": 4, "num_classes": 4, "num_synonyms": 2, "num_layers": 2, "seed_rules": seed},
        "diffusion": {"timesteps": 10},
        "model": {"width": 8},
        "training": {
            "train_size": train_size, "test_size": 4, "steps": 20, "batch_size": 8, "seed": seed, **(training or {})
        },
        "evaluation": {"num_samples": 16, "loss_pairs": 16},
        **sections,
    })  # fmt: skip


def start(trials, folder, **options):
    """A run of a pack whose folder is `folder / "pack"` and that leaves models in `folder / "models"`."""
    return PackRun(trials, folder / "pack", folder / "models", **options)


def finish(run):
    """All points and endings of a run, by (signature, step) and by signature."""
    points, endings = {}, {}
    while True:
        progress = run.advance(10)
        points |= {(point.signature, point.step): point for point in progress.points}
        endings |= {ending.signature: ending for ending in progress.endings}
        if progress.finished:
            return points, endings


def advance_to(run, step):
    """Let a run reach an evaluation point, and return all points on the way."""
    points = []
    while True:
        progress = run.advance(10)
        points += progress.points
        if progress.step >= step:
            return points


def science(point):
    """A point's metrics without those that measure the clock."""
    return {name: value for name, value in point.metrics.items() if name not in PACE}


def exactly(points):
    """The metrics of points by key, in a form in which NaN equals NaN and all else only itself."""
    return {key: repr(sorted(science(point).items())) for key, point in points.items()}
