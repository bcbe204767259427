"""The denoiser of a trial."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rhm_sweeps.config.section import Section


class ModelConfig(Section):
    """A network that maps (x_t, t) to logits of x_0."""

    name: Literal["bp_unet"] = "bp_unet"
    """`bp_unet`: the U-Net that mirrors belief propagation on the tree (arXiv 2502.12089)."""
    width: int = Field(128, ge=1, le=65_536)
    """w: hidden channels."""
    time_input: Literal["diffusion", "original"] = "diffusion"
    """Schedule that scales the input: the diffusion's own, or the original code's fixed one (beta 1e-4..0.02, 1000 steps)."""
