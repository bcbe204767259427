"""The training loop of a pack: the same arithmetic for each member as if it were alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.diffusion.noise_schedules import alpha_bar_table
from rhm_sweeps.diffusion.uniform import kl_loss, q_sample
from rhm_sweeps.training.packs import initial_pack
from rhm_sweeps.training.streams import Streams, below, uniform

CHUNK_STEPS = 32
"""Optimizer steps whose batches are drawn at once."""


@dataclass(frozen=True)
class Batches:
    """Noised training strings of S steps: x_0 and x_t are (K, S, B, d) tokens, t is (K, S, B)."""

    x_0: Tensor
    x_t: Tensor
    t: Tensor


class PackTrainer:
    """Optimizes the members of a pack together; `step` counts the optimizer steps done."""

    def __init__(
        self, configs: Sequence[TrialConfig], train_sets: Sequence[np.ndarray], device: torch.device | str = "cpu"
    ) -> None:
        """Start at step 0.

        Args:
            configs: K trials with equal pack key.
            train_sets: each member's training strings, (P, d) uint8; P may differ.
            device: where to train.
        """
        self.config = configs[0]
        self.device = torch.device(device)
        self.step = 0
        self.model = initial_pack(configs, self.device)
        self.streams = Streams([config.training.seed for config in configs], self.device)
        self.alpha_bar = torch.stack([alpha_bar_table(config.diffusion) for config in configs]).float().to(self.device)
        self.sizes = torch.tensor([len(strings) for strings in train_sets], device=self.device)
        self.strings = torch.nn.utils.rnn.pad_sequence([torch.from_numpy(s) for s in train_sets], batch_first=True).to(
            self.device
        )
        self.optimizer = self._new_optimizer()

    def _new_optimizer(self) -> torch.optim.Adam:
        return torch.optim.Adam(list(self.model.parameters.values()), lr=self.config.training.learning_rate, fused=True)

    def draw_batches(self, count: int) -> Batches:
        """Draw the batches of the next `count` steps; each depends on its own step number alone."""
        training, v = self.config.training, self.config.grammar.num_features
        steps = torch.arange(self.step, self.step + count, device=self.device)
        picks = below(self.streams.words("batch", steps, training.batch_size), self.sizes[:, None, None])
        x_0 = self.strings[torch.arange(len(self.sizes), device=self.device)[:, None, None], picks].long()
        t = 1 + below(self.streams.words("time", steps, training.batch_size), self.config.diffusion.timesteps)
        noise = self.streams.words("noise", steps, x_0[0, 0].numel()).reshape(x_0.shape)
        alpha_bar_t = self.alpha_bar_at(t)
        return Batches(x_0, q_sample(x_0, alpha_bar_t, uniform(noise), below(noise, v)), t)

    def alpha_bar_at(self, t: Tensor) -> Tensor:
        """Each member's alpha_bar at times t (K, ...)."""
        return self.alpha_bar.gather(1, t.reshape(len(t), -1)).reshape(t.shape)

    def losses(self, x_0: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """KL loss of each string: (K, B, d) tokens and (K, B) times to (K, B)."""
        alpha_bar_s = self.alpha_bar_at(t - 1)
        return kl_loss(self.model(x_t, t), x_0, x_t, self.alpha_bar_at(t) / alpha_bar_s, alpha_bar_s)

    def train(self, steps: int) -> Tensor:
        """Do `steps` optimizer steps and return each member's loss at each of them, (K, steps)."""
        history: list[Tensor] = []
        while len(history) < steps:
            count = min(CHUNK_STEPS, steps - len(history))
            batches = self.draw_batches(count)
            history += [self._step(batches.x_0[:, i], batches.x_t[:, i], batches.t[:, i]) for i in range(count)]
            self.step += count
        return torch.stack(history, 1)

    def _step(self, x_0: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        losses = self.losses(x_0, x_t, t).mean(-1)
        self.optimizer.zero_grad(set_to_none=True)
        losses.sum().backward()
        self.optimizer.step()
        return losses.detach()

    def select(self, kept: Sequence[int]) -> None:
        """Go on with some of the members only; their trajectories do not change."""
        index = torch.tensor(kept, dtype=torch.int64, device=self.device)
        old = self.optimizer.state_dict()["state"]
        self.model = self.model.select(index)
        self.streams = self.streams.select(index)
        self.alpha_bar, self.sizes, self.strings = self.alpha_bar[index], self.sizes[index], self.strings[index]
        self.optimizer = self._new_optimizer()
        self._load_moments(
            {key: {n: x if n == "step" else x[index] for n, x in state.items()} for key, state in old.items()}
        )

    def _load_moments(self, state: dict[int, dict[str, Tensor]]) -> None:
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})

    def state_dict(self) -> dict[str, object]:
        """Everything that the next step depends on, besides the configuration: tensors and numbers only."""
        return {
            "step": self.step,
            "parameters": {name: tensor.detach() for name, tensor in self.model.parameters.items()},
            "moments": self.optimizer.state_dict()["state"],
        }

    def load_state_dict(self, state: dict[str, object]) -> None:
        """Go on where `state_dict` was taken."""
        self.step = state["step"]  # type: ignore[assignment]
        parameters: dict[str, Tensor] = state["parameters"]  # type: ignore[assignment]
        with torch.no_grad():
            for name, tensor in self.model.parameters.items():
                tensor.copy_(parameters[name])
        self._load_moments(state["moments"])  # type: ignore[arg-type]
