"""The storage of a sweep: chosen once, remembered in its ledger, and its models are in the sweep's folder in the end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from rhm_sweeps.errors import UsageError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.running.in_process import run_in_process
from rhm_sweeps.storage.storage import Storage
from rhm_sweeps.sweeps.drive import Outcome
from rhm_sweeps.sweeps.folder import SweepFolder, sweep_folder
from rhm_sweeps.sweeps.place import place_in_process
from rhm_sweeps.sweeps.sweep_storage import choose_storage, fetch_missing, remember_storage, sweep_storage
from rhm_sweeps.training.saved_models import load_model

from ..tiny_sweeps import RecordingView


def test_a_sweep_has_a_place_of_its_own_and_keeps_it(folder: SweepFolder, ledger: Ledger, tmp_path: Path) -> None:
    assert choose_storage(folder, None) is None
    address = str(tmp_path / "storage")
    chosen = choose_storage(folder, address)
    assert chosen
    assert chosen.uri.startswith(f"file://{address}/tiny-")
    assert chosen != choose_storage(folder, address), "before it is remembered"
    remember_storage(ledger, chosen)
    remember_storage(ledger, None)
    assert chosen == sweep_storage(ledger) == choose_storage(folder, None) == choose_storage(folder, address)
    assert choose_storage(folder, chosen.uri) == chosen
    with pytest.raises(UsageError, match=r"but sweep tiny has its checkpoints in file://\S+; leave --storage out"):
        choose_storage(folder, str(tmp_path / "another"))


def test_before_there_is_a_sweep_there_is_nothing_to_read(tmp_path: Path) -> None:
    assert choose_storage(sweep_folder(tmp_path, "new"), None) is None
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_a_sweep_that_was_stopped_goes_on_from_the_storage_alone(
    go: Callable[..., Outcome], folder: SweepFolder, ledger: Ledger, tmp_path: Path
) -> None:
    """Its folder has models and logs, and no checkpoint."""
    storage = Storage((tmp_path / "storage").as_uri())
    run = partial(run_in_process, report_interval_s=0.0, storage=storage)
    view = RecordingView(stop_after=3)
    assert go(view, run).unfinished == 4
    remember_storage(ledger, storage)
    assert not list(folder.packs.glob("*/*.ckpt"))
    assert [name for name in storage.sizes(below=True) if name.endswith(".ckpt")]
    again = RecordingView()
    assert go(again, partial(place_in_process(folder, 60.0).run, report_interval_s=0.0)).done == 4
    names = list(ledger.states())
    assert {load_model(folder.models / f"{name}.safetensors").step for name in names} == {8}
    assert all(folder.training_state(name).is_file() for name in names)
    assert not list(folder.packs.glob("*/*.ckpt"))
    logs = [path.read_text() for path in folder.packs.glob("*/pack.log")]
    assert sum("from the checkpoint of step" in log for log in logs) == 1
    assert len(logs) == 2
    (folder.models / f"{names[0]}.safetensors").unlink()
    assert fetch_missing(ledger, folder, storage) == ""
    assert load_model(folder.models / f"{names[0]}.safetensors").step == 8
    (folder.models / f"{names[0]}.safetensors").unlink()
    said = fetch_missing(ledger, folder, Storage((folder.path / "ledger.db").as_uri()))
    assert said.startswith("models are missing here, and `rhm-sweep resume` fetches them: cannot read models/")
