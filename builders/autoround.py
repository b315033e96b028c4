"""4-bit weights by AutoRound: roundings and ranges are learnt block by block on calibration text.

Source: Cheng et al., "Optimize weight rounding via signed gradient descent for the quantization of LLMs", 2023; the
package auto-round. Weights alone are quantised (W4A16), symmetrically, in groups of a row that share a scale in FP16;
embeddings and output matrix keep the checkpoint's type. The files are an ordinary GPTQ checkpoint, or one of
auto-round's own layout, and both open on a CPU by auto-round.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from zoosmith.contract.job import Job
from zoosmith.contract.output import Output, Resources, Tolerance
from zoosmith.contract.params import Params as BaseParams
from zoosmith.toolkit.causal import parents
from zoosmith.toolkit.causal.torch_session import TorchCausal
from zoosmith.toolkit.quantization import autoround, selection
from zoosmith.toolkit.torch import checkpoint

ACCEPTS = {"from": ("torch",)}
DATA = ("calibration",)
REQUIRES = autoround.REQUIRES
REPRODUCES = "logits"


class Params(BaseParams):
    """bits: of a weight. group_size: weights of a row that share a scale; rows must be multiples of it.

    iterations: steps of signed gradient descent a block. pieces, tokens: rows of `calibration` are joined and cut into
    at most so many pieces of so many tokens. step_pieces: of them a step learns from. layout: how weights are packed.
    min_agreement: share of the task's probes that must keep the parent's answer; it catches what is broken.
    """

    bits: Literal[2, 4, 8] = 4
    group_size: int = Field(default=128, ge=16)
    iterations: int = Field(default=200, ge=1)
    pieces: int = Field(default=128, ge=1)
    tokens: int = Field(default=512, ge=8)
    step_pieces: int = Field(default=8, ge=1)
    layout: Literal["gptq", "auto_round"] = "gptq"
    min_agreement: float = Field(default=0.5, ge=0, le=1)


def output(params: Params) -> Output:
    """Integers of so many bits."""
    return Output("autoround", f"int{params.bits}", (), "quantized")


def check(params: Params) -> Tolerance:
    """Most answers stay: files alone are handed back, so they are held to their parent."""
    return Tolerance(agreement=params.min_agreement)


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Three copies of the weights, and inputs and outputs of a block for all pieces, of a width of 4,096.

    `parents` maps roles to bytes.
    """
    kept = params.pieces * params.tokens * 4096 * 4 * 2 // 2**20
    return Resources(cpus=1, memory_mb=1536 + 3 * sum(parents.values()) // 2**20 + kept)


def build(job: Job) -> None:
    """Learn, pack, save."""
    params = job.params
    model = parents.load(job)
    autoround.check_rows(model, params.group_size)
    session = TorchCausal(model, job.parent.path)
    data = autoround.pieces(selection.calibration(job, session), params.tokens, params.pieces)
    job.fact("parameters", sum(p.numel() for p in model.parameters()))
    job.fact("calibration_tokens", len(data) * params.tokens)
    job.progress(text=f"learning roundings on {len(data)} pieces")
    folder = autoround.quantise(
        model, job.parent.path, data, job.scratch / "autoround", job.seed, **params.model_dump()
    )
    autoround.take(folder, job.out)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    parents.pass_on(job)
