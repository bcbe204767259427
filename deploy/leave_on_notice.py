#!/usr/bin/env python
"""Wait until the cloud takes this spot node away, and have Ray drain it: its packs save, and go on elsewhere.

    leave_on_notice.py aws            # two minutes before; google: 30 seconds before

Runs beside `ray start` on a worker and ends when Ray knows. A cloud that does not answer is asked again, and so is Ray until the node
is gone.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from datetime import datetime
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

METADATA = "http://169.254.169.254"
GOOGLE_NOTICE_S = 30
OPENER = build_opener(ProxyHandler({}))  # the metadata are never behind a proxy


def ask(url: str, headers: dict[str, str], method: str = "GET") -> str:
    """What the metadata server says."""
    with OPENER.open(Request(url, headers=headers, method=method), timeout=5) as answer:
        return str(answer.read().decode())


def aws(metadata: str) -> float | None:
    """Seconds until AWS takes this node, None if it does not (EC2's user guide: spot instance interruption notices)."""
    token = ask(f"{metadata}/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "60"}, "PUT")
    try:
        notice = ask(f"{metadata}/latest/meta-data/spot/instance-action", {"X-aws-ec2-metadata-token": token})
    except HTTPError as error:
        if error.code == 404:  # there is none
            return None
        raise
    return datetime.fromisoformat(json.loads(notice)["time"]).timestamp() - time.time()


def google(metadata: str) -> float | None:
    """Seconds until Google takes this node, None if it does not (Compute Engine's guide: handle preemption)."""
    said = ask(f"{metadata}/computeMetadata/v1/instance/preempted", {"Metadata-Flavor": "Google"})
    return GOOGLE_NOTICE_S if said.strip() == "TRUE" else None


def seconds_left(cloud: str, metadata: str, every_s: float) -> int:
    """Wait for the notice; what goes wrong is said when it changes."""
    said = ""
    while True:
        try:
            left = {"aws": aws, "google": google}[cloud](metadata)
        except (OSError, HTTPException, ValueError, KeyError) as error:
            left, trouble = None, f"no answer from {metadata}: {error}"
        else:
            trouble = ""
        if left is not None:
            return max(int(left), 1)
        if trouble not in ("", said):
            print(trouble, file=sys.stderr, flush=True)
        said = trouble
        time.sleep(every_s)


def drain(left: int, every_s: float) -> int:
    """Tell Ray that this node has so many seconds left, again and again while it fails: the last exit code of `ray drain-node`."""
    command = ["ray", "drain-node", "--reason=DRAIN_NODE_REASON_PREEMPTION"]
    command += ["--reason-message=the cloud takes this spot node away"]
    ends = time.monotonic() + left
    while True:
        remaining = max(round(ends - time.monotonic()), 1)
        code = subprocess.run([*command, f"--deadline-remaining-seconds={remaining}"], check=False).returncode
        if code == 0 or time.monotonic() + every_s >= ends:
            return code
        print(f"ray drain-node ended with {code}; it is tried again", file=sys.stderr, flush=True)
        time.sleep(every_s)


def main() -> int:
    """0, or what `ray drain-node` ended with if it never worked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cloud", choices=["aws", "google"])
    parser.add_argument("--metadata", default=METADATA, help=f"where the cloud answers ({METADATA})")
    parser.add_argument("--every-s", type=float, default=5.0, help="seconds between two looks (5)")
    wanted = parser.parse_args()
    left = seconds_left(wanted.cloud, wanted.metadata, wanted.every_s)
    print(f"this node is taken away in {left} s", file=sys.stderr, flush=True)
    return drain(left, wanted.every_s)


if __name__ == "__main__":
    sys.exit(main())
