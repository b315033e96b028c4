"""Publishing: a recorded version goes to a hub (`hf://ORG`) or a folder (`file://DIR`), whole or not at all."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from zoosmith.build.workspace import Workspace
from zoosmith.common.text import show_lines
from zoosmith.contract.errors import ZooError
from zoosmith.publish import push_file, push_hf, signing
from zoosmith.publish.dependencies import with_needed
from zoosmith.publish.index_state import settled
from zoosmith.publish.release import Published, Release, read_registry
from zoosmith.publish.sign import Sign, signed
from zoosmith.recipes.graph import Ref
from zoosmith.records.registry import to_text
from zoosmith.records.versions import add_location
from zoosmith.signing import keys
from zoosmith.store.files import sweep_atomic, write_atomic

ORGANISATION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


def say(text: str) -> None:
    """Say on standard error what is waited for."""
    show_lines(text, to=sys.stderr)
    sys.stderr.flush()


def push(
    workspace: Workspace,
    ref: Ref,
    target: str,
    tell: Callable[[str], None] = say,
    key: Path | None = None,
    sign: Sign | None = None,
) -> Published:
    """Publish the latest recorded version of an artifact and note its location in registry.json.

    What it cannot be opened without is published before it. Ended anywhere, the same call goes on; done twice, the
    second changes nothing. `key`: the file of a private key, which signs all of them; else `sign` does. Raises ZooError
    if gates are not passed, nothing is recorded, the key cannot be used, the disk of a folder is too small, the target
    holds another tree under this version, or the target fails. A signed index is renewed if `key` may do that; else it
    is said how.
    """
    publish = destination(target)
    if key is not None:
        keys.signer(key)  # says what is wrong with it before anything is read
        sign = partial(signing.sign, key=key)
    *needed, release = (signed(each, sign) if sign else each for each in with_needed(workspace, ref))
    if folder := folder_of(target):
        push_file.require_room([*needed, release], folder)
    try:
        for each in needed:
            published = publish(each, tell)
            _note(workspace, each, published.location)
            tell(f"{published}; {release.name} needs it")
        published = publish(release, tell)
        _note(workspace, release, published.location)
        _tell_index([folder, workspace.project], tell, key)
    except OSError as error:
        what = f"{error.strerror} ({error.filename})" if error.filename else str(error)
        raise ZooError(f"{target}: {what}; mend that, then run the same command: it goes on") from error
    return published


def _tell_index(places: list[Path | None], tell: Callable[[str], None], key: Path | None) -> None:
    """Renew the signed index of each of these folders that has one, or say how it is done."""
    for place in dict.fromkeys(each for each in places if each):
        if said := settled(place.resolve().as_uri(), key):
            tell(said)


def destination(target: str) -> Callable[[Release, Callable[[str], None]], Published]:
    """What publishes to a target. Raises ZooError if it is neither hf://ORG nor file://DIR."""
    scheme, rest = _parts(target)
    if scheme == "hf" and ORGANISATION.fullmatch(rest):
        return lambda release, tell: push_hf.publish(release, rest)
    if folder := folder_of(target):
        return lambda release, tell: push_file.publish(release, folder, tell)
    raise ZooError(f"{target!r} is no place to publish to; say hf://ORG or file://DIR")


def folder_of(target: str) -> Path | None:
    """The folder of file://DIR; None for another target."""
    scheme, rest = _parts(target)
    return Path(unquote(rest)).resolve() if scheme == "file" and rest else None


def _parts(target: str) -> tuple[str, str]:
    scheme, _, rest = target.partition("://")
    return scheme, rest.rstrip("/") or rest[:1]


def _note(workspace: Workspace, release: Release, location: str) -> None:
    """Add the location to the zoo's own row."""
    with workspace.records.locked():
        file = workspace.project / "registry.json"
        sweep_atomic(file)
        before = read_registry(file)
        signers = tuple(release.signatures)
        after = add_location(before, release.name, release.version, release.tree, location, signers)
        if after != before:
            write_atomic(file, to_text(after).encode())
