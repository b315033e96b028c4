"""The action cache over named objects: the same body as in the local store, held by the same digests."""

from __future__ import annotations

import re
from typing import Any

from zoosmith.common import safe
from zoosmith.common.canonical import canonical, digest, pretty
from zoosmith.common.text import inline
from zoosmith.contract.errors import ZooError
from zoosmith.remote.objects import Objects
from zoosmith.remote.stores import CacheFault, Taken
from zoosmith.remote.trust import Sign, Trusted
from zoosmith.store.store import ActionResult

LIMIT = 8 << 20  # bytes of one result


class Actions:
    """An `ActionCache` over objects called ac/ab/<key>.json."""

    def __init__(self, objects: Objects, trusted: Trusted, sign: Sign) -> None:
        """Keep results in `objects`, signed by `sign`; take what `trusted` lets pass."""
        self.objects = objects
        self.trusted, self.sign = trusted, sign

    def get(self, key: str) -> Taken | None:
        """The result under a key; None for none. Raises CacheFault, for one that is not trusted too."""
        data = self.objects.read(name_of(key), LIMIT)
        if data is None:
            return None
        result, signatures = parsed(key, data)
        try:
            return Taken(result, self.trusted(statement(result), signatures))
        except CacheFault as fault:
            raise CacheFault(
                fault.kind, f"its result of {inline(str(result.provenance.get('name')))[:80]} {fault}"
            ) from None

    def put(self, result: ActionResult, *, again: bool = False) -> bool:
        """Add a result; False where there is one. Raises CacheFault."""
        body = _body(result)
        data = pretty(
            body | {"digest": digest([result.key, body]), "signatures": self.sign(statement(result))}
        ).encode()
        return self.objects.create(name_of(result.key), data, again=again)


def name_of(key: str) -> str:
    """Where a result lies."""
    return f"ac/{key[:2]}/{key}.json"


def statement(result: ActionResult) -> bytes:
    """What a signature is over."""
    return canonical({"key": result.key, **_body(result)})


def parsed(key: str, data: bytes) -> tuple[ActionResult, list[Any]]:
    """A result and its signatures. Raises CacheFault unless its inputs make the key and its digest holds."""
    try:
        found = safe.parse_json(data, name_of(key))
        body = {name: found[name] for name in ("inputs", "tree", "provenance")}
        signatures = found["signatures"]
        right = found["digest"] == digest([key, body]) and digest(body["inputs"]) == key
        shaped = isinstance(signatures, list) and _shaped(**body)
    except (ZooError, KeyError, TypeError, ValueError):
        right = shaped = False
    if not (right and shaped):
        raise CacheFault("wrong", f"{name_of(key)} is not the result of that action")
    return ActionResult(key, **body), signatures


def _shaped(inputs: Any, tree: Any, provenance: Any) -> bool:
    told = isinstance(inputs, dict) and isinstance(provenance, dict) and isinstance(tree, str)
    if not told or not re.fullmatch("[0-9a-f]{64}", tree):
        return False
    name, seconds = provenance.get("name", ""), provenance.get("seconds", 0.0)
    return isinstance(name, str) and isinstance(seconds, (int, float))


def _body(result: ActionResult) -> dict[str, Any]:
    return {"inputs": result.inputs, "tree": result.tree, "provenance": result.provenance}
