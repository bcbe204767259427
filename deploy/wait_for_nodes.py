#!/usr/bin/env python
"""Wait until a Ray cluster has so many nodes, and say how many GPUs its autoscaler shall bring.

    wait_for_nodes.py auto 2 --ask-gpus 8

A sweep hands out no more packs than there are places, so the autoscaler sees no demand: it has to be told. Nodes that
come later are used. What was asked for stays until `--ask-gpus 0` or the end of the cluster.
"""

from __future__ import annotations

import argparse
import sys
import time

import ray
from ray.autoscaler.sdk import request_resources


def main() -> int:
    """0 when the nodes are there, 1 if they are not in time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", help="auto or host:port")
    parser.add_argument("nodes", type=int, help="nodes to wait for, with the head")
    parser.add_argument("--ask-gpus", type=int, help="GPUs that the autoscaler shall bring; 0: none")
    parser.add_argument("--timeout-s", type=float, default=1800.0)
    wanted = parser.parse_args()
    ray.init(address=wanted.address, log_to_driver=False, logging_level="ERROR")
    if wanted.ask_gpus is not None:
        request_resources(bundles=[{"GPU": 1}] * wanted.ask_gpus)
    deadline = time.monotonic() + wanted.timeout_s
    while (found := sum(node["Alive"] for node in ray.nodes())) < wanted.nodes:
        if time.monotonic() > deadline:
            print(f"{found} of {wanted.nodes} nodes after {wanted.timeout_s:g} s", file=sys.stderr)
            return 1
        time.sleep(1)
    print(f"{found} nodes", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
