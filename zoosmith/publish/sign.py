"""Signing what is to be published, or is published in a folder."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from zoosmith.common import safe
from zoosmith.contract.errors import ZooError
from zoosmith.publish import signing
from zoosmith.publish.catalog import Version
from zoosmith.publish.ledger import InFolder
from zoosmith.publish.pull import Puller
from zoosmith.publish.release import Release
from zoosmith.publish.signing import Claim
from zoosmith.records.versions import with_signers
from zoosmith.store.files import copy_file, write_atomic
from zoosmith.store.locks import flock

Sign = Callable[[Path], bytes]  # signs all files of a folder whose name is NAME@N, by a key or as whoever logs in


def signed(release: Release, sign: Sign) -> Release:
    """The release with one more signature. Raises ZooError if that cannot be had."""
    files = {file.path: release.store.file(file.sha256) for file in release.row.files}
    with _tree(files, f"{release.name}@{release.version}", release.store.root) as tree:
        data = sign(tree)
    id = signing.claim(data, f"the signature of {release.name}").id
    safe.paths([*release.texts(), *(file.at for file in release.pointer.files), signing.file_name(id)])
    return replace(release, row=with_signers(release.row, [id]), signatures=release.signatures | {id: data})


@contextmanager
def _tree(files: Mapping[str, Path], name: str, disk: Path) -> Iterator[Path]:
    """A folder of that name with copies of these files, which share their blocks where the file system can."""
    with tempfile.TemporaryDirectory(prefix=".sign-", dir=disk) as aside:
        for path, source in files.items():
            copy_file(source, Path(aside) / name / path)
        yield Path(aside) / name


def sign_published(version: Version, sign: Sign, puller: Puller, *, alone: bool = False) -> Claim:
    """Sign a version where it is published, a folder; every byte of it is looked at first. Returns what was signed.

    puller: pulls it into a folder of its own, for that. alone: signatures by others are taken away.
    Raises ZooError for a registry that is no folder, and for bytes that are not what its row says.
    """
    split = urlsplit(puller.catalog.base)
    if split.scheme != "file" or puller.catalog.packed is not None:
        raise ZooError(
            f"{puller.catalog.base} is no folder of this machine: sign there, or when it is published, by `zoosmith "
            "push NAME --to TARGET --sign KEY`"
        )
    root = Path(unquote(split.path))
    shelf = root / safe.path(_own_location(version).rstrip("/"))
    folder = puller.pulled(version).folder
    data = sign(folder.rename(folder.with_name(str(version))))
    claim = signing.claim(data, f"the signature of {version}")
    id = claim.id
    write_atomic(shelf / signing.file_name(id), data)
    _note(root, version, id, alone=alone)
    if alone:
        for other in version.row.signed_by:
            if other != id:
                (shelf / signing.file_name(other)).unlink(missing_ok=True)
    return claim


def _own_location(version: Version) -> str:
    own = [location for location in version.row.locations if ":" not in location]
    if not own:
        raise ZooError(f"{version} is not published in this folder; publish it by `zoosmith push` with --sign KEY")
    return own[0]


def _note(root: Path, version: Version, id: str, *, alone: bool) -> None:
    """Name the signer in the folder's registry, after the signature is there."""
    with flock(root / ".lock"):
        book = InFolder(root)
        entry = book.entry(version.name)
        row = entry.versions.get(str(version.number)) if entry else None
        if entry is None or row is None or row.tree_digest != version.row.tree_digest:
            raise ZooError(f"{version} changed in {root} meanwhile; run the same command again")
        row = with_signers(row.model_copy(update={"signed_by": ()}) if alone else row, [id])
        after = entry.model_copy(update={"versions": entry.versions | {str(version.number): row}})
        if after != entry:
            book.put(version.name, after)
