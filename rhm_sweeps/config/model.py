"""The network of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from rhm_sweeps.config.section import Section

ModelName = Literal["bp_unet", "transformer", "classifier"]
"""The registry of networks: each is a file of this name in `rhm_sweeps/models`."""

_UNET_FIELDS = ("width", "bias", "depth", "filter_size", "time_input")
_TRANSFORMER_FIELDS = ("embedding_size", "num_heads", "feedforward_size", "encoder_layers", "decoder_layers", "dropout")


class ModelConfig(Section):
    """A network that maps a noised string and its time to logits of x_0, or of the class."""

    name: ModelName = "bp_unet"
    """`bp_unet`: mirrors belief propagation on the tree (arXiv 2502.12089); `transformer`: encoder-decoder denoiser;
    `classifier`: a transformer encoder that predicts the class at every t."""
    width: int = Field(128, ge=1, le=65_536)
    """w: hidden channels of `bp_unet`."""
    bias: bool = False
    """Whether the linear maps of `bp_unet` have biases."""
    depth: int | None = Field(None, ge=1, le=14)
    """Levels of `bp_unet`; null: num_layers."""
    filter_size: int | None = Field(None, ge=2, le=64)
    """Positions that one level of `bp_unet` merges; null: tuple_size."""
    time_input: Literal["diffusion", "original"] = "diffusion"
    """Schedule that scales the input of `bp_unet`: the diffusion's, or the original code's fixed one (beta 1e-4..0.02, 1000 steps)."""
    embedding_size: int = Field(64, ge=2, le=65_536)
    """Channels of a transformer."""
    num_heads: int = Field(4, ge=1, le=1024)
    """Attention heads of a transformer; divides `embedding_size`."""
    feedforward_size: int = Field(256, ge=1, le=262_144)
    """Hidden channels of a transformer's feed-forward layers."""
    encoder_layers: int = Field(2, ge=1, le=64)
    """Encoder layers of a transformer."""
    decoder_layers: int = Field(2, ge=1, le=64)
    """Decoder layers of `transformer`."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Share of a transformer's channels that training drops after each sublayer."""
    constraint: Literal["none", "tuples"] = "none"
    """`tuples`: logits are those of the legal leaf tuples alone, as tuples that no rule makes get no probability."""

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.embedding_size % self.num_heads:
            raise ValueError(
                f"`embedding_size` is {self.embedding_size}, but must be a multiple of num_heads = {self.num_heads}"
            )
        if self.name == "classifier" and self.constraint != "none":
            raise ValueError(
                f"`constraint` is {self.constraint!r}, but a classifier predicts no tuples: must be 'none'"
            )
        return self

    def unused(self) -> Mapping[str, str]:
        if self.name == "bp_unet":
            return dict.fromkeys(_TRANSFORMER_FIELDS, "a transformer")
        return dict.fromkeys(_UNET_FIELDS, "bp_unet") | (
            {"decoder_layers": "transformer"} if self.name == "classifier" else {}
        )
