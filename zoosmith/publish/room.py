"""Whether a disk has room for what is to be pulled or published, said once, before anything is fetched or copied.

Files that are here already are copied too: they take no room only where the file system shares their blocks (reflink),
which is looked at where the disk would be short otherwise.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from zoosmith.common.units import sized
from zoosmith.contract.errors import ZooError


class Sized(Protocol):
    """A file that a registry or a pointer tells of."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def sha256(self) -> str:
        """Of its bytes."""


class Wanted(NamedTuple):
    """A version that is to lie in `folder`: its files by their places there, and the whole ones that lie in `parts`.

    parts: where files on their way are, by hash or by place.
    """

    name: str
    folder: Path
    files: dict[str, Sized]
    parts: Callable[[str, Sized], Path]

    @property
    def there(self) -> bool:
        """Whether all files are in their places, by their sizes."""
        return all(_size(self.folder / at) == file.size for at, file in self.files.items())

    def missing(self) -> Iterator[tuple[Sized, int]]:
        """Files to come, with the bytes of each that are on their way; of the same content at two places, once."""
        seen: set[str] = set()
        for at, file in self.files.items():
            yield file, 0 if file.sha256 in seen else min(_size(self.parts(at, file)), file.size)
            seen.add(file.sha256)


def require(wanted: Iterable[Wanted], home: Path, here: Callable[[Sized], Path | None], do: str) -> None:
    """Raise ZooError where the disk of `home` is too small for what is not there yet.

    here: where on this machine a file lies already. do: what to do about it.
    """
    coming = [one for one in wanted if not one.there]
    files = [(file, done, here(file)) for one in coming for file, done in one.missing()]
    needed, disk = sum(file.size - done for file, done, _ in files), existing(home)
    left = free(disk)
    if needed <= left or _unshared(files, disk) <= left:
        return
    new = sum(file.size - done for file, done, source in files if source is None)
    raise ZooError(
        f"the disk is short: {_named(coming)} {sized(needed)} in {home}"
        + (f", {sized(new)} of them new to this machine" if new else "")
        + f", and {sized(left)} are free there; {do}"
    )


def _named(coming: list[Wanted]) -> str:
    if len(coming) == 1:
        return f"{coming[0].name} takes"
    return f"{coming[0].name} and {len(coming) - 1} that it needs take"


def _unshared(files: Iterable[tuple[Sized, int, Path | None]], disk: Path) -> int:
    """Bytes without those that share blocks with a file of this machine."""
    from zoosmith.build.preflight import shares_blocks

    device, shares = disk.stat().st_dev, shares_blocks(disk)
    return sum(
        file.size - done for file, done, source in files if not (shares and source and source.stat().st_dev == device)
    )


def existing(folder: Path) -> Path:
    """`folder`, or the nearest folder around it that is there."""
    return next(one for one in (folder.absolute(), *folder.absolute().parents) if one.is_dir())


def free(folder: Path) -> int:
    """Bytes that are free on the disk of a folder."""
    return shutil.disk_usage(folder).free


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0
