"""Publishing: a recorded version goes to a hub (`hf://ORG`) or a folder (`file://DIR`), whole or not at all."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from zoosmith.contract import ZooError
from zoosmith.core.plan import Ref
from zoosmith.core.registry import to_text
from zoosmith.core.shelf import located
from zoosmith.engine.files import sweep_atomic, write_atomic
from zoosmith.engine.graph import Workshop
from zoosmith.hub import push_file, push_hf
from zoosmith.hub.needed import with_needed
from zoosmith.hub.release import Published, Release, read_registry

ORGANISATION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


def say(text: str) -> None:
    """Tell the user what is waited for, beside the answer on standard output."""
    print(text, file=sys.stderr, flush=True)


def push(shop: Workshop, ref: Ref, target: str, tell: Callable[[str], None] = say) -> Published:
    """Publish the latest recorded version of an artifact and note its location in registry.json.

    What it cannot be opened without is published before it. Ended anywhere, the same call goes on; done twice, the
    second changes nothing. Raises ZooError where gates are not passed, nothing is recorded, the target holds another
    tree under this version, or the target fails.
    """
    publish = destination(target)
    *needed, release = with_needed(shop, ref)
    try:
        for each in needed:
            published = publish(each, tell)
            _note(shop, each, published.location)
            tell(f"{published}; {release.name} needs it")
        published = publish(release, tell)
        _note(shop, release, published.location)
    except OSError as error:
        what = f"{error.strerror} ({error.filename})" if error.filename else str(error)
        raise ZooError(f"{target}: {what}; mend that, then run the same command: it goes on") from error
    return published


def destination(target: str) -> Callable[[Release, Callable[[str], None]], Published]:
    """What publishes to a target. Raises ZooError where it is neither hf://ORG nor file://DIR."""
    scheme, _, rest = target.partition("://")
    rest = rest.rstrip("/") or rest[:1]
    if scheme == "hf" and ORGANISATION.fullmatch(rest):
        return lambda release, tell: push_hf.publish(release, rest)
    if scheme == "file" and rest:
        return lambda release, tell: push_file.publish(release, Path(unquote(rest)).resolve(), tell)
    raise ZooError(f"{target!r} is no place to publish to; say hf://ORG or file://DIR")


def _note(shop: Workshop, release: Release, location: str) -> None:
    """Add the location to the zoo's own row."""
    with shop.book.locked():
        file = shop.project / "registry.json"
        sweep_atomic(file)
        before = read_registry(file)
        after = located(before, release.name, release.version, release.tree, location)
        if after != before:
            write_atomic(file, to_text(after).encode())
