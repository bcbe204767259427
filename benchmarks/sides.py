"""The two sides of a measurement: a plain one-model loop, and a pack of trials that differ in their seed, on the same strings.

The pack trains in this process, tuned as a worker of a sweep is; the loop in a process of its own, which is as Python starts it unless
it is asked to be tuned alike. They take turns: while one works, the other waits.
"""

from __future__ import annotations

import argparse
import functools
import multiprocessing
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import torch
from measured import flags, in_turn
from plain_loop import PlainLoop

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.evaluation.evaluator import PackEvaluator
from rhm_sweeps.evaluation.sampling import sample_strings
from rhm_sweeps.grammar import make_grammar
from rhm_sweeps.training.batches import draw_strings
from rhm_sweeps.training.loop import PackTrainer
from rhm_sweeps.training.precision import matmul_precision
from rhm_sweeps.training.process_tuning import tune_process

_processes: list[ProcessPoolExecutor] = []
_LOOP: dict[str, Any] = {}
"""In the plain side's process: the loop, and its grammar."""


def side_flags(doc: str | None) -> argparse.ArgumentParser:
    """The flags of a benchmark with two sides."""
    parser = flags(doc)
    parser.add_argument("--members", type=int, default=8, help="models in a pack")
    parser.add_argument("--tuned-baseline", action="store_true", help="give the plain loop's process the pack's tuning")
    return parser


@dataclass(frozen=True)
class Compared:
    """Seconds per trial of either side."""

    plain_s: float
    ours_s: float

    @property
    def ratio(self) -> float:
        """How many times faster ours is."""
        return self.plain_s / self.ours_s


@dataclass(frozen=True, eq=False)
class Sides:
    """Both, ready to train and to evaluate."""

    members: int
    plain: ProcessPoolExecutor
    pack: PackTrainer
    evaluator: PackEvaluator

    @classmethod
    def of(cls, tree: Mapping[str, Any], members: int, *, tuned_baseline: bool = False) -> Sides:
        """Of the trial of nested fields, with `training.seed` 0, 1, ... for the pack."""
        configs = [seeded(tree, seed) for seed in range(members)]
        grammar = make_grammar(configs[0].grammar)
        data = draw_strings(grammar, configs[0].training)
        pack = PackTrainer(configs, [data.train] * members)
        evaluator = PackEvaluator(configs, [grammar] * members, [data] * members, pack)
        plain = plain_process(tuned_baseline)
        plain.submit(_begin, configs[0]).result()
        return cls(members, plain, pack, evaluator)

    def steps(self, count: int, rounds: int) -> Compared:
        """An optimizer step, of rounds of `count` steps."""
        both = self._per_member(self._plain("train", count), lambda: self.pack.train(count), rounds)
        return Compared(both.plain_s / count, both.ours_s / count)

    def evaluations(self, rounds: int) -> Compared:
        """A full evaluation; a few samples warm up."""
        few = [self._plain("sample", 8), lambda: self.sample(8)]
        return self._per_member(self._plain("evaluate"), lambda: self.evaluator.evaluate(self.pack), rounds, few)

    def samples(self, count: int, rounds: int) -> Compared:
        """Drawing `count` strings."""
        return self._per_member(self._plain("sample", count), lambda: self.sample(count), rounds)

    def sample(self, count: int) -> object:
        """Draw `count` strings from each member."""
        config = self.pack.config
        length, steps = config.grammar.string_length, config.evaluation.sampling_steps
        with matmul_precision(config.training.precision):
            return sample_strings(self.pack.denoiser, self.pack.streams, length, count, steps)

    def _plain(self, name: str, *arguments: int) -> Callable[[], object]:
        return lambda: self.plain.submit(_do, name, *arguments).result()

    def _per_member(
        self,
        plain: Callable[[], object],
        ours: Callable[[], object],
        rounds: int,
        warm_up: list[Callable[[], object]] | None = None,
    ) -> Compared:
        plain_s, ours_s = in_turn([plain, ours], rounds, warm_up)
        return Compared(plain_s, ours_s / self.members)


@functools.cache
def plain_process(tuned: bool) -> ProcessPoolExecutor:
    """The process of the plain loop, tuned or not; it lasts as long as this one."""
    start = tune_process if tuned else functools.partial(torch.set_num_threads, 1)
    _processes.append(ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=start))
    return _processes[-1]


def stop_plain_processes() -> None:
    """End those that there are."""
    for process in _processes:
        process.shutdown()
    _processes.clear()
    plain_process.cache_clear()


def _begin(config: TrialConfig) -> None:
    grammar = make_grammar(config.grammar)
    data = draw_strings(grammar, config.training)
    _LOOP.update(loop=PlainLoop(config, data.train, data.test), grammar=grammar)


def _do(name: str, *arguments: int) -> object:
    own = (_LOOP["grammar"],) if name == "evaluate" else ()
    return getattr(_LOOP["loop"], name)(*arguments, *own)


def seeded(tree: Mapping[str, Any], seed: int) -> TrialConfig:
    """The trial of nested fields with a seed of training."""
    return parse_trial({**tree, "training": {**tree.get("training", {}), "seed": seed}})


def with_value(tree: Mapping[str, Any], name: str, value: object) -> dict[str, Any]:
    """The nested fields with one, `section.field`, set to a value."""
    section, field = name.split(".")
    return {**tree, section: {**tree.get(section, {}), field: value}}
