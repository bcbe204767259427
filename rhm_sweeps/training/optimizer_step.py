"""One optimizer step of a pack: the same arithmetic for each member as if it were alone."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.streams import Streams
from rhm_sweeps.training.chunk import Chunk
from rhm_sweeps.training.denoiser import Denoiser, Noised
from rhm_sweeps.training.optimizers import clip_gradients
from rhm_sweeps.training.pack_optimizer import PackOptimizer


@dataclass(frozen=True, eq=False)
class OptimizerStep:
    """Batch, loss, gradient and optimizer.

    No number goes from here to Python or back: what changes from step to step stands in tensors, and no decision needs to know one.
    So a GPU never waits, and what it did can be recorded and repeated.
    """

    config: TrialConfig
    denoiser: Denoiser
    optimizer: PackOptimizer
    streams: Streams

    def __call__(self, chunk: Chunk) -> None:
        """Do the chunk's next step."""
        training, parameters = self.config.training, list(self.denoiser.model.parameters.values())
        self.optimizer.zero_grad()
        losses = self._backward(chunk)
        if training.gradient_clip is not None:
            clip_gradients(parameters, training.gradient_clip)
        self.optimizer.step(chunk.now(chunk.rates))
        chunk.finish(losses)

    def _backward(self, chunk: Chunk) -> Tensor:
        """Put the gradients of the mean loss into the parameters, part by part of the batch; return each member's loss, (K,)."""
        training, batch = self.config.training, chunk.batch()
        total = torch.zeros(len(batch.t), device=batch.t.device)
        words = self._dropout_words(chunk, batch)
        size = batch.t.shape[1] // training.accumulation
        for part, dropout in zip(batch.parts(size), words.split(size, 1), strict=True):
            output = self.denoiser(part.x_t, part.t, dropout if self.config.model.dropout else None)
            losses = self.denoiser.losses_of(output, part, training.label_smoothing)
            if training.illegal_penalty:
                losses = losses + training.illegal_penalty * self.denoiser.illegal_mass(output)
            mean = losses.mean(-1) / training.accumulation
            mean.sum().backward()
            total += mean.detach()
        return total

    def _dropout_words(self, chunk: Chunk, batch: Noised) -> Tensor:
        if not self.config.model.dropout:
            return batch.t
        return self.streams.words("dropout", chunk.now(chunk.numbers), batch.t.shape[1])[:, 0]
