"""The class of a noised string, at every t."""

from __future__ import annotations

import torch
from torch import Tensor

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.models.linear import Linear
from rhm_sweeps.models.network import Network, NormalDraw
from rhm_sweeps.models.transformer import Encoder, reset_transformer


class Classifier(Network):
    """Maps model inputs (B, d, v) and times (B,) to logits of the class (B, n): a transformer encoder, its positions averaged."""

    def __init__(self, config: TrialConfig, dtype: torch.dtype) -> None:
        super().__init__()
        self.encoder = Encoder(config, dtype)
        self.readout = Linear(config.model.embedding_size, config.grammar.num_classes, dtype, bias=True)

    def forward(self, x: Tensor, t: Tensor, dropout: Tensor | None = None) -> Tensor:
        logits: Tensor = self.readout(self.encoder(x, t, dropout).mean(1))
        return logits

    def reset_parameters(self, normal: NormalDraw) -> None:
        """Draw the weights."""
        reset_transformer(self, normal, tables=("encoder.positions",))


def build(config: TrialConfig, dtype: torch.dtype) -> Classifier:
    """The network of a trial."""
    return Classifier(config, dtype)
