"""Files of pools: the documented ones, and everything that is wrong with others, each with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rhm_sweeps.errors import ConfigError, UsageError
from rhm_sweeps.pools import pools_file
from rhm_sweeps.pools.cluster import Cluster, Node
from rhm_sweeps.pools.pools import Pool
from rhm_sweeps.pools.pools_file import load_pools, parse_pools

EXAMPLES = re.findall(r"```yaml\n(.*?)```", (Path(__file__).parents[2] / "docs/pools.md").read_text(), re.DOTALL)
NODE = Node(
    {"CPU": 16.0, "GPU": 2.0, "memory": 64.0 * 2**30, "fast_disk": 8.0, "accelerator_type:H100": 1.0}, {"zone": "a"}
)


def test_the_documented_example_means_what_it_says() -> None:
    found = parse_pools(EXAMPLES[0])
    small = Pool("small", "cpu", 8, 1.0, 0.0, 2.0)
    assert found.pools == (small, Pool("h100", "cuda", 0, 4.0, 0.5, 40.0, "H100", {"zone": "a"}, {"fast_disk": 1.0}))
    first, last = found.routes
    assert first.when is not None
    assert (first.when.fields, first.pool, first.otherwise) == (("model.width",), "h100", "small")
    assert last.is_unconditional
    assert parse_pools(str(pools_file.__doc__).split("\n\n", 1)[1]) == found


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_documented_examples_run_on_a_node_that_has_it_all(text: str) -> None:
    pools = parse_pools(text).on(Cluster((NODE,)))
    assert not pools.never
    assert all(pools.limits.values())


def test_slots_are_no_more_than_the_nodes_hold() -> None:
    assert parse_pools(EXAMPLES[0]).on(Cluster((NODE,))).limits == {"small": 8, "h100": 4}
    two_cores = Cluster((Node({"CPU": 2.0, "memory": 64.0 * 2**30}),))
    pools = parse_pools(EXAMPLES[0]).on(two_cores)
    assert pools.limits == {"small": 2}
    assert list(pools.never) == ["h100"]


def test_one_pool_needs_no_routes() -> None:
    assert parse_pools("pools: {only: {memory_gib: 1}}").routes == ()


WRONG = """\
pools:
  small: {cpu: 1, memory_gib: 0, max_packs: 8.5}
  "b ad": {memory_gib: 1}
  h100: {gpus: 1, device: tpu, memory_gib: 40, labels: {zone: 1}, resources: {CPU: 1}}
  half: {cpus: 1}
route: []
"""
WRONG_ROUTES = """\
pools:
  small: {memory_gib: 1}
  large: {memory_gib: 9}
routes:
  - {pool: small}
  - {when: widht > 3, pool: smal, otherwise: x}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_pools(text, "p.yaml")
    return list(map(str, caught.value.problems))


def test_everything_wrong_is_said_at_once_in_the_order_of_the_file() -> None:
    assert problems(WRONG) == [
        "p.yaml:2 pools.small.cpu: there is no such key; did you mean `cpus`?",
        "p.yaml:2 pools.small.memory_gib: is 0, but input should be greater than 0",
        "p.yaml:2 pools.small.max_packs: is 8.5, but input should be a valid integer",
        "p.yaml:3 pools.b ad: is 'b ad', but string should match pattern '^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$'",
        "p.yaml:4 pools.h100.device: is 'tpu', but input should be 'cpu' or 'cuda'",
        "p.yaml:4 pools.h100.labels.zone: is 1, but input should be a valid string",
        "p.yaml:4 pools.h100.resources.CPU: CPU is asked for by `cpus`",
        "p.yaml:5 pools.half.memory_gib: is missing",
        "p.yaml:6 route: there is no such key; did you mean `routes`?",
    ]


def test_routes_and_pools_agree() -> None:
    assert problems(WRONG_ROUTES) == [
        "p.yaml:5 routes[0]: holds for every trial, so that the rules after it are never reached",
        "p.yaml:6 routes[1]: is the last rule, which must hold for every trial: add one such as `{pool: ...}`",
        "p.yaml:6 routes[1].when: there is no field `widht`; did you mean `model.width`?",
        "p.yaml:6 routes[1].pool: there is no pool 'smal'; did you mean `small`?",
        "p.yaml:6 routes[1].otherwise: there is no pool 'x'; there are small, large",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pools: {a: {memory_gib: 1, gpus: 1.5}}", "`gpus` is 1.5, but must be a whole number, or less than 1"),
        ("pools: {a: {memory_gib: 1, device: cuda}}", "`device` is cuda, but `gpus` is 0"),
        ("pools: {a: {memory_gib: 1}, b: {memory_gib: 1}}", "there are several pools, so `routes` must say"),
        ("pools: {}", "at least 1 item"),
        ("routes: []", "p.yaml.* pools: is missing"),
        ("pools: {a: &x {memory_gib: 1}, b: *x}", "anchor &x"),
        ("pools: {a: {memory_gib: 1, memory_gib: 2}}", "is written twice"),
        ("- a", "must be a mapping"),
    ],
)
def test_a_file_that_means_nothing_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_pools(text, "p.yaml")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no file of pools .*nothing\.yaml"):
        load_pools(tmp_path / "nothing.yaml")
    with pytest.raises(UsageError, match="cannot read the file of pools"):
        load_pools(tmp_path)
    (tmp_path / "large.yaml").write_text("# " + "x" * 70_000)
    with pytest.raises(ConfigError, match="longer than 64 kB"):
        load_pools(tmp_path / "large.yaml")
