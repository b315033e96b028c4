"""How well documents are expected: likelihood, and divergence from the reference."""

from zoosmith.tasks._language.encoding import AUTO_MODEL, INPUTS, OFFERS, PROBES, bind

__all__ = ["AUTO_MODEL", "INPUTS", "OFFERS", "PROBES", "bind"]
