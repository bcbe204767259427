#!/usr/bin/env bash
# A sweep on the nodes of one Slurm job. From the root of the repository, which all nodes must see, with its .venv:
#
#   SPACE=memorization sbatch deploy/slurm.sh
#   SPACE=memorization POOLS=deploy/pools.yaml sbatch --gpus-per-node=4 deploy/slurm.sh      # with GPUs
#
# Two minutes before the time limit the sweep is told to save; the job then puts itself into the queue again and goes on.
# Ends for good: when all trials are done or failed, by `rhm-sweep stop NAME` on the job's first node, or by scancel.
#SBATCH --job-name=rhm-sweep
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --time=04:00:00
#SBATCH --exclusive
#SBATCH --requeue
#SBATCH --signal=B:TERM@120
#SBATCH --open-mode=append
#SBATCH --output=rhm-sweep-%j.log
# --exclusive: two Rays on one node could take each other's ports. B: the signal goes to this script alone, not to Ray.
set -euo pipefail
cd "$SLURM_SUBMIT_DIR"
export PATH="$PWD/.venv/bin:$PATH"
space=${SPACE:-quickstart}
name=${NAME:-$space}
results=${RESULTS:-$PWD/results}
most_restarts=${MOST_RESTARTS:-100}

# Ray listens on all interfaces: without the token of this job nobody gets in. srun hands it to the other nodes.
export RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0 OMP_NUM_THREADS=1
RAY_AUTH_TOKEN=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
export RAY_AUTH_TOKEN

# This script runs on the first node. Ports below 10000 and above 19999 are not those of Ray's workers.
read -r first < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
address=$(hostname -I | cut -d ' ' -f 1):$((20000 + SLURM_JOB_ID % 10000))

scratch=/tmp/ray-$SLURM_JOB_ID

end_ray() {
  trap - EXIT
  jobs -p | xargs -r kill -TERM 2> /dev/null || true
  wait
  srun --overlap --nodes="$SLURM_NNODES" --ntasks="$SLURM_NNODES" rm -rf "$scratch" || true
}
trap end_ray EXIT

on_nodes() { srun --overlap --cpus-per-task="$SLURM_CPUS_PER_TASK" "$@" --num-cpus="$SLURM_CPUS_PER_TASK" --block & }
on_nodes --nodes=1 --ntasks=1 --nodelist="$first" ray start --head --node-ip-address="${address%:*}" \
  --port="${address#*:}" --include-dashboard=false --temp-dir="$scratch"
for ((tries = 0; tries < 120; tries++)); do
  (exec 3<> "/dev/tcp/${address%:*}/${address#*:}") 2> /dev/null && break
  sleep 1
done
others=$((SLURM_NNODES - 1))
((others == 0)) || on_nodes --nodes="$others" --ntasks="$others" --exclude="$first" ray start --address="$address"

NODES=$SLURM_NNODES deploy/drive.sh "$space" "$name" "$results" "$address" ${POOLS:+--pools "$POOLS"} &
driver=$!
stopped=0
trap 'stopped=1; trap "" TERM; kill -TERM "$driver" 2> /dev/null' TERM
code=0
wait "$driver" || code=$?
if ((stopped)); then  # the signal ended the first wait, not the driver
  code=0
  wait "$driver" || code=$?
fi

end_ray  # before the job is put back, which ends this script
# 143: the sweep was told to stop and can go on. Slurm counts how often it restarted the job.
if ((code == 143 && ${SLURM_RESTART_COUNT:-0} < most_restarts)); then
  echo "$name saved; it goes on when Slurm starts this job again"
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
