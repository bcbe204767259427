"""A planned sweep that trains in a second, and what drives it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.sweeps.drive import Outcome, Run, drive
from rhm_sweeps.sweeps.folder import SweepFolder, create_sweep_folder
from rhm_sweeps.training.loop import PackTrainer

from ..tiny_sweeps import LIMITS, RecordingView, record, run_alone, tiny_plan


@pytest.fixture
def folder(tmp_path: Path) -> SweepFolder:
    return create_sweep_folder(tmp_path / "results", "tiny")


@pytest.fixture
def ledger(folder: SweepFolder) -> Iterator[Ledger]:
    """The record of a planned sweep of four trials in two packs."""
    with Ledger(folder.path, create=True) as opened:
        record(opened, tiny_plan())
        yield opened


@pytest.fixture
def go(ledger: Ledger, folder: SweepFolder) -> Callable[..., Outcome]:
    """Drive the sweep, by default in this process."""

    def drive_it(view: RecordingView | None = None, run: Run | None = None, **options: Any) -> Outcome:
        view = view or RecordingView()
        return drive(ledger, folder, run or run_alone, LIMITS, view, view.stop, **options)

    return drive_it


@pytest.fixture
def trained_steps(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Optimizer steps that are executed while the test runs, by trial."""
    steps: Counter[str] = Counter()
    build, train, select = PackTrainer.__init__, PackTrainer.train, PackTrainer.select

    def counting_init(self: PackTrainer, configs: list[TrialConfig], *rest: Any, **options: Any) -> None:
        self.counted = [config.signature for config in configs]  # type: ignore[attr-defined]
        build(self, configs, *rest, **options)

    def counting_train(self: PackTrainer, count: int) -> Any:
        steps.update(dict.fromkeys(self.counted, count))  # type: ignore[attr-defined]
        return train(self, count)

    def counting_select(self: PackTrainer, kept: list[int]) -> None:
        self.counted = [self.counted[k] for k in kept]  # type: ignore[attr-defined]
        select(self, kept)

    monkeypatch.setattr(PackTrainer, "__init__", counting_init)
    monkeypatch.setattr(PackTrainer, "train", counting_train)
    monkeypatch.setattr(PackTrainer, "select", counting_select)
    return steps
