"""Which of the lettered choices a model names when it is asked for the letter."""

from zoosmith.tasks._choices.encoding import AUTO_MODEL, INPUTS, OFFERS, PROBES, bind, check_columns

__all__ = ["AUTO_MODEL", "INPUTS", "OFFERS", "PROBES", "bind", "check_columns"]
