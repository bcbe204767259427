"""A device that computes nothing, torch's `meta`, in the place of a GPU: it shows what waits for one, and what is on the wrong side.

Whoever asks `meta` for a number, or for as many entries as a condition holds for, gets an error; what goes to it or comes from it is
counted here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

DEVICE = "meta"
_WITHOUT_META = (
    "_fused_adam_.tensor_lr",
    "_fused_adamw_.tensor_lr",
    "_fused_sgd_.tensor_lr",
    "_fused_sgd_",
    "_fused_adam_",
    "_fused_adamw_",
)
"""Kernels in place that torch has for CPUs and GPUs only."""


class Watch(TorchDispatchMode):
    """Takes down the operations that have tensors of the CPU and the device both, or make one of the other."""

    def __init__(self) -> None:
        super().__init__()
        self.operations, self.across = 0, []  # type: ignore[var-annotated]

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = function(*args, **(kwargs or {}))
        self.operations += 1
        tensors = [one for one in tree_leaves((args, kwargs, out)) if isinstance(one, torch.Tensor)]
        if len({tensor.device.type for tensor in tensors}) > 1:
            self.across.append(str(function))
        return out


class Held(TorchDispatchMode):
    """The most bytes that were held at once, of what was made inside and of the tensors given."""

    def __init__(self, *tensors: torch.Tensor) -> None:
        super().__init__()
        self.most = 0
        self._storages: dict[int, tuple[StorageWeakRef, int]] = {}
        self._hold(tensors)

    def _hold(self, tensors: Any) -> None:
        for storage in (one.untyped_storage() for one in tree_leaves(tensors) if isinstance(one, torch.Tensor)):
            self._storages[storage._cdata] = StorageWeakRef(storage), storage.nbytes()
        self._storages = {key: kept for key, kept in self._storages.items() if not kept[0].expired()}
        self.most = max(self.most, sum(size for _, size in self._storages.values()))

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = function(*args, **(kwargs or {}))
        self._hold(out)
        return out


@contextmanager
def computing_nothing() -> Iterator[None]:
    """Fused optimizers work on the device, as they do on a GPU."""
    library = torch.library.Library("aten", "IMPL", "Meta")
    for name in _WITHOUT_META:
        library.impl(name, lambda *values, **named: None)
    yield
    library._destroy()
