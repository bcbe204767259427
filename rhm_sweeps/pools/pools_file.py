"""A file of pools: what a pack of each pool asks for, and which trials go where.

pools:
  small: {cpus: 1, memory_gib: 2, max_packs: 8}
  h100: {cpus: 4, gpus: 0.5, accelerator_type: H100, memory_gib: 40, labels: {zone: a}, resources: {fast_disk: 1}}
routes:                                                  # the first rule that holds; the last one has no condition
  - {when: width >= 512, pool: h100, otherwise: small}   # `otherwise`: where to if no node here could ever run that pool
  - {pool: small}
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rhm_sweeps.config import trial_problems
from rhm_sweeps.errors import ConfigError, Problem, UsageError
from rhm_sweeps.nearest_name import cure_of_name
from rhm_sweeps.pools.cluster import Cluster, check_pools
from rhm_sweeps.pools.pool_routes import Route
from rhm_sweeps.pools.pool_settings import PoolsDocument, PoolSettings, RouteSettings
from rhm_sweeps.pools.pools import Pool, Pools
from rhm_sweeps.spaces.expressions import Expression, parse_condition
from rhm_sweeps.yaml_loader import MAX_BYTES, load_yaml
from rhm_sweeps.yaml_loader import Path as Place

Finding = tuple[Place, str]
"""Where in the file, and what is wrong there."""


@dataclass(frozen=True)
class PoolsFile:
    """A file that was found correct; a pool with 0 slots has as many as the cluster holds."""

    pools: tuple[Pool, ...]
    routes: tuple[Route, ...]

    def on(self, cluster: Cluster) -> Pools:
        """The pools on a cluster: with their slots, and why some can never run a pack there."""
        never = {problem.where.removeprefix("pool "): problem.message for problem in check_pools(cluster, self.pools)}
        sized = (replace(pool, slots=_slots(pool.slots, cluster.places(pool))) for pool in self.pools)
        return Pools(tuple(sized), self.routes, never)


def _slots(wanted: int, places: int) -> int:
    return min(wanted, places) if wanted else places


def load_pools(path: Path) -> PoolsFile:
    """Return what a file says.

    Raises:
        UsageError: if it cannot be read; a ConfigError lists everything that is wrong with it.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        text = content.decode("utf-8-sig", "replace" if len(content) > MAX_BYTES else "strict")
    except FileNotFoundError:
        raise UsageError(f"there is no file of pools {path}") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the file of pools {path}: {error}") from None
    return parse_pools(text, str(path))


def parse_pools(text: str, source: str = "pools") -> PoolsFile:
    """Return what a YAML text says; `source` names it in messages.

    Raises:
        ConfigError: listing everything that is wrong, with line and place.
    """
    located = load_yaml(text, source)
    findings: list[Finding] = []
    try:
        document = PoolsDocument.model_validate(located.tree)
        conditions = _conditions(document.routes, findings)
        findings += _route_findings(document)
    except ValidationError as error:
        findings += [
            _finding(detail["loc"], detail["type"], problem)
            for detail, problem in zip(error.errors(), trial_problems(error), strict=True)
        ]
    if findings:
        findings.sort(key=lambda finding: located.position(finding[0]))
        raise ConfigError([Problem(located.where(*path), message) for path, message in findings], "pools")
    pools = tuple(_pool(name, settings) for name, settings in document.pools.items())
    routes = tuple(_route(settings, when) for settings, when in zip(document.routes, conditions, strict=True))
    return PoolsFile(pools, routes)


def _finding(place: tuple[int | str, ...], kind: str, problem: Problem) -> Finding:
    path = tuple(part for part in place if part != "[key]")
    if kind == "missing":
        return path, "is missing"
    if kind != "extra_forbidden":
        return path, problem.message
    section: Any = PoolsDocument if len(path) == 1 else PoolSettings if path[0] == "pools" else RouteSettings
    known = list(section.model_fields)
    return path, f"there is no such key; {cure_of_name(str(path[-1]), known)}"


def _conditions(routes: list[RouteSettings], findings: list[Finding]) -> list[Expression | None]:
    conditions: list[Expression | None] = []
    for index, settings in enumerate(routes):
        try:
            conditions.append(None if settings.when is None else parse_condition(settings.when))
        except UsageError as error:
            findings.append((("routes", index, "when"), str(error)))
    return conditions


def _route_findings(document: PoolsDocument) -> list[Finding]:
    """What is wrong between routes and pools."""
    findings: list[Finding] = []
    names, last = list(document.pools), len(document.routes) - 1
    if len(names) > 1 and not document.routes:
        findings.append((("pools",), "there are several pools, so `routes` must say which trials go where"))
    for index, settings in enumerate(document.routes):
        for key in ("pool", "otherwise"):
            name = getattr(settings, key)
            if name is not None and name not in names:
                findings.append((("routes", index, key), f"there is no pool {name!r}; {cure_of_name(name, names)}"))
        unconditional = _route(settings, None).is_unconditional and settings.when is None
        if unconditional and index < last:
            findings.append((("routes", index), "holds for every trial, so that the rules after it are never reached"))
        if not unconditional and index == last:
            findings.append(
                (("routes", index), "is the last rule, which must hold for every trial: add one such as `{pool: ...}`")
            )
    return findings


def _pool(name: str, settings: PoolSettings) -> Pool:
    return Pool(
        name,
        settings.device or ("cuda" if settings.gpus else "cpu"),
        settings.max_packs or 0,
        settings.cpus,
        settings.gpus,
        settings.memory_gib,
        settings.accelerator_type,
        settings.labels,
        settings.resources,
    )


def _route(settings: RouteSettings, when: Expression | None) -> Route:
    return Route(settings.pool, when, settings.min_parameters, settings.min_flops, settings.otherwise)
