"""How the numbers that compare the trials of a sweep are computed."""

from __future__ import annotations

from rhm_sweeps.analysis.report.method import Method

OF_SWEEPS = (
    Method(
        "Intervals",
        r"Intervals hold 95 % of a bootstrap. For a time scale of one trial, the shares of each evaluation are "
        r"drawn anew with the variance of $N$ samples; for a setting, seeds are drawn with replacement and one such "
        r"resample of each. With few seeds that is a lower bound of the uncertainty.",
        (r"\text{variance} = \frac{V_l\,(1-V_l)}{N}",),
    ),
    Method(
        "Exponents",
        r"Power laws are least squares of the logarithm of the time scale against $\log P$, over the sizes at which "
        r"every trial got there: keeping the fast ones alone would flatten the slope. Intervals draw trials with "
        r"replacement. Expected: $a = 1$ for $\tau_\text{mem}$ (arXiv:2505.16959, arXiv:2505.17638) and $a = 0$ for "
        r"$\tau_\text{rule}$, counted where a level is learned before copies begin.",
        (r"\tau \propto P^a",),
    ),
    Method(
        "Sample complexity",
        r"The rules of level $l$ need about this many training strings by theory (arXiv:2502.12089). Measured, "
        r"$P^*_l$ is the size at which the largest validity before copies begin has come half the way from chance "
        r"to the sampler's ceiling $u_l$.",
        (r"P^*_l \approx v\,m^{l+1}",),
    ),
    Method(
        "Early stopping",
        r"Each rule - stop where the losses part, where copies begin, at the lowest test loss, or when patience "
        r"with it ends - is applied to the recorded points. Its cost is by how much the best share of novel valid "
        r"strings exceeds that of the checkpoint which the rule keeps; what it saves is the share of the steps "
        r"after it (arXiv:2505.16959).",
    ),
    Method(
        "Which parameter matters",
        r"The variance of an outcome $y$ over the trials is shared out among the parameters. The main share of "
        r"parameter $x$ is what its values alone explain; the total adds its interactions with others; what "
        r"replicas of a setting differ by is noise. On a full grid the shares are exact; elsewhere a random forest "
        r"estimates them. Time scales enter as $\log_2$ of the step.",
        (r"S_x = \frac{\text{variance of the mean of } y \text{ given } x}{\text{variance of } y}",),
    ),
    Method(
        "Comparisons",
        r"Two values of a parameter are compared on trials that agree in all else: in pairs of equal seeds, else of "
        r"means over seeds. p-values are corrected for all comparisons of the sweep by Holm's method.",
    ),
)
