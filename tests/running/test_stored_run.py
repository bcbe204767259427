"""A pack that keeps its files in a storage: cut off anywhere, it goes on on another node, bitwise as if it had never been."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rhm_sweeps.errors import StorageRefusedError
from rhm_sweeps.packs.pack_orders import PackOrders, write_orders
from rhm_sweeps.running.stored_run import StoredRun
from rhm_sweeps.storage import pack_mirror
from rhm_sweeps.storage.storage import Storage
from rhm_sweeps.storage.storage_address import storage_at
from rhm_sweeps.training.saved_models import load_model

from ..pack_runs import advance_to, exactly, finish, start, trial
from ..storage.conftest import gcs_server, let_in, s3, s3_server, storage  # noqa: F401 - fixtures
from ..storage.object_server import ObjectServer
from ..storage.s3_server import S3Server


@pytest.fixture
def trials() -> list[Any]:
    return [trial(1), trial(2)]


def weights(folder: Path) -> dict[str, dict[str, list[Any]]]:
    return {
        path.name: {name: value.tolist() for name, value in load_model(path).model.state_dict().items()}
        for path in folder.glob("*.safetensors")
    }


def fetched(place: Storage, folder: Path) -> dict[str, dict[str, list[Any]]]:
    for name in place.sizes("models"):
        place.fetch(f"models/{name}", folder / name)
    return weights(folder)


@pytest.fixture(params=["folder", "s3_server", "gcs_server"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """In a folder, and on a server of either kind."""
    if request.param == "folder":
        return request.getfixturevalue("storage")
    server: ObjectServer = request.getfixturevalue(request.param)
    let_in(server, monkeypatch)
    return storage_at(server.address("cut-off"), server.environment)


@pytest.mark.slow
def test_a_run_that_is_cut_off_goes_on_in_another_process(place: Storage, trials: list[Any], tmp_path: Path) -> None:
    """The first ends after its second save; the other has nothing but the storage."""
    expected, endings = finish(start(trials, tmp_path / "whole"))
    first = StoredRun(trials, place, "p", checkpoint_interval_s=0.0)
    early = advance_to(first, 4)
    assert first._mirror.is_brought(10)
    assert first.folder.is_dir()
    first.close()
    assert not first.folder.exists()
    second = StoredRun(trials, place, "p", checkpoint_interval_s=0.0)
    points, ended = finish(second)
    second.close()
    assert {step for _, step in points} > {point.step for point in early}, "what was known is reported again"
    assert exactly(points) == exactly(expected)
    assert {name: ending.state for name, ending in ended.items()} == {
        name: ending.state for name, ending in endings.items()
    }
    assert fetched(place, tmp_path / "models") == weights(tmp_path / "whole" / "models")
    log = (place.read("packs/p/pack.log") or b"").decode()
    assert log.count(" start from ") == 2
    assert "from the checkpoint of step 4" in log


@pytest.mark.slow
def test_a_torn_checkpoint_in_the_storage_costs_one_interval(
    storage: Storage,  # noqa: F811
    trials: list[Any],
    tmp_path: Path,
) -> None:
    expected, _ = finish(start(trials, tmp_path / "whole"))
    first = StoredRun(trials, storage, "p", checkpoint_interval_s=0.0)
    advance_to(first, 4)
    assert first._mirror.is_brought(10)
    first.close()
    newest = max(name for name in storage.sizes("packs/p") if name.endswith(".ckpt"))
    storage.write(f"packs/p/{newest}", (storage.read(f"packs/p/{newest}") or b"")[:-100])
    second = StoredRun(trials, storage, "p")
    warnings = second.advance(10).warnings
    assert any("its digest does not match" in warning for warning in warnings)
    points, _ = finish(second)
    second.close()
    known = {key: point for key, point in expected.items() if key in points}
    assert exactly(points) == exactly(known)
    assert max(step for _, step in points) == 20


@pytest.mark.slow
def test_an_end_is_reported_when_the_storage_has_the_model(
    storage: Storage,  # noqa: F811
    trials: list[Any],
    tmp_path: Path,
) -> None:
    """While the storage is down the pack trains to its end and waits there; then nothing of it is missing."""
    run = StoredRun(trials, storage, "p")
    advance_to(run, 2)
    place, away = tmp_path / "the storage", tmp_path / "away"
    place.rename(away)
    place.write_text("it is down")
    reports = [run.advance(0.2)]
    while reports[-1].step < 20:
        reports.append(run.advance(0.2))
    reports += [run.advance(0.2), run.advance(0.2)]
    assert reports[-1].step == 20
    assert not any(report.finished or report.endings for report in reports)
    assert sum("it is tried again for up to 30 min" in said for report in reports for said in report.warnings) == 1
    assert all(point.step < 20 for report in reports for point in report.points)
    place.unlink()
    away.rename(place)
    points, endings = finish(run)
    run.close()
    assert {ending.state for ending in endings.values()} == {"done"}
    assert {step for _, step in points} == {20}
    assert len(storage.sizes("models")) == 4


@pytest.mark.slow
def test_it_waits_for_a_storage_that_is_down_when_it_begins(
    storage: Storage,  # noqa: F811
    trials: list[Any],
    tmp_path: Path,
) -> None:
    (tmp_path / "the storage").write_text("it is down")
    run = StoredRun(trials, storage, "p")
    report = run.advance(0.01)
    assert (report.step, report.active, report.finished, run.members) == (0, 2, False, [])
    assert len(report.warnings) == 1
    run.save()
    (tmp_path / "the storage").unlink()
    finish(run)
    run.close()
    assert len(storage.sizes("models")) == 4


@pytest.mark.slow
def test_it_does_not_wait_where_it_is_not_let_in(s3: S3Server, trials: list[Any]) -> None:  # noqa: F811
    run = StoredRun(trials, storage_at("s3://no-such-bucket/x", s3.environment), "p")
    with pytest.raises(StorageRefusedError, match="there is no such bucket"):
        run.advance(0.1)
    run.close()


def test_orders_reach_it_and_what_stopped_is_in_the_storage(
    storage: Storage,  # noqa: F811
    trials: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pack_mirror, "ORDERS_INTERVAL_S", 0.0)
    run = StoredRun(trials, storage, "p", checkpoint_interval_s=0.0)
    advance_to(run, 2)
    write_orders(tmp_path, PackOrders({trials[0].signature: "enough"}))
    storage.put(tmp_path / "orders.json", "packs/p/orders.json")
    _, endings = finish(run)
    run.close()
    assert {name: ending.state for name, ending in endings.items()} == {
        trials[0].signature: "stopped",
        trials[1].signature: "done",
    }
    assert f"{trials[0].signature}.state" in storage.sizes("models")


@pytest.mark.slow
def test_a_trial_goes_on_from_a_state_in_the_storage(storage: Storage, tmp_path: Path) -> None:  # noqa: F811
    short, long = trial(1), trial(1, training={"steps": 40})
    finish(start([short], tmp_path / "short"))
    state = tmp_path / "short" / "models" / f"{short.signature}.state"
    storage.put(state, f"models/{state.name}")
    run = StoredRun([long], storage, "q", sources={long.signature: Path("/of/the/driver") / state.name})
    report = run.advance(10)
    assert report.step == 20
    points, _ = finish(run)
    run.close()
    assert {step for _, step in points} == {32, 40}


def test_a_save_at_the_end_is_in_the_storage(storage: Storage, trials: list[Any]) -> None:  # noqa: F811
    run = StoredRun(trials, storage, "p")
    advance_to(run, 2)
    assert not [name for name in storage.sizes("packs/p") if name.endswith(".ckpt")]
    run.save()
    assert [name for name in storage.sizes("packs/p") if name.endswith(".ckpt")] == ["step-0000000002.ckpt"]
    run.close()
