"""What a Ray actor runs: one pack after another, each reporting when it has news, and from time to time."""

from __future__ import annotations

import platform
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

import ray
import torch
from ray import tune

from rhm_sweeps.credentials import redact
from rhm_sweeps.errors import (
    DiskFullError,
    OtherCodeError,
    StorageError,
    StorageRefusedError,
    SweepError,
    TakenOverError,
)
from rhm_sweeps.packs.full_disk import full_disk_told
from rhm_sweeps.packs.memory_problem import memory_problem, too_big
from rhm_sweeps.packs.pack_orders import read_orders
from rhm_sweeps.packs.pack_progress import Ending, Progress
from rhm_sweeps.packs.pack_run import PackRun
from rhm_sweeps.packs.report_pace import ReportPace
from rhm_sweeps.running.installed_code import installed_code, other_code
from rhm_sweeps.running.node_check import node_name
from rhm_sweeps.running.stored_run import StoredRun
from rhm_sweeps.running.task_config import shared_place, trials_in
from rhm_sweeps.running.tasks import parse_trials
from rhm_sweeps.storage.storage import Storage
from rhm_sweeps.training.process_tuning import tune_process
from rhm_sweeps.whole_file import write_atomically


class PackTrainable(tune.Trainable):  # type: ignore[misc]
    """A pack as a Ray Tune trial.

    Ray executes; it remembers nothing: the pack's own checkpoints and the driver's ledger do. An exception fails the pack's
    members with its reason, unless it says that the pack is too big for the memory here, or that the disk is full, which ends
    the run. Where the node leaves the cluster, the process reports that its pack has left, and fails at the next call: Ray gives
    a process that has failed no other pack.
    """

    def setup(self, config: dict[str, Any]) -> None:
        tune_process()
        self._trials = trials_in(config)
        self._folder, self._models_folder = Path(config["folder"]), Path(config["models_folder"])
        self._options: dict[str, Any] = {
            "device": config["device"],
            "checkpoint_interval_s": config["checkpoint_interval_s"],
            "judged": config.get("judged", False),
        }
        if config["sources"]:
            self._options["sources"] = {signature: Path(path) for signature, path in config["sources"].items()}
        self._pace = ReportPace(config["report_interval_s"])
        self._pack, self._beacon = config["pack"], shared_place(config)
        self._code: str = config.get("code", "")
        self._kept_in = Storage(config["storage"]) if config.get("storage") else None
        self._run: PackRun | StoredRun | None = None
        self._vacates = False
        self._node = ray.get_runtime_context().get_node_id() if ray.is_initialized() else ""

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Take the next pack in the same process."""
        self.setup(new_config)
        return True

    def step(self) -> dict[str, Any]:
        if self._vacates:
            raise SweepError("this process ends: its node leaves the cluster")
        try:
            self._run = self._run or self._begun()
            progress = self._pace.next_report(self._run)
        except TakenOverError:
            progress = Progress(0, 0, len(self._trials), 0.0, left=True)
        except StorageRefusedError as error:
            self._release()
            raise self._misplaced(str(error)) from error
        except (DiskFullError, StorageError, OtherCodeError):
            self._release()
            raise
        except Exception as error:
            progress = self._fail(error)
        if progress.finished:
            self._vacates = read_orders(self._run.folder if self._run else self._folder).vacate
            self._release()
        return {"progress": progress, "done": progress.finished and not self._vacates, "node": self._node}

    def _begun(self) -> PackRun | StoredRun:
        """The pack where it stands.

        Raises:
            StorageError: if this node does not share the folder in which packs are.
            OtherCodeError: if it has other code than the driver.
        """
        self._check_code()
        trials = parse_trials(self._trials)
        if self._kept_in:
            return StoredRun(trials, self._kept_in, self._pack, **self._options)
        if self._beacon and (problem := self._beacon.problem()):
            raise self._misplaced(problem)
        return PackRun(trials, self._folder, self._models_folder, **self._options)

    def _check_code(self) -> None:
        here = installed_code()
        if self._code and not self._code.startswith(f"{here.code} "):
            raise OtherCodeError(other_code(self._code, {self._node_name: str(here)}))

    @property
    def _node_name(self) -> str:
        return node_name(platform.node(), self._node)

    def _misplaced(self, problem: str) -> StorageError:
        return StorageError(self._beacon.unshared(self._node_name, problem) if self._beacon else problem)

    def _release(self) -> None:
        """Let go of the pack's memory: others may share the GPU."""
        if self._run is not None:
            self._run.close()
        self._run = None
        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()

    def _fail(self, error: Exception) -> Progress:
        self._release()
        if problem := memory_problem(error):
            return too_big(len(self._trials), problem)
        log = self._folder / "error.log"
        self._keep(redact(traceback.format_exc()).encode(), log)
        reason = f"{type(error).__name__}: {error} (see {log})"
        return Progress(0, 0, 0, 0.0, endings=tuple(Ending(name, "failed", reason) for name in self._trials))

    def _keep(self, content: bytes, log: Path) -> None:
        """Write a log where the driver finds it."""
        if self._kept_in is None:
            write_atomically(log, content)
            return
        with suppress(StorageError):
            self._kept_in.write(f"packs/{self._pack}/{log.name}", content)

    def save_checkpoint(self, checkpoint_dir: str) -> None:  # noqa: ARG002 - Ray's folder is not used
        if self._run is not None:
            self._run.save()

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Nothing to do: a pack starts from its own newest checkpoint."""

    def cleanup(self) -> None:
        """Save when asked to stop in the middle."""
        if self._run is not None and self._run.members:
            with suppress(TakenOverError, StorageError, DiskFullError), full_disk_told(self._run.folder):
                self._run.save()
        self._release()
