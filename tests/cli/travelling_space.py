"""A search space that needs two more files: what it includes, and its grammar."""

from __future__ import annotations

from pathlib import Path

SPACE = """\
# Is it all there in the end?
name: {name}
include: base.yaml
trial: {{grammar: {{explicit: mine.yaml}}}}
space:
  training.train_size: {{grid: [4, 8]}}
"""
BASE = """\
name: base
trial:
  diffusion: {{timesteps: 4}}
  model: {{width: 8}}
  training: {{test_size: 4, steps: {steps}, batch_size: 8}}
  evaluation: {{num_samples: 16, loss_pairs: 16}}
"""
GRAMMAR = "levels:\n  - a: [bb, bc, cb, cc]\n  - {b: [ij, ii], c: [ji, jj]}\n"


def write_travelling_space(folder: Path, name: str, steps: int) -> None:
    """Write `name.yaml` and what it needs."""
    (folder / f"{name}.yaml").write_text(SPACE.format(name=name))
    (folder / "base.yaml").write_text(BASE.format(steps=steps))
    (folder / "mine.yaml").write_text(GRAMMAR)
