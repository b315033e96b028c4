"""One file that holds a registry: an uncompressed tar (POSIX.1-2001, pax) whose every byte its index decides.

    bundle.json        the index: what was asked for, then path, size and SHA-256 of each member in its order
    registry.json      rows with locations relative to it
    NAME/v<N>/...      as `zoosmith push --to file://DIR` lays a version out
    wheels/...         packages, where they were asked for

Tar, since every Unix can unpack it with nothing of ours, and what comes out is a registry that any web server serves;
uncompressed, since weights hardly shrink, and so that a file is read where it lies. Times, owners and modes are the
same in all, so equal content is equal bytes. A reader makes every header again from the index and compares it with
the one that is there: a link, a device, a second file of a name or a byte after the end is another byte, so there is
nothing that two readers could understand in two ways. Digests are compared when a file is read.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from pydantic import Field, ValidationError

from zoosmith.common import safe
from zoosmith.common.canonical import pretty
from zoosmith.common.units import sized
from zoosmith.contract.errors import ZooError
from zoosmith.publish import room
from zoosmith.publish.packed import Packed, Part
from zoosmith.publish.shelf import FileSource, Source
from zoosmith.recipes.schema import Model
from zoosmith.records.schema import File
from zoosmith.store.files import sweep_atomic, sync_folder

INDEX = "bundle.json"
BLOCK = 512  # bytes; a tar consists of blocks
END = bytes(2 * BLOCK)
MAX_INDEX = 8 << 20
CHUNK = 1 << 20
KINDS = {
    tarfile.SYMTYPE: "a symbolic link", tarfile.LNKTYPE: "a hard link", tarfile.CHRTYPE: "a character device",
    tarfile.BLKTYPE: "a block device", tarfile.FIFOTYPE: "a named pipe", tarfile.DIRTYPE: "a folder",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}  # fmt: skip


class Index(Model):
    """bundle.json."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    asked: tuple[str, ...]
    members: tuple[File, ...]


class Member(NamedTuple):
    """A file to be written: what the index says of it, and where its bytes are."""

    file: File
    source: Path | bytes


def member(path: str, source: Path | bytes, size: int = 0, sha256: str = "") -> Member:
    """A member; size and SHA-256 are computed of bytes, and given of a file."""
    if isinstance(source, bytes):
        size, sha256 = len(source), hashlib.sha256(source).hexdigest()
    return Member(File(path=path, size=size, sha256=sha256), source)


def header(path: str, size: int) -> bytes:
    """What stands before a member: one block, or three and more where the path is long or not ASCII."""
    told = tarfile.TarInfo(path)
    told.size = size
    return told.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def _padding(size: int) -> int:
    return -size % BLOCK


def write(target: Path, members: Sequence[Member], asked: Iterable[str]) -> int:
    """Make `target` an archive of these members, whole or not at all; return its size in bytes.

    Raises ZooError where something else lies there, the disk is too small, or a source is not what its member says.
    """
    files = tuple(each.file for each in members)
    safe.paths([INDEX, *(file.path for file in files)])
    index = pretty(Index(asked=tuple(asked), members=files).model_dump(mode="json", by_alias=True)).encode()
    whole = [Member(File(path=INDEX, size=len(index), sha256=hashlib.sha256(index).hexdigest()), index), *members]
    size = sum(len(header(f.path, f.size)) + f.size + _padding(f.size) for f, _ in whole) + len(END)
    _require_place(target, size)
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep_atomic(target)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            for each in whole:
                _put(each, out)
            out.write(END)
            out.flush()
            os.fsync(out.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)
    sync_folder(target.parent)
    return size


def _require_place(target: Path, size: int) -> None:
    if target.is_symlink() or (target.exists() and not is_archive(target)):
        raise ZooError(f"{target} is there and is no bundle; give another file by -o, or move it away")
    disk = room.existing(target.parent)
    if (free := room.free(disk)) < size:
        raise ZooError(
            f"the disk is short: {target} takes {sized(size)}, and {sized(free)} are free there; "
            "free some, or write it to another disk by -o"
        )


def _put(each: Member, out: BinaryIO) -> None:
    """Write one member. Raises ZooError where its bytes are not those of the index."""
    found, count = hashlib.sha256(), 0
    out.write(header(each.file.path, each.file.size))
    for data in _blocks(each.source):
        found.update(data)
        count += len(data)
        out.write(data)
    if count != each.file.size or found.hexdigest() != each.file.sha256:
        raise ZooError(f"{each.file.path} changed while it was written: {each.source!s:.200}; run the command again")
    out.write(bytes(_padding(count)))


