"""Whose signatures count on this machine, and which registries must be signed: the user's file of trust.

    $XDG_CONFIG_HOME/zoosmith/trust.json, else ~/.config/zoosmith/trust.json

It holds public keys and identities. One that is trusted for a registry counts there and nowhere else; where a registry
has signers of its own, no other counts for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from zoosmith.common.canonical import pretty
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import Model, Sha256
from zoosmith.signing.identities import Whose
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


class Identity(Model):
    """Somebody who signs without a key of their own, as an issuer vouches for them; label and registries as of a key.

    root: the trusted root of their Sigstore instance, as JSON; none: that of the public one.
    """

    identity: str
    issuer: str
    label: str
    registries: tuple[str, ...] = ()
    root: str | None = None

    @property
    def whose(self) -> Whose:
        """Who it is, apart from what the user says of them."""
        return Whose(self.identity, self.issuer)

    def __str__(self) -> str:
        return str(self.whose) if self.label == self.identity else f"{self.label} ({self.whose})"


Signer = Key | Identity


class Trust(Model):
    """trust.json. `keys` and `identities` by id, `require` by the registry's URL; `*` stands for all others.

    roots: the root of the signed index of a registry, by its URL.
    """

    schema_: Literal[1] = Field(default=1, alias="schema")
    keys: dict[Sha256, Key] = {}
    identities: dict[Sha256, Identity] = Field(default={}, exclude_if=lambda value: not value)
    require: dict[str, Policy] = {}
    roots: dict[str, str] = Field(default={}, exclude_if=lambda value: not value)

    @property
    def signers(self) -> dict[str, Signer]:
        """Keys and identities by id."""
        return {**self.keys, **self.identities}

    def signers_for(self, registry: str, *, carried: bool = False) -> dict[str, Signer]:
        """Who counts for a registry. What is carried by hand has no place of its own: anybody counts."""
        if carried:
            return self.signers
        own = {id: each for id, each in self.signers.items() if registry in each.registries}
        return own or {id: each for id, each in self.signers.items() if not each.registries}

    def keys_for(self, registry: str) -> dict[str, Key]:
        """Keys that count for a registry or a cache."""
        return {id: each for id, each in self.signers_for(registry).items() if isinstance(each, Key)}

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


def added(trust: Trust, id: str, signer: Signer, registry: str | None) -> Trust:
    """With one more signer; for a registry, which then must be signed, or for any that has no signers of its own."""
    old = trust.signers.get(id)
    places = {*(old.registries if old else ()), registry} if registry else set()
    require = {**trust.require, registry: "signed"} if registry else trust.require
    after = _put(trust, id, signer.model_copy(update={"registries": tuple(sorted(places))}))
    return after.model_copy(update={"require": require})


def removed(trust: Trust, id: str, registry: str | None) -> Trust:
    """Without a signer, or without its being trusted for one registry; what must be signed stays so."""
    signer = trust.signers[id]
    left = tuple(place for place in signer.registries if registry and place != registry)
    return _put(trust, id, signer.model_copy(update={"registries": left}) if left else None)


def _put(trust: Trust, id: str, signer: Signer | None) -> Trust:
    """With this key or identity under an id; without it for None."""
    signers = {**trust.signers, id: signer}
    return trust.model_copy(
        update={
            "keys": {id: each for id, each in signers.items() if isinstance(each, Key)},
            "identities": {id: each for id, each in signers.items() if isinstance(each, Identity)},
        }
    )


def found(trust: Trust, word: str) -> str:
    """The id of the signer with this label, or whose id begins so. Raises ZooError where there is not just one."""
    from zoosmith.common.names import nearest

    every = trust.signers.items()
    ids = [id for id, each in every if word == each.label or (len(word) >= 4 and id.startswith(word))]
    if len(ids) != 1:
        near = nearest(word, [each.label for _, each in every])
        raise ZooError(f"{len(ids)} trusted keys are called {word!r}{near}; see `zoosmith trust list`")
    return ids[0]
