"""The words of cards of artifacts whose answers are checked for what must not change them."""

from zoosmith.tasks._classification.reporting import PIPELINE_TAG

__all__ = ["HEADLINE", "PIPELINE_TAG"]

HEADLINE = ("swapped",)
