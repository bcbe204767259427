"""The data and the optimization of a trial."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rhm_sweeps.config.section import Section


class TrainingConfig(Section):
    """What the model is trained on, and how."""

    train_size: int = Field(1024, ge=1)
    """P: number of training strings."""
    test_size: int = Field(1024, ge=0)
    """Number of held-out strings; 0 leaves the test loss out."""
    seed_sample: int = Field(0, ge=0)
    """Seed of the draw of strings."""
    replacement: bool = False
    """Draw strings with replacement; without it all training and test strings are distinct."""
    seed: int = Field(0, ge=0)
    """Seed of initialization, batches, noise and samples."""
    steps: int = Field(8192, ge=1)
    """Optimizer steps."""
    batch_size: int = Field(64, ge=1)
    """Strings per optimizer step, drawn with replacement from the training set."""
    optimizer: Literal["adam"] = "adam"
    """`adam` with torch's default betas and epsilon."""
    learning_rate: float = Field(1e-2, gt=0)
    """Constant learning rate."""
    precision: Literal["float32", "bf16"] = "float32"
    """Precision of matrix products; weights, optimizer and losses are float32 always."""
