"""The ways in which a file can be damaged."""

from __future__ import annotations

DAMAGES = ("torn", "zeroed", "bit-flipped")


def damaged(content: bytes, at: int, damage: str, sector: int = 512) -> bytes:
    """The content with this damage from a place on: all the rest gone, a sector of zeros, or one bit the other way."""
    if damage == "torn":
        return content[:at]
    if damage == "zeroed":
        return content[:at] + bytes(len(content[at : at + sector])) + content[at + sector :]
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
