"""What a builder says of its artifact before it is built: format, tolerance, resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Output(NamedTuple):
    """What a builder makes: FORMAT, PRECISION, NEEDS and RELATION of the table above."""

    format: str
    precision: str
    needs: tuple[str, ...] = ()
    relation: str | None = None


def output_of(builder: Any, params: Any) -> Output:
    """What a builder module makes with these parameters."""
    if hasattr(builder, "output"):
        return Output(*builder.output(params))
    needs, relation = tuple(getattr(builder, "NEEDS", ())), getattr(builder, "RELATION", None)
    return Output(builder.FORMAT, builder.PRECISION, needs, relation)


def accepts_of(builder: Any, params: Any) -> Mapping[str, tuple[str, ...]]:
    """Formats of parents by role that a builder module takes with these parameters."""
    found: Mapping[str, tuple[str, ...]] = builder.accepts(params) if hasattr(builder, "accepts") else builder.ACCEPTS
    return found


def data_of(builder: Any, params: Any) -> tuple[str, ...]:
    """Splits that a builder module reads with these parameters."""
    return tuple(builder.data(params) if hasattr(builder, "data") else getattr(builder, "DATA", ()))


class Tolerance(NamedTuple):
    """Parity with the parent, of the task's divergences; None is no limit.

    agreement: share of equal predictions: of classes, or of likeliest next tokens.
    max_abs_logit_diff: largest |difference of class logits|.
    mean_kl: mean Kullback-Leibler divergence of the parent's next-token distributions, in nats.
    """

    agreement: float = 1.0
    max_abs_logit_diff: float | None = None
    mean_kl: float | None = None


class Resources(NamedTuple):
    """What a step takes of the machine: processor cores and MiB of memory.

    activations_mb: what a batch of texts of 128 tokens keeps beside `memory_mb` while it is trained on. For the task's
    `max_length` the engine makes more or less of it.
    """

    cpus: int = 1
    memory_mb: int = 1024
    activations_mb: int = 0

    def at(self, tokens: int) -> Resources:
        """The same for texts of `tokens`, with all memory in `memory_mb`.

        Of what 128 tokens keep, attention takes a fifth, which grows with their square (BERT-base, in FP32).
        """
        times = tokens / 128
        return Resources(self.cpus, self.memory_mb + round(self.activations_mb * times * (4 + times) / 5))
