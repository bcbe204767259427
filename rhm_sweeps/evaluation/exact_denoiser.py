"""The perfect denoiser: what a network could at best know about x_0."""

from __future__ import annotations

from torch import Tensor

from rhm_sweeps.diffusion.process import Denoise, Process
from rhm_sweeps.grammar.belief_propagation import leaf_cavities, marginals
from rhm_sweeps.grammar.productions import WeightedGrammar


def exact_denoiser(grammar: WeightedGrammar, process: Process) -> Denoise:
    """Return the map of (x_t, t) to the logits of the loss's minimizer, (K, N, d, v), for `p_sample_loop`.

    For the uniform process that is log p(x_0,i | x_t without i): the sampler multiplies by the evidence of x_t,i itself, and
    marginals p(x_0,i | x_t) would count it twice and ruin the samples. For the Gaussian process it is log p(x_0,i | x_t).
    """

    def denoise(x_t: Tensor, t: int, asked: Tensor | None = None) -> Tensor:  # noqa: ARG001 - all that is said is exact
        evidence = process.log_evidence(x_t, t)
        strings = evidence.flatten(0, -3)
        found = leaf_cavities(grammar, strings) if process.takes_cavity else marginals(grammar, strings)[-1].log()
        return found.reshape(evidence.shape)

    return denoise
