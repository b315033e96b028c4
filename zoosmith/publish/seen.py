"""What was seen of a registry before: a version never changes, and nothing goes back, without its being told.

A tree is remembered as it was first seen (trust on first use, as SSH does with hosts); a signature it is not.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from zoosmith.common.canonical import canonical
from zoosmith.store import heal
from zoosmith.store.locks import flock

SHOWN = 3


class Numbers(NamedTuple):
    """An artifact in a registry: its name, the latest version, and the tree of each version by number.

    heads: the digest of each entry of the history of its names.
    """

    name: str
    latest: int
    trees: Mapping[str, str]
    heads: Sequence[str] = ()


@dataclass
class Changes:
    """What differs from before. `replaced` gives the tree that was seen first, by name and number of the version.

    rewritten: artifacts the history of whose names does not go on from what it was. forgotten: what was remembered is
    damaged, so that nothing can be compared.
    """

    replaced: dict[tuple[str, int], str] = field(default_factory=dict)
    rewritten: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    forgotten: bool = False

    def remark(self, registry: str) -> str:
        """One line of it; empty where nothing differs."""
        if self.forgotten:
            return f"what was remembered of {registry} was damaged, so a replaced version would go unseen this once"
        if not self.told:
            return ""
        more = f", and {len(self.told) - SHOWN} more" if len(self.told) > SHOWN else ""
        return f"{registry} is not what it was when it was read before: {', '.join(self.told[:SHOWN])}{more}"


def compare(file: Path, now: Iterable[Numbers], unread: Iterable[str] = ()) -> Changes:
    """What changed since the registry was seen before, as `file` remembers it; what is new is added there.

    unread: names of damaged entries, which are there all the same.
    """
    remembered = _read(file)
    known = remembered or {}
    found, seen, grown = Changes(forgotten=remembered is None), set[str](), list[Numbers]()
    for artifact in now:
        seen.add(artifact.name)
        before = known.get(artifact.name)
        if before is not None:
            _compare(before, artifact, found)
        if _grown(before, artifact) != before:
            grown.append(artifact)
    found.told += [f"{name} is gone" for name in sorted(known.keys() - seen - set(unread))]
    if grown:
        _remember(file, grown)
    return found


def _remember(file: Path, grown: Iterable[Numbers]) -> None:
    """Add to what `file` says by now, which another process may have added to since it was read."""
    with flock(file.with_suffix(".lock")):
        known = _read(file) or {}
        known.update({artifact.name: _grown(known.get(artifact.name), artifact) for artifact in grown})
        heal.place(file, canonical({"schema": 1, "artifacts": known}), file.parent)


def _compare(before: Mapping[str, Any], now: Numbers, found: Changes) -> None:
    for number, tree in before["trees"].items():
        if number not in now.trees:
            found.told.append(f"{now.name}@{number} is gone")
        elif now.trees[number] != tree:
            found.told.append(f"{now.name}@{number} is another tree")
            found.replaced[now.name, int(number)] = tree
    if now.latest < before["latest"]:
        found.told.append(f"the latest {now.name} was {before['latest']} and is {now.latest}")
    head = before.get("head")
    if head is not None and head not in now.heads:
        found.told.append(f"the history of {now.name}'s names was rewritten or cut off")
        found.rewritten.add(now.name)


def _grown(before: Mapping[str, Any] | None, now: Numbers) -> dict[str, Any]:
    """What is remembered: the first tree of each version, the highest number that was ever the latest, the last entry
    of the history that followed on from what was known."""
    old = before or {"latest": 0, "trees": {}}
    found = {"latest": max(old["latest"], now.latest), "trees": {**now.trees, **old["trees"]}}
    if now.heads and old.get("head") in (None, *now.heads):
        found["head"] = now.heads[-1]
    elif "head" in old:
        found["head"] = old["head"]
    return found


def _read(file: Path) -> dict[str, Any] | None:
    """What is remembered; nothing where there is no file, as at a first sight; None where it is damaged."""
    if not os.path.lexists(file):
        return {}
    try:
        told = json.loads(heal.read_regular(file) or b"")["artifacts"]
        for entry in told.values():
            _ = int(entry["latest"]), {int(number): str(tree) for number, tree in entry["trees"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    found: dict[str, Any] = told
    return found
