"""The population that a pack trains: at some evaluation points its members copy each other, and all points say so."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from rhm_sweeps.config import PopulationConfig
from rhm_sweeps.ledger import MetricPoint
from rhm_sweeps.packs.exploits import NOBODY, Exploit, Member, exploits, is_exploit_step
from rhm_sweeps.packs.pack_members import PackMembers


@dataclass(frozen=True)
class PackPopulation:
    """How a population trains, the signatures of all its members as planned, and its evaluation points."""

    settings: PopulationConfig
    roster: tuple[str, ...]
    schedule: Sequence[int]

    def exchange(
        self, members: PackMembers, points: Sequence[MetricPoint], ended: Collection[int]
    ) -> tuple[list[MetricPoint], list[str]]:
        """Let members copy others if it is time; those that end here neither copy nor are copied.

        Returns:
            the points, each with the rates that led to it and `copied_from`: the position in the population of the member that
            is copied at it, or -1. And a line about each copy.
        """
        going = [k for k in range(len(points)) if k not in ended]
        found = self._exploits(members, points, going)
        sources = {one.member: self._position(points[one.source]) for one in found}
        told = [
            replace(point, metrics={**point.metrics, **members.rates(k), "copied_from": sources.get(k, NOBODY)})
            for k, point in enumerate(points)
        ]
        if found:
            members.exploit(found)
        return told, [self._line(points, one) for one in found]

    def _exploits(self, members: PackMembers, points: Sequence[MetricPoint], going: Sequence[int]) -> list[Exploit]:
        if not is_exploit_step(self.settings, self.schedule, members.step):
            return []
        candidates = [Member(self._position(points[k]), points[k].metrics, members.rates(k)) for k in going]
        found = exploits(self.settings, candidates, members.step)
        return [Exploit(going[one.member], going[one.source], one.rates) for one in found]

    def _position(self, point: MetricPoint) -> int:
        return self.roster.index(point.signature)

    def _line(self, points: Sequence[MetricPoint], one: Exploit) -> str:
        rates = ", ".join(f"{name} {value:.6g}" for name, value in one.rates.items())
        member, source = points[one.member], points[one.source]
        return f"{member.signature} copies {source.signature} at step {member.step}, and goes on with {rates}"
