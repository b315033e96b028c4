"""One text in, one class out: sentiment, topic, intent: the words of its cards."""

from zoosmith.tasks._classification.reporting import HEADLINE, PIPELINE_TAG

__all__ = ["EXAMPLE", "HEADLINE", "PIPELINE_TAG"]

EXAMPLE = '"A charming film that stays with you."'
