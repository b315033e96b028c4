"""The machine that a number was measured on, as it is recorded."""

from __future__ import annotations

from zoosmith.recipes.schema import Model


class Host(Model):
    """The machine of a measurement. `id` is made of what does not change from run to run."""

    id: str
    cpu: str
    isa: tuple[str, ...]
    cores: int
    memory_gb: int
    gpu: str | None = None
    os: str
    python: str
