"""A sweep to break: its space, its folder, its MLflow store, and the file in which its steps are written down."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console

from rhm_sweeps.pools.pools import Pool, Pools
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.drive import Run
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.plan import make_plan
from rhm_sweeps.sweeps.session import SessionResult, launch, resume
from rhm_sweeps.sweeps.session_options import SessionOptions
from rhm_sweeps.sweeps.stop_request import StopRequest

from ..processes import Command, Ended
from ..tiny_sweeps import run_alone
from .oracle import Oracle
from .training_site.sitecustomize import STEP_LOG, STEP_S

SITE = Path(__file__).with_name("training_site")
NAME, STEPS_LOG = "broken", "steps.log"
PATIENCE_S = 600
"""Starting Python and Ray takes a minute on a machine that is busy."""
SPACE = """\
# Is anything lost?
name: broken
trial:
  grammar: {{num_features: 4, num_classes: 4, num_synonyms: 2, tuple_size: 2, num_layers: 2}}
  diffusion: {{timesteps: 4}}
  model: {{width: 8}}
  training: {{train_size: 8, test_size: 4, batch_size: 8}}
  evaluation: {{num_samples: 16, loss_pairs: 16}}
space:
{axes}replicas: {replicas}
"""
POOLS = Pools((Pool("local", "cpu", 2, 1.0, 0.0, 8.0),))


@dataclass
class Stage:
    """The sweep `broken` in `results/` of a folder."""

    path: Path
    space: SearchSpace
    environment: Mapping[str, str] = field(default_factory=dict)
    within: Sequence[str] = ()
    """What stands before each command."""
    commands: list[Command] = field(default_factory=list)

    @property
    def folder(self) -> SweepFolder:
        return SweepFolder(self.path / "results" / NAME)

    @property
    def steps_log(self) -> Path:
        return self.path / STEPS_LOG

    @property
    def oracle(self) -> Oracle:
        return Oracle(planned_steps(self.space), self.folder.path, self.steps_log, self.path / "mlflow.db")

    def start(self, *arguments: str, step_s: float = 0.0, **environment: str) -> Command:
        """Start `rhm-sweep` as a user does; each of its steps takes so many seconds longer."""
        known = {**step_environment(self.path, step_s), **self.environment, **environment}
        command = Command(self.path, *arguments, environment=known, cores=2, within=self.within)
        self.commands.append(command)
        return command

    def kill(self, command: Command) -> int:
        """End a command as a power cut would, and return its exit code; what it leaves, `orphans` counts."""
        command.look()
        command.process.kill()
        return int(command.process.wait())

    def end(self) -> None:
        """End what still runs, of whichever command."""
        for command in self.commands:
            command.look()
            for process in (command.process, *command.family):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            command.process.wait()

    def wait_for_step(self, command: Command, executed: int) -> None:
        """Wait until more steps were executed than so many."""
        command.wait_until(lambda: self.oracle.executed() > executed, PATIENCE_S)

    def here(
        self, *, again: bool = False, run: Run = run_alone, stop: StopRequest | None = None, **options: str
    ) -> SessionResult:
        """Launch the sweep in this process, or go on with it."""
        chosen = SessionOptions(self.path / "results", **options)  # type: ignore[arg-type]
        rest = (POOLS, run, Console(file=io.StringIO()), stop or StopRequest())
        return resume(NAME, chosen, *rest) if again else launch(self.space, chosen, *rest)


def recovery_s(oracle: Oracle, command: Command) -> float:
    """Wait for the first step in a process that was started after a command, and return the seconds since its start.

    What the processes of earlier commands still end does not count.
    """
    since = float(command.process.create_time())
    command.wait_until(lambda: oracle.executed(born_after=since) > 0, PATIENCE_S)
    return time.time() - since


def site_path() -> str:
    """The PYTHONPATH of processes that write down their steps."""
    return os.pathsep.join(filter(None, (str(SITE), os.environ.get("PYTHONPATH"))))


def step_environment(folder: Path, step_s: float) -> dict[str, str]:
    """The environment of processes that write down their steps in a folder, each of which takes so many seconds longer."""
    return {STEP_LOG: str(folder / STEPS_LOG), STEP_S: str(step_s), "PYTHONPATH": site_path()}


def planned_steps(space: SearchSpace) -> dict[str, int]:
    """The steps of each trial of a space, by signature."""
    return {trial.signature: trial.training.steps for trial in make_plan(space).trials}


def ended_well(command: Command) -> Ended:
    """Wait for a command that ends with everything done."""
    ended = command.wait(PATIENCE_S)
    assert ended.code == 0, ended.err
    return ended


def space_text(replicas: int, **axes: str) -> str:
    """A space of so many replicas; the axes are YAML, by the name of the training field."""
    lines = "".join(f"  training.{name}: {values}\n" for name, values in axes.items())
    return SPACE.format(axes=lines, replicas=replicas)
