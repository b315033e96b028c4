"""Steps whose inputs lie in the zoo: what they read is hashed by the process that reads it, and is what the key says.

A key is made by one process and the step runs in another, minutes later where it had to wait. What was edited in
between would stand under the key of what it was before, for ever.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from zoosmith import plugins
from zoosmith.build import bytecode, reads
from zoosmith.build.codehash import closure_key, code_digests, code_files
from zoosmith.build.contents import files_below, folder_digest
from zoosmith.common.canonical import digest
from zoosmith.contract.errors import BuildError
from zoosmith.contract.manifest import PAYLOAD_MANIFEST
from zoosmith.execution.worker import Step
from zoosmith.store.files import sha256_file

Signature = list[tuple[str, int, int, int, int]]


def data(step: Step) -> None:
    """The data step. Raises BuildError where its files, or the code that makes the rows, are not those of the key."""
    from zoosmith.sources import rows

    if name := step.run["data"].get("builtin"):
        code = [plugins.find("builtin", name, step.project)]
        same_code(code, step.inputs["code"], f"the code of {name}")
        bytecode.forget(code_files(*code))
        with reads.witnessed(step, code, reader=reads.BUILT_IN):
            rows.run(step)
    elif path := step.run["data"].get("path"):
        with unchanged(step.project / path, lambda: folder_digest(step.project / path), step.inputs["path"]):
            rows.run(step)
    else:
        rows.run(step)


def base(step: Step) -> None:
    """The fetch step. Raises BuildError where the copied files are not those that the key holds."""
    from zoosmith.sources import fetch

    fetch.run(step)
    if wanted := step.inputs.get("path"):
        files = json.loads((step.out / PAYLOAD_MANIFEST).read_bytes())["files"]
        if digest([[path.as_posix(), files[path.as_posix()]] for path in sorted(map(Path, files))]) != wanted:
            raise BuildError(_changed(step.project / step.run["base"]["path"]))


def same_code(entries: list[Path], wanted: list[str], what: str) -> None:
    """Raise BuildError when files changed since the key was made: the result would stand under a wrong key."""
    if closure_key(code_digests(*entries)) != wanted:
        raise BuildError(f"{what} changed while this run was going; run the same command again")


@contextmanager
def tools(project: Path, named: Mapping[str, object]) -> Iterator[None]:
    """Raises BuildError where a file that a builder names in TOOLS is not what the key holds, before or behind it."""
    files = {tool: wanted for tool, wanted in named.items() if isinstance(wanted, str)}
    if not files:
        yield
        return
    for tool, wanted in files.items():
        _same(project / tool, sha256_file(project / tool), wanted)
    before = {tool: _signature(project / tool) for tool in files}
    yield
    for tool, seen in before.items():
        if _signature(project / tool) != seen:
            raise BuildError(_changed(project / tool))


@contextmanager
def unchanged(path: Path, found: Callable[[], str], wanted: str) -> Iterator[None]:
    """What runs inside reads what is at `path`. Raises BuildError unless that has the digest `wanted` all the while."""
    before = _signature(path)
    _same(path, found(), wanted)
    yield
    if _signature(path) != before:
        raise BuildError(_changed(path))
    _same(path, found(), wanted)


def _same(path: Path, found: str, wanted: str) -> None:
    if found != wanted:
        raise BuildError(_changed(path))


def _changed(path: Path) -> str:
    return f"{path} was changed after this run had looked at it; leave it as it is and run the same command again"


def _signature(path: Path) -> Signature:
    """What the file system says of each file: it tells an edit that was taken back, which no hash does.

    Of a link to all of it too, which may have led elsewhere meanwhile.
    """
    files = [path / file for file in files_below(path)] if path.is_dir() else [path]
    found = [(str(file), file.stat()) for file in files] + [(f"{path}, a link", path.lstat())] * path.is_symlink()
    return [(name, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns) for name, stat in found]
