"""How busy slots are while a sweep of packs runs that only sleep, for short and long packs and growing numbers of slots.

    python benchmarks/scheduling.py --slots 16 64 --seconds 2 30 --figure docs/images/scheduling.png
    python benchmarks/scheduling.py --slots --alone 100 1000 10000      # the driver alone

A cluster of raylets on this machine declares the GPUs; our driver, ledger, MLflow writer and view run a sweep of sleeping packs
on it, and plain Ray Tune the same trials. `full after` is when 95 % of the slots were busy at once for the first time; `steady`
the share of the slots' time in which they were busy from then on until no pack was left to begin. Each slot is a process of Ray:
the memory of one stands beside. In the rows of the driver alone slots are only counted: there is no Ray, and what is measured is
how many reports our driver, its ledger and the MLflow writer can take. Packs report as the driver says, or once in `--interval` s.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from busy_slots import Span, utilization
from measured import Report, flags, parsed
from memory_of_workers import memory_of_workers
from scheduling_figure import draw_scheduling
from simulated_slots import SimulatedSlots
from sleeping_packs import DriverTime, ours, plain, sleeping_sweep

COLUMNS = {
    "side": "", "slots": "d", "seconds": "d", "packs": "d", "full_after_s": ".1f", "steady": ".1%", "overall": ".1%",
    "reports_per_s": ".0f", "process_ms_per_report": ".2f", "driver_ms_per_report": ".2f", "worker_mib": ".0f",
}  # fmt: skip
Row = dict[str, Any]


def usage(side: str, slots: int, seconds: int, spans: Sequence[Span]) -> Row:
    """The part of a row that the spans of the packs say."""
    found = utilization(spans, slots)
    return {
        "side": side, "slots": slots, "seconds": seconds, "packs": len(spans), "full_after_s": found.fill_s,
        "steady": found.steady, "overall": found.overall,
    }  # fmt: skip


def on_ray(
    side: str, slots: int, seconds: int, rounds: int, interval_s: float | None, light: bool
) -> tuple[Row, list[Span]]:
    """A row of packs on a simulated cluster, so many for each slot, and when they were at work."""
    packs, spent = slots * rounds, DriverTime()
    with tempfile.TemporaryDirectory() as folder, memory_of_workers() as memory:
        place = Path(folder)
        case = (packs, seconds, slots, place)
        spans = ours(*case, spent, interval_s, light) if side == "ours" else plain(*case)
    row = {**usage(side, slots, seconds, spans), "worker_mib": memory[-1].worker_mib}
    if spent.reports:
        lasted = max(span.ended for span in spans) - min(span.begun for span in spans)
        row["reports_per_s"] = spent.reports / lasted
        row["process_ms_per_report"] = 1e3 * spent.process_s / spent.reports
        row["driver_ms_per_report"] = 1e3 * spent.answers_s / spent.reports
    return row, spans


def alone(slots: int, seconds: int, interval_s: float | None, most_s: float) -> Row:
    """A row of the driver alone."""
    simulated = SimulatedSlots(seconds, interval_s, most_s)
    packs = int(slots * (2 + most_s / seconds))
    with tempfile.TemporaryDirectory() as folder:
        sleeping_sweep(packs, seconds, slots, Path(folder), simulated)
    spans = simulated.spans
    lasted = max(span.ended for span in spans) - min(span.begun for span in spans)
    return {
        **usage("driver alone", slots, seconds, spans), "reports_per_s": simulated.events / lasted,
        "driver_ms_per_report": 1e3 * simulated.driver_s / simulated.events,
    }  # fmt: skip


def main(words: Sequence[str] | None = None) -> None:
    parser = flags(__doc__)
    parser.set_defaults(rounds=4)
    parser.add_argument("--slots", type=int, nargs="*", default=[8, 32, 64])
    parser.add_argument("--seconds", type=int, nargs="+", default=[2, 30], help="how long a pack sleeps")
    parser.add_argument(
        "--work", type=int, default=60, help="seconds of packs for each slot of ours, if --rounds are fewer"
    )
    parser.add_argument("--side", nargs="+", choices=("ours", "plain"), default=["ours", "plain"])
    parser.add_argument("--alone", type=int, nargs="*", default=[100, 1000, 10_000], help="slots of the driver alone")
    parser.add_argument(
        "--interval",
        type=float,
        help="seconds between reports without news of a pack of ours; if not given, as the driver says",
    )
    parser.add_argument(
        "--light", action="store_true", help="processes of ours load no PyTorch, so that more fit into the memory"
    )
    parser.add_argument(
        "--alone-seconds", type=int, default=30, help="how long a pack sleeps where slots are only counted"
    )
    parser.add_argument("--most", type=float, default=90.0, help="seconds that the driver alone gives packs out")
    parser.add_argument("--figure", type=Path, help="draw it into this file, too")
    chosen = parsed(parser, words, rounds=2, work=20, slots=[4], seconds=[2], alone=[100], most=5.0)
    curves = []
    with Report(chosen, COLUMNS) as report:
        for seconds, slots, side in cases(chosen):
            rounds = max(chosen.rounds, chosen.work // seconds) if side == "ours" else chosen.rounds
            row, spans = on_ray(side, slots, seconds, rounds, chosen.interval, chosen.light)
            report.add(**row)
            curves.append({"side": row["side"], "slots": slots, "seconds": seconds, "spans": spans})
        for slots in chosen.alone:
            report.add(**alone(slots, chosen.alone_seconds, chosen.interval, chosen.most))
        if chosen.figure:
            draw_scheduling(curves, chosen.figure)


def cases(chosen: argparse.Namespace) -> list[tuple[int, int, str]]:
    """Seconds, slots and side of each run on Ray; both sides of a case one after the other."""
    names = {"ours": "ours", "plain": "plain Ray Tune"}
    return [(s, n, names[side]) for s in chosen.seconds for n in chosen.slots for side in chosen.side]


if __name__ == "__main__":
    main()
