"""Which of some texts is the likeliest to follow: multiple choice by log-likelihood."""

from zoosmith.tasks._choices.encoding import AUTO_MODEL, INPUTS, OFFERS, PROBES, bind, check_columns

__all__ = ["AUTO_MODEL", "INPUTS", "OFFERS", "PROBES", "bind", "check_columns"]
