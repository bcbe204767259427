"""About how many of its strings a sampler has to ask the network at a step, on a CPU: by process, denoising steps T and length d.

    python benchmarks/asked_strings.py --timesteps 50 200 1000 --layers 2 3 4 5

Percent of the strings of a grammar (8, 3, 2, L), d = 2**L tokens, mean over the steps. Beside the expected share stands what untrained
networks of width 8 were asked about, for as many samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import torch
from measured import Report, flags, parsed

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.diffusion.noise_schedules import sampling_times
from rhm_sweeps.diffusion.process import asked_share, p_sample_loop
from rhm_sweeps.diffusion.processes import make_process
from rhm_sweeps.streams import Streams
from rhm_sweeps.training.denoiser import Denoiser
from rhm_sweeps.training.packs import initial_pack

COLUMNS = {"process": "", "schedule": "", "timesteps": "d", "length": "d", "expected": ".1%", "asked": ".1%"}
PROCESSES = [("uniform", "linear"), ("uniform", "cosine"), ("masked", "log_linear"), ("gaussian", "linear")]


@torch.no_grad()
def measured_share(config: TrialConfig, samples: int) -> float:
    """Of the strings at all steps, those that the network of a trial sees."""
    process, length, timesteps = make_process([config]), config.grammar.string_length, config.diffusion.timesteps
    denoiser, streams, indices = Denoiser.of([config], initial_pack([config])), Streams([0]), torch.arange(samples)
    seen = 0

    def words(t: int) -> torch.Tensor:
        return streams.words(f"sample/{t}", indices, length * process.words_per_token)

    def denoise(x_t: torch.Tensor, t: int, asked: torch.Tensor | None) -> torch.Tensor:
        nonlocal seen
        seen += x_t.shape[1]
        return denoiser.at(x_t, t, asked)

    p_sample_loop(process, denoise, process.prior(words(timesteps + 1)), sampling_times(timesteps), words)
    return seen / (samples * timesteps)


def main(words: Sequence[str] | None = None) -> None:
    parser = flags(__doc__)
    parser.add_argument("--timesteps", type=int, nargs="+", default=[50, 200, 1000])
    parser.add_argument("--layers", type=int, nargs="+", default=[2, 3, 4, 5], help="depths L of the grammar")
    parser.add_argument("--samples", type=int, default=256)
    chosen = parsed(parser, words, timesteps=[50, 200], layers=[3, 5])
    with Report(chosen, COLUMNS) as report:
        for (process, schedule), timesteps, layers in product(PROCESSES, chosen.timesteps, chosen.layers):
            config = parse_trial({
                "grammar": {"num_layers": layers},
                "diffusion": {"process": process, "noise_schedule": schedule, "timesteps": timesteps},
                "model": {"width": 8},
                "training": {"train_size": 1, "test_size": 0},
            })  # fmt: skip
            length = config.grammar.string_length
            expected = asked_share(make_process([config]), sampling_times(timesteps), length)
            report.add(
                process=process, schedule=schedule, timesteps=timesteps, length=length, expected=expected,
                asked=measured_share(config, chosen.samples),
            )  # fmt: skip


if __name__ == "__main__":
    main()
