"""Signatures and signed indexes of somebody who means harm, and what must hold whatever they say.

`fuzz_signature` and `fuzz_index` raise AssertionError where something passes that the key did not sign, and whatever
else is raised but ZooError; they return how many passed and how many were refused.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.hostile_carried import Change, changes
from tests.support.keys import key_pair
from zoosmith.contract.errors import ZooError
from zoosmith.publish import index_read, index_sign, keyless, signing
from zoosmith.signing.trust import Identity
from zoosmith.transfer.retry import RetryPolicy

VALUES = st.sampled_from([None, 0, -1, 1 << 70, "", "x", [], {}, True, "2999-01-01T00:00:00Z", "ecdsa", ["x"] * 3])


def made(folder: Path) -> Path:
    """A tree, its signature, a registry and its index, in `folder`."""
    private, _ = key_pair(folder, "key")
    tree = folder / "toy-a@1"
    tree.mkdir()
    (tree / "model.onnx").write_bytes(b"weights")
    (folder / "toy-a.sig").write_bytes(signing.sign(tree, private))
    registry = folder / "registry"
    registry.mkdir()
    (registry / "registry.json").write_text('{"schema": 2, "artifacts": {}}')
    index_sign.create(registry, private, private, 30)
    return folder


@st.composite
def spoilt_json(draw: Callable[..., object]) -> Change:
    """One value anywhere in it replaced, or bytes changed as in an archive."""
    at, value, change = draw(st.integers(0, 1 << 16)), draw(VALUES), draw(changes())
    raw = draw(st.booleans())

    def spoil(data: bytearray) -> bytes:
        if raw:
            return change(data)  # type: ignore[operator,no-any-return]
        told = json.loads(data)
        places = list(paths(told))
        *above, last = places[at % len(places)]  # type: ignore[operator]
        place = told
        for key in above:
            place = place[key]
        place[last] = value
        return json.dumps(told).encode()

    return spoil


def paths(told: object, above: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    items = told.items() if isinstance(told, dict) else enumerate(told) if isinstance(told, list) else ()
    return [path for key, value in items for path in [(*above, key), *paths(value, (*above, key))]]


def fuzz_signature(made: Path, examples: int) -> Counter[str]:
    """So many signatures."""
    sound, pem = (made / "toy-a.sig").read_bytes(), (made / "key.pub").read_text()
    seen: Counter[str] = Counter()

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(spoilt_json())
    def harmless(change: Change) -> None:
        data = change(bytearray(sound))
        try:
            claim = signing.claim(data, "it")
            signing.check(data, made / "toy-a@1", pem, "it")
        except ZooError:
            seen["refused"] += 1
            return
        assert claim[1:] == signing.claim(sound, "it")[1:]
        seen["passed"] += 1

    harmless()
    return seen


def fuzz_keyless(sound: bytes, folder: Path, who: Identity, examples: int) -> Counter[str]:
    """So many signatures without a key."""
    seen: Counter[str] = Counter()
    right = signing.claim(sound, "it")

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(spoilt_json())
    def harmless(change: Change) -> None:
        data = change(bytearray(sound))
        try:
            claim = signing.claim(data, "it")
            keyless.check(data, folder, who, "it")
        except ZooError:
            seen["refused"] += 1
            return
        assert claim == right
        seen["passed"] += 1

    harmless()
    return seen


def fuzz_index(made: Path, examples: int) -> Counter[str]:
    """So many indexes."""
    spoilt, state = made / "spoilt", made / "state"
    sound = made / "registry"
    root = (sound / "tuf/1.root.json").read_text()
    files = sorted((sound / "tuf").iterdir())
    seen: Counter[str] = Counter()

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, len(files) - 1), spoilt_json())
    def harmless(which: int, change: Change) -> None:
        for folder in (spoilt, state):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(sound, spoilt)
        file = spoilt / "tuf" / files[which].name
        file.write_bytes(change(bytearray(file.read_bytes())))
        try:
            data = index_read.read(spoilt.as_uri(), root, state, RetryPolicy(tries=1))
        except ZooError:
            seen["refused"] += 1
            return
        assert data == (sound / "registry.json").read_bytes()
        seen["passed"] += 1

    harmless()
    return seen
