"""A causal language model as a session of the contract, whatever computes its logits."""

from __future__ import annotations

from zoosmith.toolkit.causal.answering import Answering
from zoosmith.toolkit.causal.generation import Generating
from zoosmith.toolkit.causal.likelihood import Scoring


class CausalSession(Scoring, Answering, Generating):
    """A `Session` of the contract but for `classify`; what a runtime gives it stands in `CausalModel`."""