def _blocks(source: Path | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        while data := file.read(CHUNK):
            yield data


def is_archive(path: Path) -> bool:
    """Whether a file begins as an archive does; all the rest is looked at by `read`."""
    try:
        with path.open("rb") as file:
            return file.read(100).rstrip(b"\0") == INDEX.encode()
    except OSError:
        return False


def read(path: Path) -> Packed:
    """The archive at `path`, its form checked to the last byte outside of members. Raises ZooError for any other."""
    what = str(path)
    try:
        source = FileSource(path)
    except OSError as error:
        raise ZooError(
            f"{what} cannot be read ({error.strerror}); give a bundle that `zoosmith bundle` wrote"
        ) from None
    index, at = _index(source, what)
    files: dict[str, Part] = {}
    for file in index.members:
        at = _past_header(source, at, file, what)
        files[file.path] = Part(source, at, file.size)
        at = _past_bytes(source, at, file, what)
    if source.read(at, len(END)) != END or source.size != at + len(END):
        raise ZooError(f"{what} {_end(source, at)}: refused")
    return Packed(files, {file.path: file.sha256 for file in index.members}, what, index.asked)


def _index(source: Source, what: str) -> tuple[Index, int]:
    """The index and where it ends. Raises ZooError for what is no archive, or has one that cannot be."""
    head = source.read(0, BLOCK)
    try:
        size = tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape").size
    except tarfile.HeaderError:
        raise ZooError(f"{what} is no bundle: it does not begin as a tar does; fetch it again") from None
    if not 0 <= size <= MAX_INDEX:
        raise ZooError(f"{what}: an index of {size} bytes is not read; at most {MAX_INDEX >> 20} MiB")
    file = File(path=INDEX, size=size, sha256="0" * 64)
    start = _past_header(source, 0, file, what)
    data = source.read(start, size)
    end = _past_bytes(source, start, file, what)
    safe.parse_json(data, f"the index of {what}")
    try:
        index = Index.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ZooError(
            f"the index of {what} is damaged: {first['loc']} {first['input']!a:.80}: {first['msg']}"
        ) from None
    safe.paths([INDEX, *(file.path for file in index.members)])
    for each in index.members:
        if not 0 <= each.size <= safe.MAX_FILE_BYTES:
            raise ZooError(f"the index of {what}: {each.path!r} cannot have {each.size} bytes")
    return index, end


def _past_header(source: Source, at: int, file: File, what: str) -> int:
    """Where the bytes of a member begin. Raises ZooError where its header is another than the index calls for."""
    wanted = header(file.path, file.size)
    found = source.read(at, len(wanted))
    if found != wanted:
        raise ZooError(f"{what}: {_told(found, wanted, file)}: refused")
    return at + len(wanted)


def _past_bytes(source: Source, at: int, file: File, what: str) -> int:
    end = at + file.size
    pad = _padding(file.size)
    if source.size < end + pad:
        raise ZooError(
            f"{what} is cut off: {file.path} takes {file.size} bytes by the index, and {max(0, source.size - at)} "
            "are there: refused; fetch it again"
        )
    if source.read(end, pad) != bytes(pad):
        raise ZooError(f"{what}: bytes are hidden behind {file.path}: refused")
    return end + pad


def _told(found: bytes, wanted: bytes, file: File) -> str:
    """What is wrong with a header, for the person who got such a file."""
    if len(found) < len(wanted):
        return f"it is cut off before {file.path}"
    if found[: 2 * BLOCK] == END[: 2 * BLOCK] or not found[:BLOCK].strip(b"\0"):
        return f"it ends before {file.path}, which the index tells of"
    try:
        told = tarfile.TarInfo.frombuf(found[:BLOCK], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return f"the header before {file.path} is damaged"
    name = safe.printable(told.name)[:100]
    if told.type in KINDS:
        return f"{name!a} is {KINDS[told.type]}; a bundle holds plain files alone"
    if told.name.startswith("/") or ".." in told.name.split("/"):
        return f"{name!a} leads out of the folder"
    if told.name != file.path and told.type == tarfile.REGTYPE:
        return f"{name!a} stands where the index has {file.path}"
    if told.size != file.size and told.type == tarfile.REGTYPE:
        return f"{file.path} has {told.size} bytes, and {file.size} by the index"
    return f"the header of {file.path} is not as `zoosmith bundle` writes it"


def _end(source: Source, at: int) -> str:
    if source.size < at + len(END):
        return f"is cut off: {at + len(END)} bytes by its index, and {source.size} are there"
    if source.read(at, BLOCK).strip(b"\0"):
        return "holds more files than its index tells of"
    return f"has {source.size - at - len(END)} bytes behind its end"
