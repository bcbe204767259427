"""Who has a pack: the process that took it last. One that was only thought dead may still run, and must not write any more."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from rhm_sweeps.errors import TakenOverError
from rhm_sweeps.whole_file import write_atomically

FILE_NAME = "owner"


@dataclass(frozen=True)
class PackClaim:
    """The token of a process in the folder of a pack."""

    folder: Path
    token: str

    @classmethod
    def take(cls, folder: Path) -> PackClaim:
        """Put a new token in the place of whichever is there."""
        claim = cls(folder, secrets.token_hex(16))
        write_atomically(folder / FILE_NAME, claim.token.encode())
        return claim

    def check(self) -> None:
        """Look before writing whether the pack is still this process's.

        Raises:
            TakenOverError: if another process has taken it.
        """
        path = self.folder / FILE_NAME
        if path.is_file() and path.read_text(encoding="utf-8") != self.token:
            raise TakenOverError(
                f"pack {self.folder.name} was taken over by another process while this one could not be reached; "
                "this one ends and writes nothing"
            )
