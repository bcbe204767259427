"""How the numbers of a report are computed: text with formulas in TeX between dollar signs, and where each comes from."""

from __future__ import annotations

from dataclasses import asdict

from rhm_sweeps.analysis.report.method import Method
from rhm_sweeps.analysis.report.sweep_methods import OF_SWEEPS
from rhm_sweeps.analysis.trials.thresholds import Thresholds

OF_TRIALS = (
    Method(
        "The Random Hierarchy Model",
        r"A grammar with $v$ symbols, $n$ classes, $m$ rules per symbol, rules of $s$ symbols and depth $L$ makes "
        r"strings of $d = s^L$ tokens (arXiv:2307.02129). No two symbols share a rule, so that a string can be "
        r"parsed. Levels $l$ count from the leaves: $l = 1$ makes leaf tuples, $l = L$ is the class rule. The "
        r"number of strings is",
        (r"P_\text{max} = n\,m^{(s^L-1)/(s-1)}",),
    ),
    Method(
        "Validity",
        r"$V_l$ is the share of aligned blocks of $s^l$ generated tokens that parse to a symbol of level $l$, "
        r"averaged over blocks and samples. Blocks of random tokens do so by chance with probability",
        (r"c_l = f^{(s^l-1)/(s-1)}, \; f = m/v^{s-1}",),
    ),
    Method(
        "When rules are learned",
        r"$\tau_\text{rule}(l)$ is the first step at which the validity of level $l$ has come @learned@ of the way "
        r"from chance to $u_l$, the validity that this sampler reaches with the exact denoiser, by belief "
        r"propagation; 1 where that is not known:",
        (r"V_l \ge c_l + @learned_number@\,(u_l-c_l)",),
    ),
    Method(
        "When copying begins",
        r"A copy is a sample equal to a training string in all $d$ tokens. A model that draws uniformly from all "
        r"valid strings copies the share $P/P_\text{max}$ of its valid samples by chance. $\tau_\text{mem}$ by "
        r"copies is the first step at which the share of copies $C$ exceeds chance by @copied@. It grows about "
        r"linearly in $P$, and $\tau_\text{rule}$ does not depend on $P$ (arXiv:2505.16959, arXiv:2505.17638). "
        r"Copies are valid, too: where $\tau_\text{rule}$ exceeds $\tau_\text{mem}$, a level may be known by heart.",
        (r"C - V_L\,\frac{P}{P_\text{max}} \ge @copied@",),
    ),
    Method(
        "When the losses part",
        r"$\tau_\text{mem}$ by losses is the step from which the loss on the training set stays below that on test "
        r"strings for good. With $r$ the train loss over the test loss, each on fixed pairs $(x_t, t)$, and $r_0$ "
        r"its value at the first point, where an untrained network knows neither set and $r$ differs from 1 only by "
        r"the draw of pairs,",
        (r"1 - \frac{r}{r_0} \ge @gap@",),
    ),
    Method(
        "Steps",
        r"Models are evaluated on a grid of powers of two; a time scale is interpolated linearly in $\log_2$ of the "
        r"step. A setting is a combination of fields other than seeds. Its time scales are medians over its seeds, "
        r"where a seed that does not get there counts as later than all others; shares are means. Failed trials are "
        r"left out of figures and averages; trials that were stopped count as far as they got.",
    ),
    Method(
        "Innovation window and best step",
        r"From $\tau_\text{rule}(L)$ to $\tau_\text{mem}$ samples are valid and new: the innovation window "
        r"(arXiv:2605.10019, arXiv:2505.16959). The best step has the largest share of samples that are valid and "
        r"not in the training set: where early stopping should stop.",
    ),
    Method(
        "Regimes",
        r"A trial is memorizing when its copies exceed chance by @copied@ at its last point; otherwise generalizing "
        r"when level $L$ is learned, partial (level $l$) when level $l$ is and no deeper one, and else untrained. "
        r"The phase diagram shows the regime of most seeds.",
    ),
    Method(
        "Bayes floor",
        r"About the lowest loss per token, averaged over the $T$ noise levels, of a model that knows the grammar; "
        r"the train loss falls below it by memorization only. It is that of discrete denoising (arXiv:2107.03006).",
        (r"\frac{\ln P_\text{max}}{d\,T}",),
    ),
)


def methods(thresholds: Thresholds) -> list[Method]:
    """The methods of a report, with its thresholds in them."""
    words = {"learned": f"{thresholds.learned:.0%}"}
    words |= {
        "learned_number": f"{thresholds.learned:g}",
        **{k: f"{v:g}" for k, v in asdict(thresholds).items() if k != "learned"},
    }
    return [
        Method(one.title, _fill(one.text, words), tuple(_fill(tex, words) for tex in one.equations))
        for one in (*OF_TRIALS, *OF_SWEEPS)
    ]


def _fill(text: str, words: dict[str, str]) -> str:
    for name, word in words.items():
        text = text.replace(f"@{name}@", word)
    return text
