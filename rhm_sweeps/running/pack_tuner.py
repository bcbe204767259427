"""Ray Tune, set so that it executes what it is given and decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ray import tune
from ray.tune.execution import class_cache

from rhm_sweeps.pools.pools import Pools
from rhm_sweeps.running.ray_cluster import NODE_ID
from rhm_sweeps.running.ray_events import DriverQueue, InOrder, PackEvents, StopAsked
from rhm_sweeps.running.trainable import PackTrainable

MOST_AT_ONCE = 10**6
"""For Ray, where the slots may become more: the driver hands out no more packs than there are slots."""


# Tune writes these variables of the driver, AWS's secret key among them, into logs that all users of a node may read, and with any
# of them no pack could take a process that Ray has started already.
# Workers of a Ray of our own inherit them; the nodes of a cluster have credentials of their own.
class_cache.ENV_VARS_TO_PROPAGATE, class_cache.DEFAULT_ENV_VARS = frozenset(), {}


def pack_tuner(
    trainable: type[PackTrainable],
    queue: DriverQueue,
    scheduler: InOrder,
    events: PackEvents,
    stop: StopAsked,
    pools: Pools,
    scratch: Path,
    most: int | None,
) -> tune.Tuner:
    """A run of Ray Tune to which the queue gives packs, at most so many at once; None: as many as it gives."""
    asked = {pool.name: (pool.request, pool.labels) for pool in pools.pools}
    return tune.Tuner(
        tune.with_resources(trainable, lambda config: _place(*asked[config["pool"]], config["avoid"])),
        tune_config=tune.TuneConfig(
            search_alg=queue,
            scheduler=scheduler,
            num_samples=-1,
            max_concurrent_trials=most or MOST_AT_ONCE,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            name="packs",
            storage_path=str(scratch),
            callbacks=[events],
            stop=stop,
            failure_config=tune.FailureConfig(max_failures=0),
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            verbose=0,
        ),
    )


def _place(request: Mapping[str, float], labels: Mapping[str, str], avoid: Sequence[str]) -> tune.PlacementGroupFactory:
    wanted = {**labels, NODE_ID: f"!in({', '.join(avoid)})"} if avoid else dict(labels)
    selector = {"bundle_label_selector": [wanted]} if wanted else {}
    return tune.PlacementGroupFactory([dict(request)], **selector)
