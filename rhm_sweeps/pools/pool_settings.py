"""What may stand in a file of pools."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from rhm_sweeps.config.section import Section

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")]
LabelValue = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$")]
LabelName = Annotated[
    str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9.-]{0,252}/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$")
]
OWN_KEYS = {"CPU": "cpus", "GPU": "gpus", "memory": "memory_gib", "object_store_memory": "memory_gib"}
"""Resources of Ray that have a key of their own here."""


def _has_no_key(name: str) -> str:
    if name in OWN_KEYS:
        raise ValueError(f"{name} is asked for by `{OWN_KEYS[name]}`")
    return name


ResourceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$"), AfterValidator(_has_no_key)]


class PoolSettings(Section):
    """What each pack of a pool asks of its node, and how many run at once."""

    cpus: float = Field(1.0, gt=0, le=1024)
    """Cores; one thread trains, the others are left free for it."""
    gpus: float = Field(0.0, ge=0, le=64)
    """GPUs, or a part of one: 0.5 lets two packs share it."""
    memory_gib: float = Field(gt=0, le=65536)
    """Memory that a pack may use: of its GPU, or else of its node."""
    max_packs: int | None = Field(None, ge=1, le=100_000)
    """Packs that run at once; null: as many as the nodes hold."""
    accelerator_type: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = None
    """Type of the node's accelerators, by Ray's name for it, such as H100."""
    labels: dict[LabelName, LabelValue] = Field(default_factory=dict)
    """Labels that the node must have."""
    resources: dict[ResourceName, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    """Further resources that the cluster declares."""
    device: Literal["cpu", "cuda"] | None = None
    """Where packs train; null: cuda if there are GPUs, else cpu."""

    @model_validator(mode="after")
    def _gpus_fit(self) -> Self:
        if self.gpus > 1 and self.gpus != round(self.gpus):
            raise ValueError(f"`gpus` is {self.gpus}, but must be a whole number, or less than 1")
        if self.device == "cuda" and not self.gpus:
            raise ValueError("`device` is cuda, but `gpus` is 0; set how many GPUs, or which part of one, a pack takes")
        return self


class RouteSettings(Section):
    """A rule that sends trials to a pool."""

    pool: str
    """Where trials go for which the rule holds."""
    when: str | None = None
    """A condition on the fields of a trial; null: every trial."""
    min_parameters: int = Field(0, ge=0)
    """Only trials whose model has at least so many weights."""
    min_flops: float = Field(0.0, ge=0)
    """Only trials that take at least so many floating-point operations."""
    otherwise: str | None = None
    """The pool to use if no node could ever run a pack of the first one."""


class PoolsDocument(Section):
    """A file of pools."""

    pools: dict[Name, PoolSettings] = Field(min_length=1)
    """Pools by name."""
    routes: list[RouteSettings] = Field(default_factory=list)
    """Rules; the first that holds decides. With one pool they may be left out."""
