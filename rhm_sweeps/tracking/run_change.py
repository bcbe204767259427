"""What a tracking store does not have yet of one trial."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rhm_sweeps.ledger import MetricPoint, Projection

PORTION_TRIALS, PORTION_VALUES = 100, 60_000


@dataclass(frozen=True)
class RunChange:
    """New metric points of a trial, and its state if that is new; `name` and `start_ms` are for a run that is to be made.

    `before` and `after` are the trial's row in the ledger; without a run id the run is to be made, and `tags` are all of its
    tags. `status` is MLflow's, None if the state is not new; `end_ms` is when a run that is over ended, None for now.
    """

    before: Projection
    after: Projection
    points: Sequence[MetricPoint]
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    status: str | None = None
    end_ms: int | None = None
    name: str = ""
    start_ms: int | None = None

    @property
    def is_new(self) -> bool:
        return not self.before.run_id


def portions(changes: Iterable[RunChange]) -> Iterator[list[RunChange]]:
    """Yield the changes in portions that are written at once: of so many trials, or of so many values."""
    portion: list[RunChange] = []
    values = 0
    for change in changes:
        portion.append(change)
        values += sum(len(point.metrics) for point in change.points)
        if len(portion) >= PORTION_TRIALS or values >= PORTION_VALUES:
            yield portion
            portion, values = [], 0
    if portion:
        yield portion
