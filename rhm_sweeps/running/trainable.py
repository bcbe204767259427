"""What a Ray actor runs: one pack after another, reporting after each burst of training."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import ray
import torch
from ray import tune

from rhm_sweeps.credentials import redact
from rhm_sweeps.packs.memory_problem import memory_problem, too_big
from rhm_sweeps.packs.pack_progress import Ending, Progress
from rhm_sweeps.packs.pack_run import PackRun
from rhm_sweeps.running.task_config import trials_in
from rhm_sweeps.running.tasks import parse_trials
from rhm_sweeps.training.checkpoints import write_atomically
from rhm_sweeps.training.process_tuning import tune_process


class PackTrainable(tune.Trainable):  # type: ignore[misc]
    """A pack as a Ray Tune trial.

    Ray executes; it remembers nothing: the pack's own checkpoints and the driver's ledger do. An exception fails the pack's
    members with its reason, unless it says that the pack is too big for the memory here.
    """

    def setup(self, config: dict[str, Any]) -> None:
        tune_process()
        self._trials = trials_in(config)
        self._folder, self._models_folder = Path(config["folder"]), Path(config["models_folder"])
        self._options: dict[str, Any] = {
            "device": config["device"],
            "checkpoint_interval_s": config["checkpoint_interval_s"],
        }
        if config["sources"]:
            self._options["sources"] = {signature: Path(path) for signature, path in config["sources"].items()}
        self._budget_s: float = config["report_interval_s"]
        self._run: PackRun | None = None
        self._node = ray.get_runtime_context().get_node_id() if ray.is_initialized() else ""

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Take the next pack in the same process."""
        self.setup(new_config)
        return True

    def step(self) -> dict[str, Any]:
        try:
            if self._run is None:
                trials = parse_trials(self._trials)
                self._run = PackRun(trials, self._folder, self._models_folder, **self._options)
            progress = self._run.advance(self._budget_s)
        except Exception as error:
            progress = self._fail(error)
        if progress.finished:
            self._release()
        return {"progress": progress, "done": progress.finished, "node": self._node}

    def _release(self) -> None:
        """Let go of the pack's memory: others may share the GPU."""
        self._run = None
        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()

    def _fail(self, error: Exception) -> Progress:
        self._run = None
        if problem := memory_problem(error):
            return too_big(len(self._trials), problem)
        log = self._folder / "error.log"
        write_atomically(log, redact(traceback.format_exc()).encode())
        reason = f"{type(error).__name__}: {error} (see {log})"
        return Progress(0, 0, 0, 0.0, endings=tuple(Ending(name, "failed", reason) for name in self._trials))

    def save_checkpoint(self, checkpoint_dir: str) -> None:  # noqa: ARG002 - Ray's folder is not used
        if self._run is not None:
            self._run.save()

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Nothing to do: a pack starts from its own newest checkpoint."""

    def cleanup(self) -> None:
        """Save when asked to stop in the middle."""
        if self._run is not None and self._run.members:
            self._run.save()
        self._run = None
