"""Whose signatures count on this machine, and which registries must be signed: the user's file of trust.

    $XDG_CONFIG_HOME/zoosmith/trust.json, else ~/.config/zoosmith/trust.json

It holds public keys alone. A key that is trusted for a registry counts there and nowhere else; where a registry has
keys of its own, no other key counts for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from zoosmith.common.canonical import pretty
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import Model, Sha256
from zoosmith.signing.place import trust_file
from zoosmith.store.files import write_atomic
from zoosmith.store.locks import flock

OTHERS = "*"
Policy = Literal["signed", "nothing"]


class Key(Model):
    """A public key in PEM, what the user calls it, and the registries that it is trusted for; none: for any."""

    pem: str
    label: str
    registries: tuple[str, ...] = ()


class Trust(Model):
    """trust.json. `keys` by id, `require` by the registry's URL; `*` stands for all that are not named.

    roots: the root of the signed index of a registry, by its URL.
    """

    schema_: Literal[1] = Field(default=1, alias="schema")
    keys: dict[Sha256, Key] = {}
    require: dict[str, Policy] = {}
    roots: dict[str, str] = Field(default={}, exclude_if=lambda value: not value)

    def keys_for(self, registry: str, *, carried: bool = False) -> dict[str, Key]:
        """Keys that count for a registry. What is carried by hand has no place of its own: any key counts."""
        if carried:
            return dict(self.keys)
        own = {id: key for id, key in self.keys.items() if registry in key.registries}
        return own or {id: key for id, key in self.keys.items() if not key.registries}

    def requires(self, registry: str) -> bool:
        """Whether nothing unsigned is taken from a registry."""
        return self.require.get(registry, self.require.get(OTHERS, "nothing")) == "signed"


def read(file: Path | None = None) -> Trust:
    """The user's trust; nothing where there is no file. Raises ZooError for a damaged one: it is never passed over."""
    file = file or trust_file()
    try:
        return Trust.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return Trust()
    except OSError as error:
        raise ZooError(f"{file} cannot be read ({error.strerror}), so nothing is known of whom you trust") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ZooError(
            f"{file}: {'.'.join(map(str, first['loc']))}: {first['msg']}; mend it, or move it away and add keys again"
        ) from None


def change(made: Callable[[Trust], Trust]) -> Trust:
    """Replace the user's trust by what `made` makes of it; return it."""
    file = trust_file()
    with flock(file.with_suffix(".lock")):
        after = made(read(file))
        write_atomic(file, pretty(after.model_dump(mode="json", by_alias=True)).encode())
    return after


def added(trust: Trust, id: str, pem: str, label: str, registry: str | None) -> Trust:
    """With one more key; for a registry, which then must be signed, or for any that has no keys of its own."""
    old = trust.keys.get(id)
    places = {*(old.registries if old else ()), registry} if registry else set()
    key = Key(pem=pem, label=label, registries=tuple(sorted(places)))
    require = {**trust.require, registry: "signed"} if registry else trust.require
    return trust.model_copy(update={"keys": trust.keys | {id: key}, "require": require})


def removed(trust: Trust, id: str, registry: str | None) -> Trust:
    """Without a key, or without its being trusted for one registry; what must be signed stays so."""
    keys, key = dict(trust.keys), trust.keys[id]
    left = tuple(place for place in key.registries if registry and place != registry)
    if left:
        keys[id] = key.model_copy(update={"registries": left})
    else:
        del keys[id]
    return trust.model_copy(update={"keys": keys})


def found(trust: Trust, word: str) -> str:
    """The id of the key with this label, or whose id begins so. Raises ZooError where there is not just one."""
    from zoosmith.common.names import nearest

    ids = [id for id, key in trust.keys.items() if word == key.label or (len(word) >= 4 and id.startswith(word))]
    if len(ids) != 1:
        labels = [key.label for key in trust.keys.values()]
        raise ZooError(f"{len(ids)} trusted keys are called {word!r}{nearest(word, labels)}; see `zoosmith trust list`")
    return ids[0]
