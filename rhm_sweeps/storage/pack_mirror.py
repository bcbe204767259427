"""A pack's files on this node and in a storage: fetched when it begins, brought there as they change, orders fetched meanwhile."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path

from rhm_sweeps.errors import StorageError, TakenOverError
from rhm_sweeps.storage.outage import Outage
from rhm_sweeps.storage.storage import Storage

ORDERS_INTERVAL_S = 2.0
POLL_S = 0.05
ORDERS, OWNER, LOGS = "orders.json", "owner", ("pack.log", "error.log")

Stamp = tuple[int, int]
"""When a file was changed, in ns, and its bytes."""


class PackMirror:
    """The files of a pack in a folder here, under the names that they have in the storage: `packs/<pack>/...` and `models/...`.

    Models are brought before the checkpoint that says that their members have ended, and a checkpoint before earlier ones are removed:
    at any moment the storage has what another process can go on from. It happens in the background, and again if the storage fails.
    """

    def __init__(self, storage: Storage, pack: str, here: Path, outage: Outage | None = None) -> None:
        self.storage, self.here, self.outage = storage, here, outage or Outage()
        self.folder, self.models_folder = here / "packs" / pack, here / "models"
        self._place, self._token = f"packs/{pack}", secrets.token_hex(16).encode()
        self._brought: dict[str, Stamp] = {}
        self._workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="storage")
        self._bringing: Future[None] | None = None
        self._asking: Future[bool] | None = None
        self._asked = 0.0

    def fetch(self) -> None:
        """Take the pack over from whichever process had it, and bring its checkpoints, log and orders here.

        Raises:
            StorageError: if that does not go.
        """
        self.storage.write(f"{self._place}/{OWNER}", self._token)
        for file in self.storage.sizes(self._place):
            if file.endswith(".ckpt") or file in (ORDERS, *LOGS):
                self.storage.fetch(f"{self._place}/{file}", self.folder / file)
        self._brought = self._present()

    def fetch_source(self, file: str) -> Path:
        """Bring the training state of a trial that has ended, if it is there, and return where it is here."""
        path = self.here / "sources" / file
        self.storage.fetch(f"models/{file}", path)
        return path

    def bring(self) -> None:
        """Begin to bring to the storage what has changed here, and to ask it for orders.

        Raises:
            StorageError: if it has failed for longer than the patience.
            TakenOverError: if another process has the pack by now.
        """
        if self._bringing is not None and self._bringing.done():
            ended, self._bringing = self._bringing, None
            self.outage.attempt(ended.result, at_once=True)
        if self._bringing is None and self.outage.is_time and self._changes():
            self._bringing = self._workers.submit(self._bring)
        if time.monotonic() - self._asked >= ORDERS_INTERVAL_S and (self._asking is None or self._asking.done()):
            self._asked = time.monotonic()
            self._asking = self._workers.submit(self._fetch_orders)

    def is_brought(self, within_s: float) -> bool:
        """Wait until the storage has all that is here, but not longer than so, and return whether it has.

        Raises:
            StorageError, TakenOverError: as `bring`.
        """
        deadline = time.monotonic() + within_s
        while True:
            self.bring()
            if self._bringing is None and not self._changes():
                return True
            if (left := deadline - time.monotonic()) <= 0:
                return False
            if self._bringing is None:
                time.sleep(min(left, POLL_S))
            else:
                wait([self._bringing], left)

    def close(self) -> None:
        """End what happens in the background."""
        self._workers.shutdown()

    def _present(self) -> dict[str, Stamp]:
        """What belongs into the storage, in the order in which it is brought there."""
        files = [*sorted(self.models_folder.glob("[!.]*")), *sorted(self.folder.glob("step-*.ckpt"))]
        found = {}
        for file in files:
            with suppress(FileNotFoundError):  # removed meanwhile
                status = file.stat()
                found[str(file.relative_to(self.here))] = (status.st_mtime_ns, status.st_size)
        return found

    def _changes(self) -> bool:
        return self._present() != self._brought

    def _bring(self) -> None:
        if self.storage.read(f"{self._place}/{OWNER}") != self._token:
            raise TakenOverError(
                f"pack {self.folder.name} was taken over by another process; this one stores nothing more"
            )
        present = self._present()
        for name, stamp in present.items():
            if self._brought.get(name) != stamp:
                self._put(name)
                self._brought[name] = stamp
        for name in LOGS:
            self._put(f"{self._place}/{name}")
        for name in [name for name in self._brought if name not in present]:
            self.storage.remove(name)
            del self._brought[name]

    def _put(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self.storage.put(self.here / name, name)

    def _fetch_orders(self) -> bool:
        with suppress(StorageError):  # asked again soon
            return self.storage.fetch(f"{self._place}/{ORDERS}", self.folder / ORDERS)
        return False
