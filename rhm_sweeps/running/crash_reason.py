"""Why a process that trained is gone, by what Ray says about it."""

from __future__ import annotations

import re

_LOW_ON_MEMORY = ("node running low on memory", "OOM kill reason")
_NODE_GONE = ("its node has died", "node was terminated")
_UNREACHABLE = ("actor is temporarily unavailable",)
_KILLED = ("worker process has died", "died unexpectedly")


def is_out_of_memory(said: str) -> bool:
    """Whether Ray ended a process because the memory of its node ran out."""
    return any(words in said for words in _LOW_ON_MEMORY)


def crash_reason(said: str) -> str:
    """Why a pack's process is gone, in a line."""
    if any(words in said for words in _NODE_GONE):
        return "its node is gone"
    if any(words in said for words in _UNREACHABLE):
        return "its node cannot be reached"
    lines = said.strip().splitlines()
    if not lines or ("creation task" not in said and any(words in said for words in _KILLED)):
        return "it was killed, ran out of memory or crashed"
    return lines[-1]


def full_disk(said: str) -> str:
    """What a process said that could not write any more, else ""."""
    found = re.search(r"DiskFullError: (the process that trains .*)", said)
    return found[1] if found else ""


def unshared_node(said: str) -> tuple[str, str]:
    """The short id of the node that does not share what it must or has other code, and what is wrong there; else "" twice."""
    found = re.search(r"node \S+ \(([0-9a-f]{8})\) (?:does not share|cannot use|has other code)[ ,].*", said)
    return (found[1], found[0]) if found else ("", "")
