"""Loaded by every Python process that has this folder in its PYTHONPATH: it writes down each optimizer step, outside the product.

The environment says what else it does to the processes that train:

- STEP_LOG: the file to which each executed step is appended, one line: the step, when its process was started, as Unix time, and the
  signatures of those that took it.
- STEP_S: seconds that each step takes longer, so that there is time to break something.
- RENAME_LOG: the file to which each file that is put under its final name is appended, one line: the process and the file.
- MOST_MEMBERS: packs of more members ask torch for more memory than any machine has.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

STEP_LOG, STEP_S, RENAME_LOG, MOST_MEMBERS = "STEP_LOG", "STEP_S", "RENAME_LOG", "MOST_MEMBERS"
LOOP = "rhm_sweeps.training.loop"
MORE_THAN_THERE_IS = 2**60
BORN = time.time()


def watch_trainer(trainer: type, log: Path, step_s: float = 0.0, most_members: float = float("inf")) -> dict[str, Any]:
    """Let a trainer's class write down its steps; returns what was there before, by name."""
    before = {name: getattr(trainer, name) for name in ("__init__", "_step", "select")}
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def begin(self: Any, configs: Sequence[Any], *rest: Any, **options: Any) -> None:
        self.watched = [config.signature for config in configs]
        before["__init__"](self, configs, *rest, **options)
        if len(configs) > most_members:
            import torch

            torch.empty(MORE_THAN_THERE_IS, dtype=torch.uint8)

    def step(self: Any, *batch: Any) -> Any:
        time.sleep(step_s)
        losses = before["_step"](self, *batch)
        os.write(file, f"{self.step + 1} {BORN:.3f} {' '.join(self.watched)}\n".encode())
        return losses

    def select(self: Any, kept: Sequence[int]) -> None:
        self.watched = [self.watched[k] for k in kept]
        before["select"](self, kept)

    for name, watched in (("__init__", begin), ("_step", step), ("select", select)):
        setattr(trainer, name, watched)
    return before


def watch_renames(log: Path) -> None:
    """Let this process write down what it renames, for as long as it lives."""
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.rename":
            os.write(file, f"{os.getpid()} {os.fspath(arguments[1])}\n".encode())

    sys.addaudithook(heard)


class _AfterImport:
    """Finds the module of the training loop as Python does, and calls a function when it has been imported."""

    def __init__(self, then: Callable[[ModuleType], object]) -> None:
        self._then = then

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> ModuleSpec | None:
        if name != LOOP:
            return None
        spec = PathFinder.find_spec(name, path, target)
        loader: Any = spec and spec.loader
        execute = loader.exec_module

        def execute_and_watch(module: ModuleType) -> None:
            execute(module)
            self._then(module)

        loader.exec_module = execute_and_watch
        return spec


if STEP_LOG in os.environ:
    _options = (float(os.environ.get(STEP_S, "0")), float(os.environ.get(MOST_MEMBERS, "inf")))
    _log = Path(os.environ[STEP_LOG])
    sys.meta_path.insert(0, _AfterImport(lambda module: watch_trainer(module.PackTrainer, _log, *_options)))  # type: ignore[arg-type]
if RENAME_LOG in os.environ:
    watch_renames(Path(os.environ[RENAME_LOG]))
