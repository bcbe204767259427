"""A results folder that somebody else has written, whose every text wants to be more than a text."""

from __future__ import annotations

from pathlib import Path

from rhm_sweeps.config import parse_trial
from rhm_sweeps.ledger import Ledger, MetricPoint, PackRecord, TrialRecord, now_ms
from rhm_sweeps.printable import one_line

NAME = "handed"
STEERING = frozenset("\x1b\x07\x08\r\x9b\u202e")
"""What moves a terminal's cursor, sets its title, colours it or turns the direction of writing."""
MARK = "[red]x[/red]"
"""Markup of Rich, which is not there any more where it was obeyed."""
GRAMMARS = (r"$x_{y>ab|ba \frac{>aa|bb", "<img/src=x/onerror=alert(1)&lt>ab|ba '\"`%s>aa|bb", "../..>ab|ba -rf>aa|bb")
"""Names that symbols of a grammar may have: halves of formulas and of tags, paths, options."""
TRIALS = [
    parse_trial({"grammar": {"explicit": text}, "training": {"train_size": 2, "test_size": 1, "seed": seed}})
    for text in GRAMMARS[:2]
    for seed in (0, 1)
]
SIGNATURES = [trial.signature for trial in TRIALS]
FAILED = SIGNATURES[2]


def hostile(what: str) -> str:
    """A text that sets a terminal's title, clears it and forges a line; in markup of Rich, HTML, Markdown and TeX; and a path."""
    return (
        f"{what}\x1b]0;owned\x07\x1b[2J\x9b1m\u202e{MARK}[/no][link=http://e.org]l[/link]<script>alert(1)</script>"
        f"`${what}_{{b$**b**|:x:%s ../../etc '\"\nforged\r{what}"
    )


def shown(what: str) -> str:
    """How people see it in a line."""
    return one_line(hostile(what))


def make_hostile_sweep(results: Path, name: str = NAME, **meta: object) -> None:
    """Write it: two trials done, one failed, one that runs."""
    keys = ("name", "version", "git_commit", "code_hash", "parent_run_id", "state", "tracking_uri", "experiment")
    space = {"name": hostile("space"), "question": hostile("question"), "replicas": 2}
    axes = {"grammar.explicit": {"grid": [hostile("value"), *GRAMMARS]}}
    shares = {"validity_1": 0.5, "copies": 0.0, "novel_valid": 0.5}
    with Ledger(results / name, create=True) as ledger:
        ledger.set_meta(
            **{key: hostile(key) for key in keys} | {"created_ms": 1, "space": {**space, "space": axes}} | meta
        )
        ledger.add_trials(
            TrialRecord(trial.signature, place, f"pack{place // 2}", trial.model_dump())
            for place, trial in enumerate(TRIALS)
        )
        ledger.set_packs([PackRecord("pack1", hostile("pool"), 0, 32, 64, 1, 10.0, now_ms())])
        ledger.set_state(SIGNATURES, "running")
        ledger.add_points(
            MetricPoint(signature, 2**k, {**shares, "train_loss": 1 / 2**k, "test_loss": 2 / 2**k}, 2**k)
            for signature in SIGNATURES
            for k in range(7)
        )
        ledger.set_state(SIGNATURES[:2], "done")
        ledger.set_state([FAILED], "failed", hostile("reason"))
    pack = results / name / "packs/pack1"
    pack.mkdir(parents=True)
    (pack / "pack.log").write_text(f"2026-01-01T00:00:00 {hostile('log')}\n", newline="")
    (pack / "error.log").write_text(hostile("error"), newline="")
