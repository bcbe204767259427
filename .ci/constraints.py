"""Print the installed versions of everything that rhm-sweeps[dev] needs, as pip constraints."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

HEADER = """\
# The tested versions of everything that rhm-sweeps[dev] needs. Made by `make constraints`; not edited by hand.
# Linux, Python 3.11. Packages that only other platforms need are left to pip."""


def needed(requirement: Requirement) -> Iterator[Requirement]:
    """Yield what an installed package needs here, with the extras that `requirement` asks for."""
    for line in distribution(requirement.name).requires or []:
        need = Requirement(line)
        if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in ("", *requirement.extras)):
            yield need


def versions(root: str) -> dict[str, str]:
    """Return the version, without its local part (`+cpu`), of each package below `root`."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    queue = list(needed(Requirement(root)))
    while queue:
        requirement = queue.pop()
        requirement.name = canonicalize_name(requirement.name)
        key = f"{requirement.name}[{','.join(sorted(requirement.extras))}]"
        if key in seen:
            continue
        seen.add(key)
        try:
            found[requirement.name] = Version(distribution(requirement.name).version).public
        except PackageNotFoundError:
            raise SystemExit(
                f"{requirement.name} is needed but not installed; run `make lint` first, which installs it"
            ) from None
        queue += needed(requirement)
    found.pop(canonicalize_name(Requirement(root).name), None)  # which one of its extras may need
    return found


if __name__ == "__main__":
    print(HEADER)
    for name, version in sorted(versions("rhm-sweeps[dev]").items()):
        print(f"{name}=={version}")
