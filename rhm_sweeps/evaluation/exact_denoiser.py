"""The perfect denoiser of uniform diffusion: what a network could at best know about x_0."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from rhm_sweeps.evaluation.evidence import token_evidence
from rhm_sweeps.grammar.belief_propagation import leaf_cavities
from rhm_sweeps.grammar.productions import WeightedGrammar


def exact_denoiser(grammar: WeightedGrammar, alpha_bar: Tensor) -> Callable[[Tensor, int], Tensor]:
    """Return the map of (x_t, t) to log p(x_0,i | x_t without i): tokens (..., d) to (..., d, v), for `p_sample_loop`.

    The sampler multiplies by the evidence of x_t,i itself, so that it takes this cavity and not the marginal p(x_0,i | x_t):
    marginals count the evidence of each token twice and ruin the samples.

    Args:
        grammar: the grammar.
        alpha_bar: table over t = 0..T, (T + 1,).
    """
    vocabulary = grammar.levels[-1].num_children

    def denoise(x_t: Tensor, t: int) -> Tensor:
        evidence = token_evidence(x_t, 1.0 - float(alpha_bar[t]), vocabulary)
        return leaf_cavities(grammar, evidence.flatten(0, -3)).reshape(evidence.shape)

    return denoise
