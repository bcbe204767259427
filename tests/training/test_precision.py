"""The precision of matrix products."""

import pytest
import torch

from rhm_sweeps.training.precision import matmul_precision


def precisions():
    return torch.get_float32_matmul_precision(), torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction


@pytest.mark.parametrize(("precision", "expected"), [("float32", "highest"), ("bf16", "highest"), ("tf32", "high")])
def test_the_precision_of_matrix_products_is_put_back(precision, expected):
    before = precisions()
    with matmul_precision("tf32"):
        with matmul_precision(precision):
            assert precisions() == (expected, False)
        assert precisions() == ("high", False)
    assert precisions() == before
