"""The history of an artifact's names and yanked versions: who changed what, when, from where, and why.

Entries are added and never changed. Each holds the digest of the one before and its own, so that one which was altered,
taken out or put between is noticed wherever the registry is read. Who rewrites the whole chain is noticed only by those
who read it before (`zoosmith.publish.seen`), or by a signature over `head`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from typing import Any, Literal, NamedTuple

from pydantic import Field

from zoosmith.common.canonical import digest
from zoosmith.common.names import IDENTIFIER
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import Model, Sha256

ORIGIN = "0" * 64  # what the first entry has in place of the digest of the one before
What = Literal["promote", "rollback", "yank", "restore"]


class Move(Model):
    """One change. `alias`, `from_version` and `to_version` are of a name that moved, None where there was no version.

    version, tree: the version that is named, yanked or restored, and its tree; None where a name went away. when: UTC,
    ISO 8601. evidence: SHA-256 of what was compared (`evidence/<sha256>.json` beside the registry). before: digest of
    the entry before; digest: SHA-256 of the canonical JSON of all else.
    """

    what: What
    artifact: str
    alias: str | None = None
    from_version: int | None = None
    to_version: int | None = None
    version: int | None = None
    tree: Sha256 | None = None
    who: str
    when: str
    why: str = ""
    evidence: Sha256 | None = None
    forced: bool = Field(default=False, exclude_if=lambda value: not value)
    before: Sha256
    digest: Sha256

    @property
    def own(self) -> str:
        """The digest that it should have."""
        return digest(self.model_dump(mode="json", exclude={"digest"}))


class Standing(NamedTuple):
    """Where names stand, and which versions are yanked, after a history."""

    aliases: dict[str, int]
    yanked: dict[str, str]


def head(history: Sequence[Move]) -> str:
    """The digest that the next entry holds: it stands for all of the history."""
    return history[-1].digest if history else ORIGIN


def moved(history: Sequence[Move], **told: Any) -> Move:
    """The next entry of a history."""
    first = Move(**told, before=head(history), digest=ORIGIN)
    return first.model_copy(update={"digest": first.own})


def standing(history: Sequence[Move]) -> Standing:
    """Where the history leaves names and yanked versions."""
    found = Standing({}, {})
    for each in history:
        if each.alias is not None and each.to_version is not None:
            found.aliases[each.alias] = each.to_version
        elif each.alias is not None:
            found.aliases.pop(each.alias, None)
        elif each.what == "yank":
            found.yanked[str(each.version)] = each.why
        else:
            found.yanked.pop(str(each.version), None)
    return found


def fault(
    history: Sequence[Move], aliases: dict[str, int], yanked: dict[str, str], versions: Container[str] | None = None
) -> str | None:
    """What is wrong with a history, or with what stands beside it; None for a sound one.

    A name that the history never moved was given by hand, and may stand anywhere. versions: the numbers that are there;
    what is carried leaves out a name that stands for another.
    """
    before, told = ORIGIN, {each.alias for each in history if each.alias}
    for number, each in enumerate(history, 1):
        if each.before != before:
            return f"entry {number} of the history does not follow the one before: one was changed or taken out"
        if each.digest != each.own:
            return f"entry {number} of the history was changed after it was written"
        before = each.digest
    found = standing(history)
    stand = {name: number for name, number in found.aliases.items() if versions is None or str(number) in versions}
    if stand != {name: number for name, number in aliases.items() if name in told}:
        return f"the aliases {aliases} are not those of the history, {stand}"
    if found.yanked != yanked:
        return f"the yanked versions {sorted(yanked)} are not those of the history, {sorted(found.yanked)}"
    return None


def stood(history: Sequence[Move], alias: str) -> list[int]:
    """The versions that a name may go back to, the last one last: those that it was rolled back from are gone."""
    found: list[int] = []
    for each in (each for each in history if each.alias == alias):
        if each.what == "rollback":
            while found and found[-1] != each.to_version:
                found.pop()
        if each.to_version is not None and found[-1:] != [each.to_version]:
            found.append(each.to_version)
    return found


def alias_name(text: str) -> str:
    """The name of an alias. Raises ZooError for a number, for `latest`, and for what is no name."""
    if not IDENTIFIER.fullmatch(text) or re.fullmatch("v?[0-9]+", text) or text == "latest" or len(text) > 40:
        raise ZooError(
            f"{text!r} cannot be the name of an alias: expected a word of small letters, digits and '-', such as "
            "'stable'; numbers are versions, and `latest` is the newest that is not yanked"
        )
    return text
