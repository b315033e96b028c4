"""What a user asks a registry for: `NAME`, `NAME@N`, `NAME:ALIAS`, each with `#TREE` behind it or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError

if TYPE_CHECKING:
    from zoosmith.records.registry import Entry


def parted(wanted: str) -> tuple[str, str]:
    """Name, and what stands behind its `@` or `:`; a tree (`#`) is left out."""
    name, _, which = wanted.partition("#")[0].replace(":", "@", 1).partition("@")
    return name, which


def named_by_number(wanted: str) -> bool:
    """Whether a version is asked for by its number, or the newest, and not by a name that moves."""
    which = parted(wanted)[1]
    return not which or which.isdecimal() or which == "latest"


def number_of(name: str, which: str, entry: Entry, base: str) -> str:
    """The number that an alias, `latest`, a number or nothing means. Raises ZooError with the nearest that there is."""
    if which and which != "latest":
        found = str(entry.aliases.get(which, which))
    elif entry.newest is None:
        numbers = ", ".join(f"{name}@{number}" for number in sorted(entry.yanked, key=int) if number in entry.versions)
        raise ZooError(f"every version of {name} in {base} was yanked; by number they are still had: {numbers}")
    else:
        found = str(entry.newest)
    if found not in entry.versions:
        known = [*map(str, sorted(map(int, entry.versions))), *entry.aliases]
        hint = nearest(which, entry.aliases) if not which.isdecimal() else ""
        listed = f"; known: {', '.join(known)}"
        raise ZooError(f"{name} has no version {which!r}{hint if 'mean' in hint else listed}")
    return found
