"""How well documents are expected: likelihood, and divergence from the reference: the words of its cards."""

from zoosmith.tasks._language.reporting import EXAMPLE, HEADLINE, PIPELINE_TAG

__all__ = ["EXAMPLE", "HEADLINE", "PIPELINE_TAG"]
