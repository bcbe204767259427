"""Recording of steps on NVIDIA GPUs, as CUDA graphs. Never run on a GPU: what it records is tested on a CPU, these calls are not."""

from __future__ import annotations

import os
from collections.abc import Callable

import torch

SWITCH = "RHM_SWEEP_CUDA_GRAPHS"
"""The environment variable that, set to 0, lets Python launch every kernel of every step."""


class CudaGraphs:
    """Records and repeats by torch's own API, on a stream of its own, as that asks for."""

    def __init__(self, device: torch.device) -> None:
        self._device, self._stream = device, torch.cuda.Stream(device)

    def warm_up(self, call: Callable[[], None]) -> None:
        """Do the work on the stream on which it will be recorded."""
        with torch.cuda.device(self._device):
            self._stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self._stream):
                call()
            torch.cuda.current_stream().wait_stream(self._stream)

    def record(self, call: Callable[[], None]) -> Callable[[], None]:
        """Return the replay of the work's graph."""
        graph, before = torch.cuda.CUDAGraph(), torch.cuda.current_stream(self._device)
        try:
            with torch.cuda.device(self._device), torch.cuda.graph(graph, stream=self._stream):
                call()
        except RuntimeError:
            torch.cuda.set_stream(before)  # torch stays on its stream where ending the recording fails
            raise
        return graph.replay


def cuda_graphs(device: torch.device) -> CudaGraphs | None:
    """The recorder of a device; None for a CPU, and where it is switched off."""
    return CudaGraphs(device) if device.type == "cuda" and os.environ.get(SWITCH) != "0" else None
