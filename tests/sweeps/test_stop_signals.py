"""Signals reach the main thread alone; how they stop a sweep is tested where they are said."""

from __future__ import annotations

import signal
import threading

from rhm_sweeps.sweeps.stop_signals import stop_on_signals


def test_in_another_thread_nothing_is_set_and_nothing_is_changed() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    found: list[object] = []

    def look() -> None:
        with stop_on_signals(print) as stop:
            found.extend([stop(), [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]])

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [False, before]
