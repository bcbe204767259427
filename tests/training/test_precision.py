"""The precision of matrix products."""

import torch

from rhm_sweeps.training.precision import matmul_precision


def test_the_precision_of_matrix_products_is_put_back():
    before = torch.get_float32_matmul_precision()
    with matmul_precision("tf32"):
        assert torch.get_float32_matmul_precision() == "high"
    assert torch.get_float32_matmul_precision() == before
