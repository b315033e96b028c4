"""Who signed a version that is pulled or verified: what is demanded, what was checked, and what was not."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from zoosmith.contract.errors import ZooError
from zoosmith.publish import keyless, signing
from zoosmith.publish.catalog import Catalog, Version
from zoosmith.signing.keys import require_extra
from zoosmith.signing.trust import Identity, Signer, Trust
from zoosmith.store.files import write_atomic
from zoosmith.transfer.cache import Cache
from zoosmith.transfer.locations import Location
from zoosmith.transfer.retry import RetryPolicy, TransientError, Unreachable

CHUNK = 1 << 16


@dataclass(frozen=True)
class Signatures:
    """Signatures of one registry, as the user's trust has it; those that hold are kept in the cache."""

    catalog: Catalog
    trust: Trust
    retry: RetryPolicy
    cache: Cache
    read: dict[str, bytes] = field(default_factory=dict)

    @property
    def required(self) -> bool:
        """Whether nothing unsigned is taken."""
        return self.trust.requires(self.catalog.base)

    def admit(self, version: Version) -> None:
        """Before anything is fetched: raise ZooError where a version is not signed as it must be, or says another name.

        No signature is checked yet: that takes the files.
        """
        found = self._trusted(version)
        if found is not None:
            keyless.require_extra() if isinstance(found[1], Identity) else require_extra()
            self._claimed(version, *found)
        elif self.required:
            raise ZooError(
                f"{version} in {self.catalog.base} is {self._why_not(version)}, and you require signatures of that "
                "registry: refused (`zoosmith trust list` shows whom you trust)"
            )

    def checked(self, version: Version, folder: Path) -> str:
        """Who signed the files in `folder`, and what was not checked. Raises ZooError where that does not hold."""
        self.admit(version)
        found = self._trusted(version)
        if found is None:
            return self._why_not(version)
        id, signer = found
        what = f"the signature of {version} by {signer.label}"
        data = self._claimed(version, id, signer)
        if isinstance(signer, Identity):
            keyless.check(data, folder, signer, what)
        else:
            signing.check(data, folder, signer.pem, what)
        with suppress(OSError):  # a full disk costs only a later pull without its registry
            write_atomic(self.cache.signature(version.row.tree_digest, id), data)
        if isinstance(signer, Identity):
            return f"signed by {signer}: name, version, every file and the entry in the log were checked"
        return f"signed by {signer.label} (key {id[:16]}): name, version and every file were checked"

    def _why_not(self, version: Version) -> str:
        if not version.row.signed_by:
            return "not signed"
        keys = ", ".join(f"{id[:16]}" for id in version.row.signed_by[:3])
        return f"signed by key or identity {keys}, which you do not trust for it: the signature was not checked"

    def _trusted(self, version: Version) -> tuple[str, Signer] | None:
        signers = self.trust.signers_for(self.catalog.base, carried=self.catalog.packed is not None)
        return next(((id, signers[id]) for id in version.row.signed_by if id in signers), None)

    def _claimed(self, version: Version, id: str, signer: Signer) -> bytes:
        """The signature by somebody. Raises ZooError for that of another name, version, signer or tree."""
        what = f"the signature of {version} by {signer.label}"
        data = self._fetched(version, id, what)
        told = signing.claim(data, what)
        if told.id != id:
            by = f"the key {told.id[:16]}" if isinstance(told.by, str) else str(told.by)
            right = str(signer) if isinstance(signer, Identity) else id[:16]
            raise ZooError(f"{what} names {by}, not {right}: it was replaced; refused")
        if told.subject != str(version):
            raise ZooError(f"{what} is one of {told.subject!a:.120}: another artifact or version; refused")
        if told.files != {file.path: file.sha256 for file in version.row.files}:
            raise ZooError(f"{what} is over other files than its row lists: one of the two was replaced; refused")
        return data

    def _fetched(self, version: Version, id: str, what: str) -> bytes:
        key = f"{version} {id}"
        if key not in self.read:
            try:
                self.read[key] = fetched(self.catalog, version, id, self.retry, what)
            except Unreachable:
                kept = self.cache.signature(version.row.tree_digest, id)
                if not kept.is_file():
                    raise
                self.read[key] = kept.read_bytes()  # which is checked as any other
        return self.read[key]


def fetched(catalog: Catalog, version: Version, id: str, retry: RetryPolicy, what: str) -> bytes:
    """The signature by a key or an identity, from the first location that has it.

    Raises Unreachable where no location answers, ZooError where one does and has none.
    """
    refused: list[ZooError] = []
    for location in catalog.locations(version):
        try:
            return retry.until_done(partial(_read, location, signing.file_name(id), retry))
        except ZooError as error:
            refused.append(error)
    away = refused and all(isinstance(error, Unreachable) for error in refused)
    told = f"{what} cannot be had, though its row tells of one: {'; '.join(map(str, refused))}"
    raise Unreachable(told) if away else ZooError(told)


def _read(location: Location, path: str, retry: RetryPolicy) -> bytes:
    stream = location.open(path, 0, retry)
    data = b""
    try:
        while more := stream.read(CHUNK):
            data += more
            if len(data) > signing.MAX_BYTES:
                raise ZooError(f"{path} is longer than {signing.MAX_BYTES >> 20} MiB, so it is not read")
    finally:
        stream.close()
    if stream.total is not None and len(data) < stream.total:
        raise TransientError(f"{path} was cut off")
    return data
