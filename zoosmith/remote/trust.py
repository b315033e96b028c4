"""Whose results are taken: everybody's, or those that one of the configured keys has signed; and signing what is sent.

A signature is over the whole of a result with its key, so it fits no other action, and none of it can be changed: one
of DSSE (https://github.com/secure-systems-lab/dsse, v1.0) over that statement, by a key in a file, as for registries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.remote.config import PUBLIC, VARIABLE_SIGN, CacheConfig
from zoosmith.remote.stores import CacheFault
from zoosmith.signing import envelope, keys, trust

TYPE = "application/vnd.zoosmith.result+json"
MOST = 16  # signatures of one result that are looked at

Signatures = Sequence[Any]
Trusted = Callable[[bytes, Signatures], str]
"""Who signed a result's statement (canonical JSON of key, inputs, tree, provenance); "" where nobody need have.

Raises CacheFault of kind "untrusted", in words that go on from the result's name.
"""
Sign = Callable[[bytes], list[Any]]
"""The signatures over a statement that this machine makes."""


def trusted(config: CacheConfig, type: str = TYPE) -> Trusted:
    """What decides for a cache, of statements of a type.

    Raises ZooError for a key that is not known, or cannot be used.
    """
    if not (config.signed and config.read):
        return lambda statement, signatures: ""
    keys.require_extra()
    return partial(_who, dict(_key(config, name) for name in config.trust), type)


def signing(config: CacheConfig, type: str = TYPE) -> Sign:
    """What signs statements of a type for a cache: nothing where no key is named.

    Raises ZooError for a key that cannot be used.
    """
    if not (config.write and config.sign):
        return lambda statement: []
    try:
        sign = envelope.signing(Path(config.sign), type)
    except ZooError as error:
        raise ZooError(
            f"cache {config.where}: {error}; `sign` or {VARIABLE_SIGN} names the private key that signs what is sent"
        ) from None
    return lambda statement: [sign(statement)]


def require_key(config: CacheConfig) -> None:
    """Raise CacheFault where what this machine sends would not be signed, though results there must be."""
    if config.signed and not config.sign:
        raise CacheFault(
            "unsigned",
            f"only what {_named(config.trust)} signed is taken from it, and there is no key here to sign with; name "
            f"the file of a private key by `sign` or {VARIABLE_SIGN}, or say write = false",
        )


def what_to_do(config: CacheConfig) -> str:
    """What ends the warning of a result that was not taken."""
    return (
        f"it is made here instead, as is all else there that {_named(config.trust)} did not sign; whoever sends to it "
        f"signs by `sign` or {VARIABLE_SIGN}, and `trust` names the keys that count"
    )


def _key(config: CacheConfig, name: str) -> tuple[str, trust.Key]:
    """The id of a key that `trust` names, and the key. Raises ZooError for one that is not known."""
    try:
        if (file := Path(name)).is_absolute():
            id, pem = keys.public_key(_read(file), str(file))
            return id, trust.Key(pem=pem, label=file.stem)
        yours = trust.read()
        counting = yours.model_copy(update={"keys": yours.keys_for(config.url), "identities": {}})
        id = trust.found(counting, name)
        return id, counting.keys[id]
    except ZooError as error:
        raise ZooError(
            f"cache {config.where}: `trust` names {name!a}: {error}; `zoosmith trust add FILE.pub --as NAME` adds one, "
            'and a key in a file of the zoo is named by it, such as "keys/ci.pub"'
        ) from None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        near = nearest(file.name, [other.name for other in file.parent.glob("*") if other.suffix in PUBLIC])
        raise ZooError(f"it cannot be read ({error.strerror}){near}") from None


def _who(known: Mapping[str, trust.Key], type: str, statement: bytes, signatures: Signatures) -> str:
    if not signatures:
        raise CacheFault("untrusted", "is not signed")
    said = {
        one["keyid"]: one for one in signatures[:MOST] if isinstance(one, dict) and isinstance(one.get("keyid"), str)
    }
    ours = [(id, key) for id, key in known.items() if id in said]
    for id, key in ours:
        if envelope.holds(statement, type, said[id], key.pem):
            return f"{key.label} (key {id[:16]})"
    if ours:
        id, key = ours[0]
        words = f"is not what {key.label} (key {id[:16]}) signed: it was changed, or is that of another action"
        raise CacheFault("untrusted", words)
    others = ", ".join(f"{id[:16]!a}" for id in list(said)[:3]) or "nobody"
    raise CacheFault("untrusted", f"is signed by key {others}, which `trust` does not name")


def _named(names: Sequence[str]) -> str:
    return " or ".join(Path(name).stem if Path(name).is_absolute() else name for name in names)
