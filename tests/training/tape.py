"""What a GPU does when it records and repeats, done on a CPU.

A tape takes down every operation that reaches the device, with the tensors themselves, as a CUDA graph does their addresses, and
Python's numbers as they were. Playing it runs the operations again on that memory. What a kernel of numba does it never hears of.
"""

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def tensors(tree):
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, torch.Tensor)]


class Tape(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.calls, self._before = [], []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function._schema.is_mutable:
            self._before += [(tensor, tensor.detach().clone()) for tensor in tensors((args, kwargs))]
        out = function(*args, **kwargs)
        self.calls.append((function, args, kwargs, out))
        return out

    @torch.no_grad()
    def rewind(self):
        """Put back what recording changed: on a GPU it only takes down."""
        for tensor, before in reversed(self._before):
            tensor.copy_(before)
        self._before.clear()

    @torch.no_grad()
    def play(self):
        for function, args, kwargs, out in self.calls:
            if function.is_view:
                continue
            again = function(*args, **kwargs)
            if not function._schema.is_mutable:
                for old, new in zip(tensors(out), tensors(again), strict=True):
                    old.copy_(new)


class TapeRecorder:
    """A recorder of steps, and what became of it."""

    def __init__(self):
        self.warmed, self.recorded, self.played = 0, 0, 0

    def warm_up(self, call):
        self.warmed += 1
        call()

    def record(self, call):
        self.recorded += 1
        tape = Tape()
        with tape:
            call()
        tape.rewind()

        def play():
            self.played += 1
            tape.play()

        return play
