"""Changes of an artifact's entry: a name moves, goes back, a version is yanked. Each adds to the history."""

from __future__ import annotations

from typing import NamedTuple

from zoosmith.common.exits import Moved
from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.records.history import alias_name, moved, stood
from zoosmith.records.registry import Entry


class Author(NamedTuple):
    """Who changes something, when (UTC, ISO 8601), and why."""

    who: str
    when: str
    why: str = ""


def promoted(
    entry: Entry,
    name: str,
    number: int,
    alias: str,
    by: Author,
    *,
    seen: int | None,
    evidence: str | None = None,
    forced: bool = False,
) -> Entry:
    """The entry with `alias` at version `number`.

    seen: where the alias stood when the two were compared. Raises Moved if it does not stand there any more, ZooError
    for a version that is not there or was yanked.
    """
    _require(entry, name, number)
    if why := entry.yanked.get(str(number)):
        raise ZooError(f"{name}@{number} was yanked ({why}); `zoosmith yank {name}@{number} --undo` takes that back")
    return _with_alias(entry, "promote", name, alias_name(alias), number, by, seen, evidence, forced)


def back_from(entry: Entry, name: str, alias: str, to: int | None = None) -> int | None:
    """The version that a name goes back to: `to`, else the last before that is not yanked; None where there was none.

    Raises ZooError for a name that there is not, and for a version that it cannot go back to.
    """
    if alias not in entry.aliases:
        raise ZooError(f"{name} has no alias {alias!r}{nearest(alias, entry.aliases)}")
    now = entry.aliases[alias]
    if to is None and not any(step.alias == alias for step in entry.history):
        raise ZooError(f"{name}:{alias} was given by hand, so nothing says where it stood before; say --to-version N")
    if to is None:
        before = [number for number in stood(entry.history, alias)[:-1] if str(number) not in entry.yanked]
        return before[-1] if before else None
    _require(entry, name, to)
    if str(to) in entry.yanked:
        raise ZooError(f"{name}@{to} was yanked ({entry.yanked[str(to)]}); name a version that was not")
    if to == now:
        raise ZooError(f"{name}:{alias} is version {to} already")
    return to


def rolled_back(
    entry: Entry, name: str, alias: str, to: int | None, by: Author, *, seen: int, evidence: str | None = None
) -> Entry:
    """The entry with `alias` back at `to`, or gone where that is None. Raises as `promoted` does."""
    return _with_alias(entry, "rollback", name, alias, to, by, seen, evidence, forced=False)


def _with_alias(
    entry: Entry,
    what: str,
    name: str,
    alias: str,
    to: int | None,
    by: Author,
    seen: int | None,
    evidence: str | None,
    forced: bool,
) -> Entry:
    now = entry.aliases.get(alias)
    if now != seen:
        raise Moved(
            f"{name}:{alias} was {_told(seen)} when it was looked at and is {_told(now)} now: somebody else moved it; "
            f"nothing was changed. Look with `zoosmith show {name} --history`, then decide again"
        )
    aliases = {key: number for key, number in entry.aliases.items() if key != alias}
    aliases |= {} if to is None else {alias: to}
    tree = None if to is None else entry.versions[str(to)].tree_digest
    step = moved(
        entry.history, what=what, artifact=name, alias=alias, from_version=now, to_version=to, version=to, tree=tree,
        evidence=evidence, forced=forced, **by._asdict(),
    )  # fmt: skip
    return checked(entry, aliases=aliases, history=(*entry.history, step))


def yanked(entry: Entry, name: str, number: int, by: Author) -> Entry:
    """The entry with a version yanked.

    Raises ZooError where it is not there, was yanked before, or an alias stands for it.
    """
    _require(entry, name, number)
    if str(number) in entry.yanked:
        raise ZooError(f"{name}@{number} was yanked already: {entry.yanked[str(number)]}")
    if held := sorted(alias for alias, at in entry.aliases.items() if at == number):
        back = "; ".join(f"`zoosmith rollback {name} {alias}`" for alias in held)
        raise ZooError(f"{name}@{number} is what {', '.join(held)} stands for; move that first: {back}")
    return _with_yanked(entry, "yank", name, number, by)


def restored(entry: Entry, name: str, number: int, by: Author) -> Entry:
    """The entry with a version that is not yanked any more. Raises ZooError where it was not."""
    _require(entry, name, number)
    if str(number) not in entry.yanked:
        raise ZooError(f"{name}@{number} is not yanked; yanked are: {', '.join(entry.yanked) or 'none'}")
    return _with_yanked(entry, "restore", name, number, by)


def _with_yanked(entry: Entry, what: str, name: str, number: int, by: Author) -> Entry:
    kept = {key: why for key, why in entry.yanked.items() if key != str(number)}
    kept |= {str(number): by.why} if what == "yank" else {}
    tree = entry.versions[str(number)].tree_digest
    step = moved(entry.history, what=what, artifact=name, version=number, tree=tree, **by._asdict())
    in_order = dict(sorted(kept.items(), key=lambda item: int(item[0])))
    return checked(entry, yanked=in_order, history=(*entry.history, step))


def carried(entry: Entry, names: Entry) -> Entry:
    """An entry of some versions with the names and the history of the whole one, as far as they stand for these."""
    aliases = {alias: number for alias, number in names.aliases.items() if str(number) in entry.versions}
    return checked(entry, aliases=aliases, yanked=names.yanked, history=names.history)


def checked(entry: Entry, **changed: object) -> Entry:
    """The entry with some fields changed, its history looked at once more."""
    return Entry.model_validate({name: getattr(entry, name) for name in Entry.model_fields} | changed)


def _require(entry: Entry, name: str, number: int) -> None:
    if str(number) not in entry.versions:
        raise ZooError(f"{name} has no version {number}; known: {', '.join(sorted(entry.versions, key=int))}")


def _told(number: int | None) -> str:
    return "no version" if number is None else f"version {number}"
