"""The calls that record a CUDA graph, held against torch's own signatures: no graph was ever recorded by them."""

import contextlib
import inspect

import pytest
import torch

from rhm_sweeps.training.cuda_graphs import SWITCH, CudaGraphs, cuda_graphs

GPU = torch.device("cuda", 1)


@pytest.fixture
def calls(monkeypatch):
    """What is asked of `torch.cuda`, in order; every call must be one that torch takes."""
    seen = []

    class Stream:
        def __init__(self, name):
            self.name = name

        def wait_stream(self, other):
            seen.append(f"{self.name} waits for {other.name}")

    class Graph:
        def replay(self):
            seen.append("replay")

    def context(name):
        signature = inspect.signature(getattr(torch.cuda, name))

        @contextlib.contextmanager
        def within(*args, **named):
            signature.bind(*args, **named)
            seen.append(f"{name} {{")
            yield
            seen.append("}")

        monkeypatch.setattr(torch.cuda, name, within)

    for name in ("device", "stream", "graph"):
        context(name)
    assert callable(torch.cuda.CUDAGraph.replay)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "Stream", lambda device: Stream("ours"))
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device=None: Stream("main"))
    monkeypatch.setattr(torch.cuda, "set_stream", lambda stream: seen.append(f"back to {stream.name}"))
    return seen


def test_warm_up_is_on_the_recorders_stream_which_waits_and_is_waited_for(calls):
    CudaGraphs(GPU).warm_up(lambda: calls.append("work"))
    assert calls == ["device {", "ours waits for main", "stream {", "work", "}", "main waits for ours", "}"]


def test_recording_takes_the_work_down_and_repeats_its_graph(calls):
    replay = CudaGraphs(GPU).record(lambda: calls.append("work"))
    assert calls == ["device {", "graph {", "work", "}", "}"]
    replay()
    assert calls[-1] == "replay"


def test_where_recording_fails_the_callers_stream_is_the_current_one_again(calls):
    def work():
        raise RuntimeError("operation not permitted when stream is capturing")

    with pytest.raises(RuntimeError, match="not permitted"):
        CudaGraphs(GPU).record(work)
    assert calls[-1] == "back to main"


@pytest.mark.parametrize(("switch", "recorded"), [(None, True), ("1", True), ("0", False)])
def test_a_variable_switches_recording_off(calls, monkeypatch, switch, recorded):
    if switch is not None:
        monkeypatch.setenv(SWITCH, switch)
    assert (cuda_graphs(GPU) is not None) == recorded
    assert cuda_graphs(torch.device("cpu")) is None
