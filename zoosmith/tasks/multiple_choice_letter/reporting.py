"""The words of cards of artifacts that are asked for the letter of a choice."""

from zoosmith.tasks._language.reporting import EXAMPLE, PIPELINE_TAG

__all__ = ["EXAMPLE", "HEADLINE", "PIPELINE_TAG"]

HEADLINE = ("acc", "malformed")
