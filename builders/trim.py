"""Prompts of a causal language model trimmed by cumulative attention while it runs.

As published: the first 4 tokens and the last 10 % of a prompt are kept, and of the rest the 30 % that get the least
attention are cut. A first pass over the prompt tells the attention, summed over layers, heads and the tokens that give
it; then the tokens that are left are read as the prompt. So the time to the first token is longer than without it, and
what the answer may rest on is less. Weights, quantised or not, are the parent's byte by byte.
"""

from __future__ import annotations

from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources
from zoosmith.contract.session import Session
from zoosmith.toolkit.causal import parents, techniques, trimming
from zoosmith.toolkit.causal.trimmed_session import TrimmedCausal
from zoosmith.toolkit.quantization import bnb

FORMAT = "trimmed"
PRECISION = "trimmed"
ACCEPTS = {"from": ("torch", "bnb")}
REQUIRES = bnb.REQUIRES
DEVICES = ("cuda",)


class Params(techniques.Trim):
    """first, last_share: of a prompt that stay in any case. cut_share: of the rest that is cut.

    positions: what is left is numbered anew ("renumbered"), or stays where it was in the prompt ("kept").
    """


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Two copies of the weights; `parents` maps roles to bytes."""
    return Resources(cpus=1, memory_mb=1024 + 2 * sum(parents.values()) // 2**20)


def build(job: Job) -> Session:
    """Copy the parent, say what is applied, apply it."""
    told = techniques.Trim(**job.params.model_dump())
    model = parents.load(job)
    parents.copy(job)
    techniques.write(techniques.Techniques(trim=told), job.out)
    job.fact("parameters", bnb.parameters(model))
    job.fact("remarks", [trimming.remark(told)])
    return TrimmedCausal(model, job.out, told, job.device)
