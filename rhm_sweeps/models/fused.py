"""GELU, alone and behind a LayerNorm: by numba's kernels on a CPU in float32 or bfloat16, by torch's operations elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional

from rhm_sweeps.models import gelu_kernels as kernels
from rhm_sweeps.models.linear import per_member

_only_shapes = ContextVar("only_shapes", default=False)


@contextmanager
def only_shapes() -> Iterator[None]:
    """Leave out the kernels' work while the block lasts: results have their shapes, and whatever values were in memory.

    For whoever counts operations, and would wait for `load_kernels`.
    """
    before = _only_shapes.set(True)
    try:
        yield
    finally:
        _only_shapes.reset(before)


def load_kernels() -> None:
    """Have numba load a kernel: its first takes most of a second."""
    gelu(torch.zeros(1))


def gelu(x: Tensor) -> Tensor:
    """x Phi(x), of any shape."""
    return _Gelu.apply(x, torch.is_grad_enabled()) if _has_kernel(x) else functional.gelu(x)  # type: ignore[no-untyped-call]


def norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """LayerNorm of x (..., channels), by weights and biases (channels,), or (K, channels) of the K members that x begins with.

    With weights and biases per member this is faster than torch's, which takes three passes.
    """
    unit = functional.layer_norm(x, x.shape[-1:], eps=eps)
    return torch.addcmul(per_member(bias, x), unit, per_member(weight, x))


def norm_gelu(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """`gelu` of `norm`."""
    if _has_kernel(x):
        return _NormGelu.apply(x, weight, bias, eps, torch.is_grad_enabled())  # type: ignore[no-untyped-call,no-any-return]
    return functional.gelu(norm(x, weight, bias, eps))


def _has_kernel(x: Tensor) -> bool:
    return x.is_cpu and x.dtype in (torch.float32, torch.bfloat16)


class _Gelu(Function):
    """`gelu` by its kernel."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, training: bool) -> Tensor:
        out, slope = torch.empty(x.shape, dtype=x.dtype), _slope(x, training)
        _run(kernels.gelu, *_arrays(x.reshape(-1), out.view(-1), slope.view(-1)))
        ctx.save_for_backward(slope)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        slope: Tensor = ctx.saved_tensors[0]
        return grad * slope, None


class _NormGelu(Function):
    """`norm_gelu` by its kernels."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float, training: bool) -> Tensor:
        members = weight.numel() // weight.shape[-1]
        rows = x.contiguous().view(members, -1, x.shape[-1])
        out, slope = torch.empty_like(rows), _slope(rows, training)
        mean, inverse = torch.empty(rows.shape[:2]), torch.empty(rows.shape[:2])
        own = _matrices(members, weight, bias)
        _run(kernels.norm_gelu, *_arrays(rows, *own), eps, *_arrays(out, slope, mean, inverse))
        ctx.save_for_backward(slope, rows, weight, mean, inverse)
        ctx.shape = x.shape
        return out.view(x.shape)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        slope, rows, weight, mean, inverse = ctx.saved_tensors
        by_x, by_weight, by_bias = torch.empty_like(rows), torch.empty_like(weight), torch.empty_like(weight)
        own = _matrices(len(rows), weight, by_weight, by_bias)
        grad = grad.contiguous().view(rows.shape)
        _run(kernels.norm_gelu_backward, *_arrays(grad, slope, rows, own[0], mean, inverse, by_x, *own[1:]))
        return by_x.view(ctx.shape), by_weight, by_bias, None, None


def _run(kernel: Callable[..., None], *arguments: kernels.Numbers | float) -> None:
    if not _only_shapes.get():
        kernel(*arguments)


def _slope(x: Tensor, training: bool) -> Tensor:
    """Room for the derivative at each entry, or none where nobody will ask for gradients."""
    return x.new_empty(x.shape if training else [1] * (x.ndim - 1) + [0])


def _matrices(members: int, *values: Tensor) -> list[Tensor]:
    """Each as (K, channels), which it may have been before."""
    return [value.view(members, -1) for value in values]


def _arrays(*tensors: Tensor) -> list[kernels.Numbers]:
    """The tensors' own memory as arrays; of bfloat16, which numpy does not know, the bits."""
    return [(x.view(torch.uint16) if x.dtype == torch.bfloat16 else x).numpy() for x in tensors]
