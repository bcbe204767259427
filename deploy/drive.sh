#!/usr/bin/env bash
# Drive a sweep on the Ray cluster that this machine is a node of: go on with it if it exists, else launch it.
#
#   drive.sh SPACE NAME RESULTS ADDRESS [--pools FILE] [--tracking-uri URI] ...
#
# NODES waits for so many nodes before; ASK_GPUS asks Ray's autoscaler for so many GPUs (see wait_for_nodes.py).
set -euo pipefail
space=${1:?SPACE} name=${2:?NAME} results=${3:?RESULTS} address=${4:?ADDRESS}
shift 4

if [ -n "${NODES:-}" ]; then
  wait=$(command -v wait-for-nodes || echo "$(dirname "$0")/wait_for_nodes.py")
  python "$wait" "$address" "$NODES" ${ASK_GPUS:+--ask-gpus "$ASK_GPUS"}
fi

# exec: a signal to this process is one to the sweep, which then saves and leaves with 143.
if rhm-sweep status "$name" --results "$results" > /dev/null 2>&1; then
  exec rhm-sweep resume "$name" --results "$results" --address "$address" "$@"
fi
exec rhm-sweep launch "$space" --set "name=$name" --yes --results "$results" --address "$address" "$@"
