"""A trained model in three lines: load it, sample from it, measure it.

from rhm_sweeps.evaluation.trained_model import load_trained

model = load_trained("results/quickstart/models/<signature>.safetensors")
strings = model.sample(100, seed=0)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rhm_sweeps.config import TrialConfig, nest, parse_trial
from rhm_sweeps.diffusion.categorical import probabilities
from rhm_sweeps.diffusion.gaussian import Gaussian
from rhm_sweeps.errors import UsageError
from rhm_sweeps.evaluation.evaluator import PackEvaluator
from rhm_sweeps.evaluation.sampling import sample_strings
from rhm_sweeps.grammar import Grammar, make_grammar
from rhm_sweeps.streams import Streams
from rhm_sweeps.training.batches import draw_strings
from rhm_sweeps.training.denoiser import Denoiser
from rhm_sweeps.training.packs import PackedModel
from rhm_sweeps.training.precision import matmul_precision
from rhm_sweeps.training.saved_models import load_model


def load_trained(path: str | Path, device: torch.device | str = "cpu") -> TrainedModel:
    """Read a trained model; nothing in the file is executed.

    Raises:
        CheckpointError: if it is missing, damaged or not a model of rhm-sweep.
    """
    saved = load_model(Path(path))
    denoiser = Denoiser.of([saved.config], PackedModel.of([saved.model.to(device)]), device)
    return TrainedModel(saved.config, saved.step, denoiser, Streams([saved.config.training.seed], device))


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A trained network with its trial and the optimizer step at which it was saved; `streams` are those of the trial's seed."""

    config: TrialConfig
    step: int
    denoiser: Denoiser
    streams: Streams

    @property
    def device(self) -> torch.device:
        return self.denoiser.process.alpha_bar.device

    @property
    def grammar(self) -> Grammar:
        """The grammar of the trial."""
        return make_grammar(self.config.grammar)

    def training_strings(self) -> NDArray[np.uint8]:
        """The strings that it was trained on, (P, d)."""
        return draw_strings(self.grammar, self.config.training).train

    def sample(
        self,
        count: int,
        seed: int = 0,
        sampling_steps: int | None = None,
        on_step: Callable[[int], None] | None = None,
    ) -> NDArray[np.uint8]:
        """Draw strings, (count, d) tokens in 0..v-1.

        Args:
            count: how many; string i is the same for the same seed, whatever the count.
            seed: of the draws; with the trial's own they are those of its evaluation points.
            sampling_steps: denoising steps; null: as the trial's evaluation, all T unless it says otherwise.
            on_step: is told after each denoising step of how many strings it was.

        Raises:
            UsageError: if the model is a classifier, or a number is out of bounds.
        """
        if self.denoiser.classifies:
            raise UsageError("the model is a classifier: it predicts classes and has no samples; ask for its metrics")
        if count < 1 or seed < 0:
            raise UsageError(f"`count` is {count} and `seed` is {seed}, but they must be >= 1 and >= 0")
        config = self._measured(sampling_steps=sampling_steps)
        steps, length = config.evaluation.sampling_steps, config.grammar.string_length
        streams = Streams([seed], self.device)
        with matmul_precision(config.training.precision):
            samples = sample_strings(self.denoiser, streams, length, count, steps, on_step)
        return samples[0].to(torch.uint8).cpu().numpy()

    @torch.no_grad()
    def noised(self, x_0: NDArray[np.uint8] | Tensor, t: int | Tensor, seed: int = 0) -> Tensor:
        """Draw x_t of strings (N, d) at times (N,), or at one for all: tokens (N, d), or (N, d, v) of a Gaussian process."""
        strings = torch.as_tensor(x_0, device=self.device).long()
        times, start = self._times(t, len(strings)), torch.zeros(1, dtype=torch.int64, device=self.device)
        count = strings.numel() * self.denoiser.process.words_per_token
        words = Streams([seed], self.device).words("noised", start, count)
        return self.denoiser.process.q_sample(strings[None], times, words.reshape(1, len(strings), -1))[0]

    @torch.no_grad()
    def probabilities(self, x_t: NDArray[np.uint8] | Tensor, t: int | Tensor) -> Tensor:
        """What the model says of x_0, (N, d, v), or a classifier of the class, (N, n), given x_t and times (N,) or one for all.

        x_t are tokens (N, d), v for a hidden one, or numbers (N, d, v) of a Gaussian process. The process `uniform` is trained
        towards p(x_0,i | x_t without i). A Gaussian one gives E[x_0 | x_t], which is not normalized unless it predicts logits.

        Raises:
            UsageError: if x_t has another shape or tokens, or a time is not in 1..T.
        """
        x_t = self._checked(x_t)
        times, process = self._times(t, len(x_t)), self.denoiser.process
        output = self.denoiser(x_t[None], times)
        if isinstance(process, Gaussian) and not self.denoiser.classifies:
            return process.predicted_start(output, x_t[None], times)[0]
        return probabilities(output)[0]

    def metrics(
        self,
        num_samples: int | None = None,
        sampling_steps: int | None = None,
        loss_pairs: int | None = None,
        seed: int | None = None,
        on_step: Callable[[int], None] | None = None,
    ) -> dict[str, float]:
        """The metrics of an evaluation point, computed afresh: by default those that training recorded at this step.

        Args:
            num_samples, sampling_steps, loss_pairs: as in the trial's evaluation unless given.
            seed: of samples, times and noise; null: the trial's.
            on_step: as in `sample`.

        Raises:
            ConfigError: if a number is out of bounds.
        """
        changes = {"num_samples": num_samples, "sampling_steps": sampling_steps, "loss_pairs": loss_pairs}
        model = replace(self, config=self._measured(**changes))
        if seed is not None:
            model = replace(model, streams=Streams([seed], self.device))
        grammar = self.grammar
        data = draw_strings(grammar, self.config.training)
        return PackEvaluator([model.config], [grammar], [data], model).evaluate(model, on_step)[0]

    def _measured(self, **changes: int | None) -> TrialConfig:
        """The trial with other settings of its evaluation."""
        given = {f"evaluation.{name}": value for name, value in changes.items() if value is not None}
        return parse_trial(nest({**self.config.flat(), **given}), "evaluation") if given else self.config

    def _times(self, t: int | Tensor, count: int) -> Tensor:
        """Times (1, N)."""
        times = torch.as_tensor(t, device=self.device).expand(count)[None]
        timesteps = self.config.diffusion.timesteps
        if times.numel() and not 1 <= int(times.min()) <= int(times.max()) <= timesteps:
            raise UsageError(f"t is {int(times.min())}..{int(times.max())}, but must be in 1..T = {timesteps}")
        return times

    def _checked(self, x_t: NDArray[np.uint8] | Tensor) -> Tensor:
        grammar, process = self.config.grammar, self.config.diffusion.process
        x_t = torch.as_tensor(x_t, device=self.device)
        numbers = process == "gaussian"
        shape = (grammar.string_length, grammar.num_features) if numbers else (grammar.string_length,)
        if x_t.shape[1:] != shape or not x_t.ndim:
            raise UsageError(f"x_t has the shape {tuple(x_t.shape)}, but must be (N, {', '.join(map(str, shape))})")
        if numbers:
            return x_t.float()
        largest = grammar.num_features - (process != "masked")
        if x_t.numel() and not 0 <= int(x_t.min()) <= int(x_t.max()) <= largest:
            raise UsageError(f"x_t has tokens {int(x_t.min())}..{int(x_t.max())}, but they must be in 0..{largest}")
        return x_t.long()
