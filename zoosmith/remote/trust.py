"""Whose results are taken: everybody's, or those that one of the configured keys has signed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zoosmith.contract.errors import ZooError
from zoosmith.remote.config import ANY, CacheConfig

Signatures = Sequence[Any]
Trusted = Callable[[bytes, Signatures], bool]
"""Whether a result is taken: its statement (canonical JSON of key, inputs, tree, provenance), and who signed that."""
Verify = Callable[[bytes, Any, Sequence[str]], bool]
"""Whether one signature over a statement is of one of the named keys, and right."""


def trusted(config: CacheConfig, verify: Verify | None = None) -> Trusted:
    """The predicate of a cache. Raises ZooError where it names keys and nothing here can check a signature."""
    if config.trust == ANY or not config.read:
        return lambda statement, signatures: True
    if verify is None:
        raise ZooError(
            f"cache {config.where}: it is to be trusted only with signatures of {', '.join(config.trust)}, which this "
            'version cannot check yet, so nothing is taken from it; say trust = "any", or read = false'
        )
    check, keys = verify, tuple(config.trust)
    return lambda statement, signatures: any(check(statement, one, keys) for one in signatures)
