"""Text in, text out: chat, completion."""

from zoosmith.tasks._language.encoding import AUTO_MODEL, INPUTS, OFFERS, PROBES, bind

__all__ = ["AUTO_MODEL", "INPUTS", "OFFERS", "PROBES", "bind"]
