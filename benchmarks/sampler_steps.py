"""What a perfect denoiser's samples are worth when the sampler takes few steps: validity at levels 1..L, for each process.

    python benchmarks/sampler_steps.py --steps 10 20 50 100 200

The denoiser is exact belief propagation, so that what is missing to 1 is the sampler's fault alone. Grammar (8, 3, 2, L=3) of
seed 42, T = 200. Each number's standard error is below sqrt(p (1 - p) / samples), for p the validity at level L.
"""

from __future__ import annotations

import argparse
import time

import torch

from rhm_sweeps.config import parse_trial
from rhm_sweeps.evaluation.sampler_ceiling import sampler_ceiling

PROCESSES = [("uniform", "linear"), ("masked", "linear"), ("masked", "log_linear"), ("gaussian", "linear")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, nargs="+", default=[10, 20, 50, 100, 200])
    parser.add_argument("--samples", type=int, default=2048)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print("| process | noise schedule | " + " | ".join(f"{steps} steps" for steps in arguments.steps) + " |")
    print("|---" * (2 + len(arguments.steps)) + "|")
    start = time.perf_counter()
    for process, schedule in PROCESSES:
        diffusion = {"process": process, "noise_schedule": schedule, "timesteps": 200}
        config = parse_trial({"grammar": {"seed_rules": 42}, "diffusion": diffusion})
        options = {"num_samples": arguments.samples, "seed": arguments.seed}
        found = [sampler_ceiling(config.grammar, config.diffusion, steps, **options) for steps in arguments.steps]
        cells = [" ".join(f"{share:.3f}" for share in validity) for validity in found]
        print(f"| {process} | {schedule} | " + " | ".join(cells) + " |", flush=True)
    print(f"\n{arguments.samples} samples each, torch {torch.__version__}, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
