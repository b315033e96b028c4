"""The words of cards of artifacts that choose among texts by their likelihood."""

from zoosmith.tasks._language.reporting import EXAMPLE, PIPELINE_TAG

__all__ = ["EXAMPLE", "HEADLINE", "PIPELINE_TAG"]

HEADLINE = ("acc_norm", "acc")
