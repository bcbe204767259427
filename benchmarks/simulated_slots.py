"""The driver of a sweep alone: its packs sleep in slots that are only counted, so that there may be ten thousand of them."""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, field

from busy_slots import Span

from rhm_sweeps.ledger import MetricPoint, now_ms
from rhm_sweeps.packs.pack_progress import Ending, Progress
from rhm_sweeps.packs.report_pace import LOOK_INTERVAL_S
from rhm_sweeps.running.tasks import Driver, PackTask

METRICS = {"train_loss": 0.1, "test_loss": 0.2, "validity_1": 0.9, "copies": 0.0}


def last_report(signatures: list[str], steps: int) -> Progress:
    """What a pack says when it has slept long enough."""
    points = tuple(MetricPoint(name, steps, METRICS, now_ms()) for name in signatures)
    return Progress(steps, steps, 0, 1.0, points=points, endings=tuple(Ending(name, "done") for name in signatures))


@dataclass
class SimulatedSlots:
    """Takes packs of a driver as Ray does, and reports for each of them as packs do that train: after the first second, at every
    interval, and when its time is over.

    The driver is asked in real time: one that is slower than the reports come in lets slots wait.
    """

    seconds: float
    interval_s: float | None = None
    """Between reports without news; None: as the driver says."""
    most_s: float = 60.0
    """No more packs are taken after so many seconds."""
    spans: list[Span] = field(default_factory=list)
    events: int = 0
    driver_s: float = 0.0
    """Processor seconds of the driver's answers."""

    def __call__(self, driver: Driver) -> None:
        """Run packs until there are none or the time is over; a `Run`."""
        due: list[tuple[float, str]] = []
        tasks: dict[str, tuple[PackTask, float]] = {}
        end, start = time.monotonic() + self.most_s, time.process_time()
        while True:
            self._take(driver, due, tasks, end)
            if not due:
                break
            self.driver_s += time.process_time() - start
            time.sleep(max(0.0, due[0][0] - time.monotonic()))
            start = time.process_time()
            self._report(driver, due, tasks)
        self.driver_s += time.process_time() - start

    def _take(
        self, driver: Driver, due: list[tuple[float, str]], tasks: dict[str, tuple[PackTask, float]], end: float
    ) -> None:
        while time.monotonic() < end and not driver.should_stop() and (task := driver.next_pack()):
            driver.started(task.id)
            now = time.monotonic()
            tasks[task.id] = (task, now)
            self.spans.append(Span(now, now + self.seconds))
            first_s = LOOK_INTERVAL_S if self.interval_s is None else self.interval_s
            heapq.heappush(due, (now + min(first_s, self.seconds), task.id))

    def _report(self, driver: Driver, due: list[tuple[float, str]], tasks: dict[str, tuple[PackTask, float]]) -> None:
        at, pack = heapq.heappop(due)
        task, begun = tasks[pack]
        self.events += 1
        if at >= begun + self.seconds:
            del tasks[pack]
            driver.progressed(pack, last_report(list(task.trials), int(self.seconds)))
            return
        driver.progressed(pack, Progress(int(at - begun), int(self.seconds), len(task.trials), 1.0))
        interval_s = task.report_interval_s if self.interval_s is None else self.interval_s
        heapq.heappush(due, (min(at + interval_s, begun + self.seconds), pack))
