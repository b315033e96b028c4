"""Moving a name of an artifact, going back, and yanking a version: looked at in a registry, then written to it.

What was compared is kept beside the registry as `evidence/<sha256>.json`, which the history names.
"""

from __future__ import annotations

from hashlib import sha256

from zoosmith.common.exits import Refused
from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.publish.catalog import Catalog, Version
from zoosmith.publish.editing import editable
from zoosmith.records import naming
from zoosmith.records.figures import Figures, of_result
from zoosmith.records.history import Move, alias_name
from zoosmith.records.judging import Judgement, judged
from zoosmith.records.naming import Author
from zoosmith.records.registry import Entry


def stands(catalog: Catalog, name: str, alias: str) -> Version | None:
    """The version that an alias stands for now; None where there is no such alias.

    Raises ZooError where the history of the names was rewritten.
    """
    if told := catalog.rewritten(name):
        raise ZooError(told)
    number = catalog.artifacts[name].aliases.get(alias)
    return None if number is None else catalog.newest(f"{name}@{number}")


def judge(catalog: Catalog, version: Version, alias: str) -> Judgement:
    """Hold a version, by what is on record, against the one that the alias stands for now. Raises ZooError."""
    require_movable(catalog, version)
    now = stands(catalog, version.name, alias_name(alias))
    if now is not None and now.number == version.number:
        raise ZooError(f"{version.name}:{alias} is version {version.number} already")
    theirs = figures(now) if now else []
    return judged(str(version), figures(version), version.row.gates.checks, str(now) if now else None, theirs)


def require_movable(catalog: Catalog, version: Version) -> None:
    """Raise ZooError for a version that was yanked, before anything is measured or compared."""
    if (why := catalog.yanked(version)) is not None:
        raise ZooError(f"{version} was yanked ({why}); `zoosmith yank {version} --undo` takes that back")


def figures(version: Version) -> list[Figures]:
    """What every host measured of a version."""
    return [of_result(version.name, version.row, result) for result in version.row.results]


def promote(
    catalog: Catalog, version: Version, alias: str, by: Author, judgement: Judgement, *, force: bool = False
) -> Move:
    """Move the alias to the version. Raises Refused where a limit does not hold, Moved where somebody was faster."""
    if judgement.missed and not force:
        missed = ", ".join(f"{check.gate} ({check.limit}: {check.found})" for check in judgement.missed)
        raise Refused(
            f"{version} does not become {alias}: {len(judgement.missed)} of its limits do not hold: {missed}. Mend the "
            f"recipe or the technique and publish another version; `--force --why TEXT` moves it all the same, and the "
            "history says so"
        )
    now, told = stands(catalog, version.name, alias), evidence(judgement)
    forced = bool(judgement.missed)

    def change(entry: Entry) -> Entry:
        _require_same(entry, version)
        return naming.promoted(
            entry, version.name, version.number, alias, by,
            seen=now.number if now else None, evidence=told[0], forced=forced,
        )  # fmt: skip

    return editable(catalog.base).edit(version.name, change, {told[1]: judgement.evidence}).history[-1]


def evidence(judgement: Judgement) -> tuple[str, str]:
    """SHA-256 of what was compared, and where it is kept beside the registry."""
    found = sha256(judgement.evidence).hexdigest()
    return found, f"evidence/{found}.json"


def rollback(catalog: Catalog, name: str, alias: str, by: Author, to: int | None = None) -> Move:
    """Let the alias go back to `to`, or to the version before. Raises ZooError, and Moved where somebody was faster."""
    if name not in catalog.artifacts:
        raise ZooError(f"{catalog.base} has no artifact {name!r}{nearest(name, catalog.artifacts)}")
    stands(catalog, name, alias)
    entry = catalog.artifacts[name]
    back = naming.back_from(entry, name, alias, to)
    seen = entry.aliases[alias]
    return editable(catalog.base).edit(
        name, lambda known: naming.rolled_back(known, name, alias, back, by, seen=seen), {}
    ).history[-1]  # fmt: skip


def yank(catalog: Catalog, version: Version, by: Author, *, undo: bool = False) -> Move:
    """Yank a version, or take that back. Raises ZooError."""

    def change(entry: Entry) -> Entry:
        _require_same(entry, version)
        return (naming.restored if undo else naming.yanked)(entry, version.name, version.number, by)

    return editable(catalog.base).edit(version.name, change, {}).history[-1]


def _require_same(entry: Entry, version: Version) -> None:
    """Raise ZooError where the registry that is written to has another tree under this number than was looked at."""
    row = entry.versions.get(str(version.number))
    if row is None or row.tree_digest != version.row.tree_digest:
        raise ZooError(f"{version} is another tree there than the one that was looked at: nothing was changed")
