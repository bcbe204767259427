"""What it costs to save and to resume: of a pack, beside one file per model by `torch.save`, in seconds, bytes and training steps.

    python benchmarks/checkpoint_cost.py --width 64 256 --members 8

A pack's checkpoint holds weights, moments, points and a digest, and is on the disk when the call returns; the plain loop saves weights
and moments, without syncing. Resuming builds grammars, strings and models anew and loads the checkpoint; starting does all but the
last. Seconds are of a whole pack, and of as many plain models.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from measured import Report, flags, in_turn, parsed
from plain_loop import PlainLoop
from sides import Sides, seeded
from steps_and_evaluation import trial

from rhm_sweeps.grammar import make_dataset, make_grammar
from rhm_sweeps.packs.pack_run import PackRun

COLUMNS = {
    "width": "d", "members": "d", "step_ms": ".1f", "ours_mib": ".1f", "plain_mib": ".1f",
    "ours_save_ms": ".1f", "plain_save_ms": ".1f", "save_in_steps": ".1f", "save_ratio": ".1f",
    "ours_start_ms": ".0f", "ours_resume_ms": ".0f", "plain_resume_ms": ".0f", "resume_in_steps": ".1f",
}  # fmt: skip


class PlainFiles:
    """Plain loops, each with a file."""

    def __init__(self, loops: Sequence[PlainLoop], folder: Path) -> None:
        self.loops = {folder / f"{index}.pt": loop for index, loop in enumerate(loops)}

    def save(self) -> None:
        for path, loop in self.loops.items():
            torch.save({"model": loop.model.state_dict(), "optimizer": loop.optimizer.state_dict()}, path)

    def load(self) -> None:
        for path, loop in self.loops.items():
            state = torch.load(path, weights_only=True)
            loop.model.load_state_dict(state["model"])
            loop.optimizer.load_state_dict(state["optimizer"])


def size_mib(folder: Path, pattern: str) -> float:
    """Size of the files of a folder."""
    return sum(path.stat().st_size for path in folder.glob(pattern)) / 2**20


def measure(width: int, members: int, rounds: int, folder: Path) -> dict[str, object]:
    """A row."""
    tree = {**trial(width, "float32", 1), "evaluation": {"num_samples": 1, "sampling_steps": 1, "loss_pairs": 2}}
    configs = [seeded(tree, seed) for seed in range(members)]
    data = make_dataset(make_grammar(configs[0].grammar), 1024, 1024, 0)
    places = {name: folder / name for name in ("run", "fresh", "models", "plain")}
    places["plain"].mkdir()
    plain = PlainFiles([PlainLoop(config, data.train, data.test) for config in configs], places["plain"])
    for loop in plain.loops.values():
        loop.train(1)
    run = PackRun(configs, places["run"], places["models"])
    while run.advance(0.0).step < 2:  # the first step makes the moments
        pass
    ours_save, plain_save = in_turn([run.save, plain.save], rounds)
    step_s = Sides.of(tree, members).steps(4, rounds).ours_s * members
    begin = [
        lambda: PackRun(configs, places["fresh"], places["models"]),
        lambda: PackRun(configs, places["run"], places["models"]),
        plain.load,
    ]
    start, resume, plain_resume = in_turn(begin, rounds)
    return {
        "width": width, "members": members, "step_ms": 1e3 * step_s,
        "ours_mib": size_mib(places["run"], "step-*.ckpt") / len(list(places["run"].glob("step-*.ckpt"))),
        "plain_mib": size_mib(places["plain"], "*.pt"),
        "ours_save_ms": 1e3 * ours_save, "plain_save_ms": 1e3 * plain_save,
        "save_in_steps": ours_save / step_s, "save_ratio": plain_save / ours_save,
        "ours_start_ms": 1e3 * start, "ours_resume_ms": 1e3 * resume, "plain_resume_ms": 1e3 * plain_resume,
        "resume_in_steps": resume / step_s,
    }  # fmt: skip


def main(words: Sequence[str] | None = None) -> None:
    parser = flags(__doc__)
    parser.add_argument("--width", type=int, nargs="+", default=[64, 128, 256, 512])
    parser.add_argument("--members", type=int, default=8)
    chosen = parsed(parser, words, rounds=3, width=[64, 256])
    with Report(chosen, COLUMNS) as report:
        for width in chosen.width:
            with tempfile.TemporaryDirectory() as folder:
                report.add(**measure(width, chosen.members, chosen.rounds, Path(folder)))


if __name__ == "__main__":
    main()
