"""The fused operations against torch's own in double precision."""

import pytest
import torch
from torch.nn.functional import gelu as exact_gelu

from rhm_sweeps.models.fused import gelu, norm, norm_gelu

EPS = 1e-5
SHAPES = [((6, 5, 24), (24,)), ((3, 6, 5, 24), (3, 24)), ((1, 4, 7, 200), (1, 200)), ((2, 3, 1, 3), (2, 3))]


def _normal(shape, seed):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def _gradients(function, *inputs):
    inputs = [x.clone().requires_grad_() for x in inputs]
    output = function(*inputs)
    output.backward(_normal(output.shape, 9).to(output))
    return [output.detach(), *(x.grad for x in inputs)]


def _exact(x, weight, bias):
    mean, variance = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, correction=0)
    lead = weight.shape[:-1] + (1,) * (x.ndim - weight.ndim) + weight.shape[-1:]
    return (x - mean) / (variance + EPS).sqrt() * weight.reshape(lead) + bias.reshape(lead)


def _assert_close(found, wanted):
    for one, other in zip(found, wanted, strict=True):
        scale = other.abs().max().clamp(min=1.0)
        assert (one.double() - other).abs().max() < 2e-6 * scale


@pytest.mark.parametrize(("shape", "own"), SHAPES)
def test_norm_gelu_and_its_gradients_equal_those_in_double_precision(shape, own):
    inputs = 3 * _normal(shape, 0), _normal(own, 1), _normal(own, 2)
    doubles = [x.double() for x in inputs]
    found = _gradients(lambda x, w, b: norm_gelu(x, w, b, EPS), *inputs)
    _assert_close(found, _gradients(lambda x, w, b: exact_gelu(_exact(x, w, b)), *doubles))
    _assert_close([norm(*inputs, EPS)], [_exact(*doubles)])


def test_norm_gelu_takes_what_is_not_contiguous():
    x, weight, bias = _normal((2, 6, 5, 8), 0), _normal((2, 8), 1), _normal((2, 8), 2)
    turned = _gradients(lambda x: norm_gelu(x.transpose(1, 2), weight, bias, EPS).transpose(1, 2), x)
    for one, other in zip(turned, _gradients(lambda x: norm_gelu(x, weight, bias, EPS), x), strict=True):
        assert one.shape == other.shape
    assert torch.equal(turned[0], norm_gelu(x, weight, bias, EPS))


def test_gelu_and_its_gradient_equal_those_in_double_precision():
    x = torch.cat((torch.linspace(-12, 12, 4001), torch.tensor([0.0, -0.0, 1e-30, 1e4, -1e4])))
    _assert_close(_gradients(gelu, x), _gradients(exact_gelu, x.double()))


@pytest.mark.parametrize(("shape", "own"), SHAPES[1:3])
def test_in_bfloat16_results_are_those_of_float32_rounded(shape, own):
    x, weight, bias = _normal(shape, 0).bfloat16(), _normal(own, 1), _normal(own, 2)
    found = _gradients(lambda x, w, b: norm_gelu(x, w, b, EPS), x, weight, bias)
    wanted = _gradients(lambda x, w, b: norm_gelu(x, w, b, EPS), x.float(), weight, bias)
    assert [part.dtype for part in found] == [torch.bfloat16, torch.bfloat16, torch.float32, torch.float32]
    assert torch.equal(found[0], wanted[0].bfloat16())
    for one, other in zip(found[1:], wanted[1:], strict=True):
        assert (one - other).abs().max() < 0.02 * other.abs().max()
    assert torch.equal(gelu(x), gelu(x.float()).bfloat16())


def test_other_precisions_go_through_torch():
    x = _normal((4, 8), 0).double()
    assert torch.equal(gelu(x), exact_gelu(x))
    assert norm_gelu(x, torch.ones(8).double(), torch.zeros(8).double(), EPS).dtype == torch.float64


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_not_finite_stays_so(bad):
    x = _normal((2, 3, 8), 0)
    x[1, 2, 3] = bad
    assert not gelu(x)[1, 2, 3].isfinite()
    out = norm_gelu(x, torch.ones(8), torch.zeros(8), EPS)
    assert out[1, 2].isnan().all()
    assert out[0].isfinite().all()


def test_a_member_does_not_depend_on_its_pack():
    x, weight, bias = _normal((5, 6, 2, 24), 0), _normal((5, 24), 1), _normal((5, 24), 2)
    packed = _gradients(lambda *three: norm_gelu(*three, EPS), x, weight, bias)[0]
    alone = norm_gelu(x[3:4], weight[3:4], bias[3:4], EPS)
    assert torch.equal(packed[3:4], alone)
