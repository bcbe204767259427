"""The training loop of a pack: the same arithmetic for each member as if it were alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rhm_sweeps.config import PERTURBED, TrialConfig
from rhm_sweeps.streams import Streams
from rhm_sweeps.training.batches import TrainingSets, draw_batches
from rhm_sweeps.training.chunk import Chunk
from rhm_sweeps.training.cuda_graphs import cuda_graphs
from rhm_sweeps.training.denoiser import Denoiser, Noised
from rhm_sweeps.training.optimizer_step import OptimizerStep
from rhm_sweeps.training.optimizers import Moments, learning_rates, select_moments
from rhm_sweeps.training.pack_optimizer import PackOptimizer
from rhm_sweeps.training.packs import initial_pack
from rhm_sweeps.training.precision import matmul_precision
from rhm_sweeps.training.recorded_step import RecordedStep

CHUNK_STEPS = 32
"""Optimizer steps whose batches are drawn at once, if they are small."""
CHUNK_WORDS = 2**23
"""Random numbers drawn at once; 64 MiB."""


class PackTrainer:
    """Optimizes the members of a pack together; `step` counts the optimizer steps done."""

    def __init__(
        self,
        configs: Sequence[TrialConfig],
        train_sets: Sequence[np.ndarray],
        device: torch.device | str = "cpu",
        train_classes: Sequence[np.ndarray] | None = None,
    ) -> None:
        """Start at step 0.

        Args:
            configs: K trials with equal pack key.
            train_sets: each member's training strings, (P, d) uint8; P may differ.
            device: where to train.
            train_classes: each member's classes (P,), for classifiers.
        """
        self.config = configs[0]
        self.training = [config.training for config in configs]
        self.device = torch.device(device)
        self.step = 0
        self.denoiser = Denoiser.of(configs, initial_pack(configs, self.device), self.device)
        self.streams = Streams([config.training.seed for config in configs], self.device)
        self.data = TrainingSets.of(train_sets, train_classes, self.device)
        self._recorder = cuda_graphs(self.device)
        self._renew_optimizer({})

    def draw_batches(self, count: int) -> Noised:
        """Draw the batches of the next `count` steps: leading axes (K, count, B)."""
        steps = range(self.step, self.step + count)
        return draw_batches(self.config, self.data, self.denoiser.process, self.streams, steps)

    def _draw_chunk(self, count: int) -> Chunk:
        rates = learning_rates(self.training, self.step, count)
        return self._recorded.take(Chunk.of(self.draw_batches(count), rates, self.step), self._chunk)

    @property
    def _chunk(self) -> int:
        """Steps whose batches are drawn at once."""
        training, diffusion = self.config.training, self.config.diffusion
        strings = len(self.data.sizes) * training.batch_size * diffusion.n_trajectories
        words = strings * self.config.grammar.string_length * self.denoiser.process.words_per_token
        return max(1, min(CHUNK_STEPS, CHUNK_WORDS // words))

    @property
    def is_recorded(self) -> bool:
        """Whether a device repeats the step by itself."""
        return self._recorded.is_recorded

    def train(self, steps: int) -> Tensor:
        """Do `steps` optimizer steps and return each member's loss at each of them, (K, steps)."""
        history: list[Tensor] = []
        target = self.step + steps
        with matmul_precision(self.config.training.precision):
            while self.step < target:
                count = min(self._chunk, target - self.step)
                chunk = self._draw_chunk(count)
                for _ in range(count):
                    self._step(chunk)
                    self.step += 1
                history.append(chunk.losses[:, :count].clone())
        return torch.cat(history, 1)

    def _step(self, chunk: Chunk) -> None:
        self._recorded(chunk)

    def select(self, kept: Sequence[int]) -> None:
        """Go on with some of the members only; their trajectories do not change."""
        index = torch.tensor(kept, dtype=torch.int64, device=self.device)
        moments = select_moments(self.optimizer.moments(), index)
        self.denoiser = self.denoiser.select(index)
        self.streams, self.data = self.streams.select(index), self.data.select(kept)
        self.training = [self.training[k] for k in kept]
        self._renew_optimizer(moments)

    def exploit(self, sources: Sequence[int], rates: Sequence[Mapping[str, float]]) -> None:
        """Member k goes on with the weights and moments of member `sources[k]`, and with rates of its own."""
        index = torch.tensor(sources, dtype=torch.int64, device=self.device)
        with torch.no_grad():
            for parameter in self.denoiser.model.parameters.values():
                parameter.copy_(parameter[index])
        self._set_rates(rates)
        self._renew_optimizer(select_moments(self.optimizer.moments(), index))

    def _set_rates(self, rates: Sequence[Mapping[str, float]]) -> None:
        self.training = [one.model_copy(update=dict(own)) for one, own in zip(self.training, rates, strict=True)]

    def _renew_optimizer(self, moments: Moments) -> None:
        parameters = list(self.denoiser.model.parameters.values())
        self.optimizer = PackOptimizer(parameters, self.training or [self.config.training])
        self.optimizer.load(moments)
        step = OptimizerStep(self.config, self.denoiser, self.optimizer, self.streams)
        self._recorded = RecordedStep(step, self._recorder)

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on, besides the configuration: tensors and numbers only."""
        return {
            "step": self.step,
            "parameters": {name: tensor.detach() for name, tensor in self.denoiser.model.parameters.items()},
            "moments": self.optimizer.moments(),
            "rates": [{name: getattr(member, name) for name in PERTURBED} for member in self.training],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        self.step = state["step"]
        with torch.no_grad():
            for name, tensor in self.denoiser.model.parameters.items():
                tensor.copy_(state["parameters"][name])
        self._set_rates(state.get("rates", [{} for _ in self.training]))
        self._renew_optimizer(state["moments"])
