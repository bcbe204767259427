"""Where packs run on this machine."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest
import torch

from rhm_sweeps.errors import SweepError, UsageError
from rhm_sweeps.packs.flops import evaluation_flops, model_cost, training_flops
from rhm_sweeps.pools.machine import available_memory_gib
from rhm_sweeps.pools.pool_routes import Route
from rhm_sweeps.pools.pools import Pool, Pools, check_device, local_pool, local_pools
from rhm_sweeps.spaces.expressions import parse_condition

from ..tiny_sweeps import tiny_plan

SMALL, LARGE = (Pool(name, "cpu", 2, 1.0, 0.0, 8.0) for name in ("small", "large"))
TRIAL = tiny_plan().trials[0]


def test_without_a_gpu_every_core_is_a_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 4, 7}, raising=False)
    pool = local_pool()
    assert (pool.device, pool.slots, pool.cpus_per_pack, pool.gpus_per_pack) == ("cpu", 3, 1.0, 0.0)
    assert pool.memory_gib == pytest.approx(available_memory_gib() / 3)


@pytest.mark.parametrize(("cores", "cpus_per_pack"), [(16, 1.0), (2, 0.5)])
def test_every_gpu_is_a_slot_with_its_own_memory(
    monkeypatch: pytest.MonkeyPatch, cores: int, cpus_per_pack: float
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: SimpleNamespace(total_memory=80 * 2**30))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert local_pool() == Pool("local", "cuda", 4, cpus_per_pack, 1.0, 80.0)


def test_a_device_that_is_here_is_taken() -> None:
    assert check_device("cpu") == "cpu"


@pytest.mark.parametrize("name", ["", "meta", "gpu", "cuda:", "cpu\n"])
def test_a_device_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"the device is .*, but must be cpu or cuda"):
        check_device(name)


def test_a_device_that_is_not_here_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'cuda:99', but this machine cannot use it: .+; use cpu"):
        check_device("cuda:99")


def test_what_a_pack_asks_for_has_rays_names() -> None:
    gpu = Pool("g", "cuda", 2, 4.0, 0.5, 40.0, "H100", {"zone": "a"}, {"fast_disk": 1.0})
    assert gpu.request == {"CPU": 4.0, "GPU": 0.5, "fast_disk": 1.0, "accelerator_type:H100": 0.001}
    assert SMALL.request == {"CPU": 1.0, "memory": 8.0 * 2**30}


def test_the_machine_alone_takes_every_trial() -> None:
    assert local_pools().route(TRIAL) == "local"
    assert list(local_pools().limits) == ["local"]


def test_the_first_rule_that_holds_decides() -> None:
    def pools(*routes: Route) -> Pools:
        return Pools((SMALL, LARGE), (*routes, Route("small")))

    assert pools(Route("large", parse_condition("width >= 8"))).route(TRIAL) == "large"
    assert pools(Route("large", parse_condition("width >= 9"))).route(TRIAL) == "small"
    assert pools(Route("small", parse_condition("width >= 8")), Route("large")).route(TRIAL) == "small"


def test_a_rule_may_be_for_what_is_costly() -> None:
    parameters = model_cost(TRIAL).parameters
    work = training_flops(TRIAL) + evaluation_flops(TRIAL)
    assert Route("p", min_parameters=parameters, min_flops=work).holds(TRIAL)
    assert not Route("p", min_parameters=parameters + 1).holds(TRIAL)
    assert not Route("p", min_flops=work * 1.01).holds(TRIAL)


def test_a_pool_that_can_never_run_is_left_for_another_or_refused() -> None:
    routes = (Route("large", otherwise="small"),)
    assert Pools((SMALL, LARGE), routes).route(TRIAL) == "large"
    assert Pools((SMALL, LARGE), routes, {"large": "no GPU"}).route(TRIAL) == "small"
    refused = Pools((SMALL, LARGE), (Route("large"),), {"large": "no GPU"})
    assert refused.limits == {"small": 2}
    with pytest.raises(SweepError, match="pool large can never run a pack here: no GPU"):
        refused.route(TRIAL)
