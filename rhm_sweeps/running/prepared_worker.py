"""Imported by each process that Ray starts ahead of the first packs: it prepares for one in the background.

Not while it is imported: Ray gives a process no pack before that, and starts others in its place.
"""

from __future__ import annotations

import gc
import threading


def prepare() -> None:
    """Import what trains a pack and load its kernels: four seconds of a core, five if Python looks for garbage meanwhile."""
    gc.disable()
    import rhm_sweeps.running.trainable  # noqa: F401, PLC0415 - not before Ray has the process
    from rhm_sweeps.models.fused import load_kernels  # noqa: PLC0415

    load_kernels()
    gc.enable()


threading.Thread(target=prepare, name="prepare", daemon=True).start()
