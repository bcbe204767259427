"""Curves and marks of forward-backward experiments drawn in the terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich import box
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from rhm_sweeps.analysis.transition.transition import SettingTransition, Transition
from rhm_sweeps.analysis.transition.transition_findings import transition_findings, transition_limits
from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.evaluation.beside_exact import Experiment
from rhm_sweeps.evaluation.evidence import Process
from rhm_sweeps.evaluation.forward_backward import ForwardBackward
from rhm_sweeps.evaluation.half_overlap import half_overlap_noise
from rhm_sweeps.grammar import WeightedGrammar, make_grammar
from rhm_sweeps.terminal import literal

from .model_flags import PLAIN_INTERVAL_S
from .output import stderr, stdout

MARKS = {
    "threshold": "half of the overlap, at noise",
    "peak_noise": "peak of chi, at noise",
    "peak": "peak of chi",
    "length": "xi there, in tokens",
}


def transition_table(title: str, curves: ForwardBackward, times: Sequence[int] | None = None) -> Table:
    """One row per noise; with `times`, the time at which a model has it."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for heading in (*(["t"] if times else []), "noise", "class flip", "overlap", "chi", "xi"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("unchanged, root to leaves")
    by_noise = zip(*curves.latents_unchanged, strict=True)
    changes = zip(curves.susceptibility, curves.correlation_length, strict=True)
    numbers = zip(curves.noise, curves.class_flip, curves.overlap, changes, by_noise, strict=True)
    for row, (noise, flip, overlap, (chi, xi), unchanged) in enumerate(numbers):
        shares = " ".join(f"{share:.3f}" for share in unchanged)
        time = [str(times[row])] if times else []
        table.add_row(
            *time, f"{noise:.3f}", f"{flip:.3f}", _number(overlap, 3), _number(chi, 2), _number(xi, 2), shares
        )
    return table


def print_exact(
    exact: ForwardBackward, process: Process, config: GrammarConfig, experiment: Experiment, found: Transition
) -> None:
    """Print the curves of exact inference and where half of the overlap is lost, found more finely than the curves have it."""
    stdout.print(transition_table(f"Exact belief propagation, {process} noise", exact))
    if config.num_classes > 1:
        grammar = WeightedGrammar.of(make_grammar(config))
        noise = half_overlap_noise(grammar, process, experiment.num_samples, experiment.seed)
        error = found.settings[0].exact.threshold.error
        about = f" ± {error:.3f}" if error >= 0 else ""
        stdout.print(f"Half of the overlap is lost at noise {noise:.3f}{about}.")
    print_sentences(transition_findings(found)[1:] if found.settings[0].model is None else [])


def print_comparison(found: Transition, left_out: Sequence[str]) -> None:
    """Print the marks of each setting, then what they say."""
    for setting in found.settings:
        print_setting(setting)
    print_sentences([*transition_findings(found), *left_out, *transition_limits(found)])


def print_setting(setting: SettingTransition) -> None:
    """Print the marks of a setting's models beside those of exact inference."""
    trials = f" ({len(setting.signatures)} trials)" if len(setting.signatures) > 1 else ""
    table = Table(
        title=literal(f"{setting.label}{trials}"), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    table.add_column("mark")
    for heading in ("trained", "exact", "difference"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, words in MARKS.items():
        sources = (setting.model, setting.exact, setting.difference)
        table.add_row(words, *("-" if marks is None else str(getattr(marks, name)) for marks in sources))
    if setting.theory.known:
        table.add_row("threshold at infinite depth", "", str(setting.theory), "")
    stdout.print(table)


def print_sentences(sentences: Sequence[str]) -> None:
    for sentence in sentences:
        stdout.print(f"- {sentence}", markup=False)


@contextmanager
def models_progress(count: int) -> Iterator[Callable[[object], None]]:
    """Show on stderr how many models are done while the block lasts; yields what is told of each."""
    columns = (TextColumn("Noising and denoising"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    done, last = 0, time.monotonic()
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as bar:
        task = bar.add_task("", total=count)

        def tell(_: object) -> None:
            nonlocal done, last
            done += 1
            bar.update(task, advance=1)
            if not stderr.is_terminal and time.monotonic() - last >= PLAIN_INTERVAL_S:
                last = time.monotonic()
                stderr.print(f"noising and denoising | {done}/{count} models", markup=False, soft_wrap=True)

        yield tell


def _number(value: float, digits: int) -> str:
    """A number, or a dash for NaN."""
    return f"{value:.{digits}f}" if value == value else "-"  # noqa: PLR0124 - only NaN differs from itself
