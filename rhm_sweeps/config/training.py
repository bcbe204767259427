"""The data and the optimization of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

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
    resample_level: int = Field(0, ge=0)
    """Rules of levels 1..resample_level are drawn again, the latents above stay those of `seed_sample`; 0: none are."""
    seed_resample: int = Field(0, ge=0)
    """Seed of the rules that are drawn again."""
    seed: int = Field(0, ge=0)
    """Seed of initialization, batches, noise and samples."""
    steps: int = Field(8192, ge=1)
    """Optimizer steps."""
    batch_size: int = Field(64, ge=1)
    """Strings per optimizer step."""
    batches: Literal["replacement", "epoch"] = "replacement"
    """Strings of a batch: drawn from the whole training set each time, or in passes over it, each in a new order."""
    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    """`adam` and `adamw` with torch's default betas and epsilon, or `sgd` with `momentum`."""
    learning_rate: float = Field(1e-2, gt=0)
    """Learning rate, after warm-up and before any decay."""
    momentum: float = Field(0.0, ge=0, lt=1)
    """Momentum of `sgd`."""
    weight_decay: float = Field(0.0, ge=0)
    """Added to the gradient as weight_decay * weight (adam, sgd), or taken off the weights at the rate learning_rate (adamw)."""
    lr_schedule: Literal["constant", "cosine", "step"] = "constant"
    """After warm-up: constant; cosine from 1 to 0 at the last step; or times `lr_decay` every `lr_decay_steps`."""
    warmup_steps: int = Field(0, ge=0)
    """Steps over which the learning rate rises linearly."""
    lr_decay: float = Field(0.5, gt=0, le=1)
    """Factor of the lr_schedule `step`."""
    lr_decay_steps: int = Field(1000, ge=1)
    """Steps between decays of the lr_schedule `step`."""
    gradient_clip: float | None = Field(None, gt=0)
    """Largest norm of a member's gradient; null: any."""
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    """Share of the target's probability that is spread over all symbols."""
    illegal_penalty: float = Field(0.0, ge=0)
    """Weight in the loss of the probability that the prediction gives to leaf tuples that no rule makes."""
    accumulation: int = Field(1, ge=1)
    """Parts in which a batch goes through the network, to save memory; divides `batch_size`."""
    precision: Literal["float32", "bf16", "tf32"] = "float32"
    """Precision of matrix products (`tf32` on GPUs only); weights, optimizer and losses are float32 always."""

    @model_validator(mode="after")
    def _fields_agree(self) -> Self:
        if self.warmup_steps > self.steps:
            raise ValueError(f"`warmup_steps` is {self.warmup_steps}, but must be <= steps = {self.steps}")
        if self.batch_size % self.accumulation:
            raise ValueError(f"`accumulation` is {self.accumulation}, but must divide batch_size = {self.batch_size}")
        return self

    def unused(self) -> Mapping[str, str]:
        unused = {}
        if self.optimizer != "sgd":
            unused["momentum"] = "optimizer sgd"
        if self.lr_schedule != "step":
            unused |= dict.fromkeys(("lr_decay", "lr_decay_steps"), "lr_schedule step")
        if self.resample_level == 0:
            unused["seed_resample"] = "resample_level >= 1"
        return unused
