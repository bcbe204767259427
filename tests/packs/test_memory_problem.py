"""Errors that say that memory ran out are told from others."""

import pytest
import torch

from rhm_sweeps.packs.memory_problem import memory_problem, too_big


def error_of(size):
    try:
        torch.empty(size, dtype=torch.uint8)
    except (MemoryError, RuntimeError) as error:
        return error
    raise AssertionError("there was that much memory")


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.\nGPU 0 has ..."),
        MemoryError(),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_memory_errors_are_said_in_a_line(error):
    problem = memory_problem(error)
    assert problem
    assert "\n" not in problem


def test_the_error_of_the_cpu_allocator_is_one():
    assert "allocate" in memory_problem(error_of(2**55))


@pytest.mark.parametrize("error", [RuntimeError("shapes do not match"), ValueError("out of memory"), KeyError("x")])
def test_other_errors_are_none(error):
    assert memory_problem(error) is None


def test_a_pack_that_is_too_big_has_all_its_members_to_train():
    progress = too_big(2, "no memory")
    assert progress.finished
    assert (progress.active, progress.step, progress.endings, progress.too_big) == (2, 0, (), "no memory")
