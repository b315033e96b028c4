"""Two texts in, one class out: matching, paraphrase, entailment: the words of its cards."""

from zoosmith.tasks._classification.reporting import HEADLINE, PIPELINE_TAG

__all__ = ["EXAMPLE", "HEADLINE", "PIPELINE_TAG"]

EXAMPLE = '("Maria Garcia", "García, María")'
