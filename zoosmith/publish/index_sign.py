"""The signed index of a registry in a folder: which registry.json is the newest, until when, and by whose word.

    tuf/N.root.json            the keys; signed by those of root, which stay offline
    tuf/N.targets.json         SHA-256 and size of registry.json
    tuf/N.snapshot.json        which targets.json
    tuf/timestamp.json         which snapshot.json; the one file that is written over
    tuf/SHA256.registry.json   the registry as it was signed

Made by python-tuf after The Update Framework (https://theupdateframework.github.io/specification, v1.0), with
consistent snapshots: a client that reads while the index is renewed sees the old one or the new one, never both.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import ZooError
from zoosmith.signing.keys import signer_of
from zoosmith.store.files import write_atomic
from zoosmith.store.locks import flock

FOLDER, TARGET = "tuf", "registry.json"
ROLES = ("targets", "snapshot", "timestamp")
ROOT_DAYS = 365


def create(registry: Path, root: Path, release: Path, days: int) -> int:
    """Begin an index, with two private keys; returns the version of root. Raises ZooError where there is one."""
    with flock(registry / ".lock"):
        if versions(registry, "root"):
            raise ZooError(f"{registry / FOLDER} holds an index; renew it by `zoosmith index update`")
        _put_root(registry, 1, [signer_of(root)], signer_of(release), [signer_of(root)])
        _publish(registry, signer_of(release), days)
    return 1


def update(registry: Path, release: Path, days: int) -> int:
    """Sign the registry as it is now, for `days`. Returns the version; raises ZooError for a key that root lacks."""
    with flock(registry / ".lock"):
        if not may_renew(registry, release):
            raise ZooError(f"{release} is no key of this index; its keys are changed by `zoosmith index rotate`")
        return _publish(registry, signer_of(release), days)


def may_renew(registry: Path, key: Path) -> bool:
    """Whether the root names this private key's public half for renewing the index. Raises ZooError as `update`."""
    return signer_of(key).public_key.keyid in _root(registry).signed.roles["targets"].keyids


def rotate(registry: Path, root: Path, release: Path, days: int, new_root: Path | None = None) -> int:
    """Name other keys: `release` from now on, and `new_root` for the next time. Returns the version of root."""
    with flock(registry / ".lock"):
        old, signer = _root(registry), signer_of(root)
        if signer.public_key.keyid not in old.signed.roles["root"].keyids:
            raise ZooError(f"{root} is no root key of this index; only one that is may name others")
        own = signer_of(new_root) if new_root else signer
        version = old.signed.version + 1
        _put_root(registry, version, [own], signer_of(release), [signer, own])
        _publish(registry, signer_of(release), days)
    return int(version)


def versions(registry: Path, role: str) -> list[int]:
    """Numbers of the files of a role that are there, sorted."""
    names = (path.name.split(".") for path in (registry / FOLDER).glob(f"*.{role}.json"))
    return sorted(int(parts[0]) for parts in names if len(parts) == 3 and parts[0].isdecimal())


def _root(registry: Path) -> Any:
    from tuf.api.metadata import Metadata

    numbers = versions(registry, "root")
    if not numbers:
        raise ZooError(f"{registry} has no signed index; begin one by `zoosmith index create`")
    return Metadata.from_file(str(registry / FOLDER / f"{numbers[-1]}.root.json"))


def _expiry(days: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)


def _put_root(registry: Path, version: int, roots: Iterable[Any], release: Any, signers: Iterable[Any]) -> None:
    from tuf.api.metadata import Root

    root = Root(version=version, expires=_expiry(ROOT_DAYS), consistent_snapshot=True)
    for each in roots:
        root.add_key(each.public_key, "root")
    for role in ROLES:
        root.add_key(release.public_key, role)
    _write(registry, f"{version}.root.json", root, {each.public_key.keyid: each for each in signers}.values())


def _publish(registry: Path, signer: Any, days: int) -> int:
    """Targets, snapshot and timestamp of the next version, in the order in which clients may see them."""
    from tuf.api.metadata import MetaFile, Snapshot, TargetFile, Targets, Timestamp

    try:
        data = (registry / TARGET).read_bytes()
    except OSError as error:
        raise ZooError(f"{registry / TARGET} cannot be read ({error.strerror}); publish something first") from None
    version = max(versions(registry, "targets"), default=0) + 1
    target = TargetFile.from_data(TARGET, data, ["sha256"])
    write_atomic(registry / FOLDER / f"{target.hashes['sha256']}.{TARGET}", data)
    expires = _expiry(days)
    targets = Targets(version, expires=expires, targets={TARGET: target})
    told = _write(registry, f"{version}.targets.json", targets, [signer])
    meta = {"targets.json": MetaFile.from_data(version, told, ["sha256"])}
    told = _write(registry, f"{version}.snapshot.json", Snapshot(version, expires=expires, meta=meta), [signer])
    of_snapshot = MetaFile.from_data(version, told, ["sha256"])
    _write(registry, "timestamp.json", Timestamp(version, expires=expires, snapshot_meta=of_snapshot), [signer])
    return version


def _write(registry: Path, name: str, signed: Any, signers: Iterable[Any]) -> bytes:
    from tuf.api.metadata import Metadata

    made = Metadata(signed)
    for each in signers:
        made.sign(each, append=True)
    data: bytes = made.to_bytes()
    write_atomic(registry / FOLDER / name, data)
    return data
