"""The zoo's own code on its way to a node: its plug-ins and the tools that a builder of it runs, in one archive.

Caches take no code among trees; this archive is no result, and its hash comes from the driver.
"""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from zoosmith.execution.cluster.exchange import Exchange
from zoosmith.plugins import KINDS
from zoosmith.store.files import sha256_file
from zoosmith.store.store import Store

DODO = "dodo.py"  # what makes a folder a zoo, whose plug-ins are looked at


class Archive(NamedTuple):
    """A blob: SHA-256 and bytes."""

    sha256: str
    size: int


def sent(project: Path, tools: Iterable[str], store: Store, exchange: Exchange) -> Archive | None:
    """Leave the plug-ins of a zoo and `tools`, files of it, for nodes; None where everything comes with zoosmith."""
    folders = [kind for kind in KINDS if (project / kind).is_dir() and not _shipped(project, kind)]
    files = [path for kind in folders for path in sorted((project / kind).rglob("*.py"))]
    files += [project / tool for tool in sorted(tools)]
    if not files or not (project / DODO).is_file():
        return None
    with tempfile.TemporaryDirectory(dir=store.folder("work")) as folder:
        archive = Path(folder) / "code.tar"
        with tarfile.open(archive, "w") as packed:
            for path in [project / DODO, *files]:
                packed.add(path, arcname=path.relative_to(project).as_posix(), filter=_plain)
        found = Archive(sha256_file(archive), archive.stat().st_size)
        exchange.send_blob(found.sha256, archive, store)
        return found


def received(code: Archive, folder: Path, store: Store, exchange: Exchange) -> None:
    """Make `folder` a zoo with this code. Only one caller at a time may have the same folder. Raises ZooError."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        archive, fresh = Path(made) / "code.tar", Path(made) / "zoo"
        exchange.receive_blob(code.sha256, code.size, archive, store)
        with tarfile.open(archive) as packed:
            packed.extractall(fresh, filter="data")
        fresh.rename(folder)


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Names and bytes alone, so that the same code is the same archive."""
    entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname, entry.mode = 0, 0, 0, "", "", 0o644
    return entry


def _shipped(project: Path, kind: str) -> bool:
    """Whether this folder is the one that zoosmith itself ships, as in a checkout of zoosmith."""
    return (project / kind).resolve() == KINDS[kind].resolve()
