"""Gates of a recipe: limits that an artifact must meet."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from zoosmith.recipes.fields import Model, given

LIMITS = ("min", "max", "max_regression", "max_drop", "min_ratio", "max_ratio")
LIMITS_OF_METRICS = ("min", "max", "max_regression", "max_drop")
LIMITS_OF_MEASURES = {
    "size": ("min", "max", "min_ratio", "max_ratio"),
    "speed": ("min", "max", "min_ratio", "max_ratio"),
    "latency_p95_ms": ("min", "max"),
    "memory_mb": ("min", "max"),
    "agreement": ("min", "max"),
}


class Gate(Model, json_schema_extra={"oneOf": given(*LIMITS)}):
    """A limit that fails the build. `sure` compares the interval's bound instead of the value.

    `max_regression` is how much worse than the reference a metric may be, whichever direction is better; `max_drop` is
    its older name.
    """

    min: float | None = None
    max: float | None = None
    max_regression: Annotated[float, Field(ge=0)] | None = None
    max_drop: Annotated[float, Field(ge=0)] | None = None
    min_ratio: Annotated[float, Field(gt=0)] | None = None
    max_ratio: Annotated[float, Field(gt=0)] | None = None
    sure: bool = False
    hosts: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_limit(self) -> Gate:
        limits = [name for name in LIMITS if getattr(self, name) is not None]
        if len(limits) != 1:
            found = ", ".join(limits) or "none"
            raise ValueError(f"a gate needs exactly one of {', '.join(LIMITS)}; found {found}")
        return self

    @property
    def limit(self) -> tuple[str, float]:
        """Name and value of the one limit that is set."""
        name = next(name for name in LIMITS if getattr(self, name) is not None)
        return name, getattr(self, name)
