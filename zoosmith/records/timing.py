"""What is recorded of speed and memory."""

from __future__ import annotations

from zoosmith.recipes.schema import Model
from zoosmith.records.scores import Bounded


class Latency(Model):
    """Milliseconds of one `predict` call at batch 1, tokenizer included; n calls."""

    p50: float
    p95: float
    p99: float
    n: int


class Memory(Model):
    """Resident MiB of a process that has opened the artifact, its peak, and the growth while it answered."""

    load: int
    peak: int
    growth: int


class AtLength(Model):
    """Latency in milliseconds of the model alone, at batch 1 with an input of exactly `tokens` tokens; n calls."""

    tokens: int
    p50: float
    p95: float
    n: int


class AtBatch(Model):
    """Examples answered a second with `batch` examples a call, tokenizer included; n calls."""

    batch: int
    per_second: float
    n: int


class AtCallers(Model):
    """Closed loop: `callers` threads ask without pause, batch 1, on all processors of the host.

    Requests a second, p95 in milliseconds; n calls.
    """

    callers: int
    per_second: float
    p95: float
    n: int


class ColdStart(Model):
    """Milliseconds of a fresh process, medians of n starts: importing, opening the artifact, its first answer.

    `imports` counts from the start of the process. Files are in the page cache.
    """

    imports: float
    load: float
    first: float
    n: int


class Weights(Model):
    """What is stored and computed; scales and zero points are no parameters.

    `nonzero` counts what is stored: a weight that INT8 rounds to its zero point is zero. Multiply-adds are those of
    matrix products and convolutions for one input of `tokens` tokens; None where unknown.
    """

    parameters: int
    nonzero: int
    multiply_adds: int | None = None
    tokens: int | None = None


class Profile(Model):
    """What people deploy by: suite `full` alone measures it. `weights` is None where the runtime cannot count them."""

    by_length: tuple[AtLength, ...] = ()
    by_batch: tuple[AtBatch, ...] = ()
    by_callers: tuple[AtCallers, ...] = ()
    cold_start_ms: ColdStart
    weights: Weights | None = None


class Steadiness(Model):
    """Whether the host let a speed be told: the ratio of the artifact to itself, measured like the speed is.

    `steady` is False where that ratio's interval leaves 0.97 to 1.03, or others were busy, after `attempts` tries.
    `busy` is the share of the measuring processors' time that others took meanwhile; n of `aa` counts process starts.
    """

    aa: Bounded
    attempts: int
    steady: bool
    busy: float


class AtContext(Model):
    """Tokens a second after a context of `tokens` tokens: reading the prompt, and generating after it.

    memory_mb: MiB resident at the peak, the cache of keys and values in it; n tokens were generated.
    """

    tokens: int
    prompt_per_s: float
    per_s: float
    memory_mb: int
    n: int


class AtThreads(Model):
    """Tokens a second with `threads` threads: reading the prompt, and generating; n tokens were generated."""

    threads: int
    prompt_per_s: float
    per_s: float
    n: int


class Generation(Model):
    """How a language model answers: a prompt of `prompt_tokens` tokens is read, then tokens come one by one.

    prompt_per_s: tokens of the prompt read a second, median. ttft_ms: milliseconds to the first token, the prompt read.
    token_ms: of each later token; per_s is the rate of these, median. kv_type: what keys and values are cached in.
    """

    prompt_tokens: int
    prompt_per_s: float
    ttft_ms: Latency
    token_ms: Latency
    per_s: float
    by_context: tuple[AtContext, ...] = ()
    by_threads: tuple[AtThreads, ...] = ()
    kv_type: str
