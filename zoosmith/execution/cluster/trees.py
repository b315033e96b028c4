"""Which trees a step reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from zoosmith.contract.manifest import PAYLOAD_MANIFEST
from zoosmith.execution.action import Action
from zoosmith.store.store import Store

DIGEST = re.compile("[0-9a-f]{64}")


def read_by(action: Action, store: Store) -> list[str]:
    """Digests of the trees that an action names and the driver has, and of what those cannot be opened without.

    A digest in an action that is no tree of the store, such as that of a split's rows, names nothing to send.
    """
    found: dict[str, None] = {}
    waiting = [*_digests(action.inputs), *_digests(action.run)]
    while waiting:
        tree = waiting.pop()
        if tree not in found and store.tree(tree) is not None:
            found[tree] = None
            waiting += _needs(tree, store)
    return sorted(found)


def _digests(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _digests(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _digests(one)
    elif isinstance(value, str) and DIGEST.fullmatch(value):
        yield value


def _needs(tree: str, store: Store) -> list[str]:
    if all(entry.path != PAYLOAD_MANIFEST for entry in store.tree(tree) or ()):
        return []
    needs: dict[str, str] = json.loads(store.read(tree, PAYLOAD_MANIFEST)).get("needs") or {}
    return list(needs.values())
