"""Writes the card of a family from what is recorded of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from zoosmith.build.plotting import write_plots
from zoosmith.build.snapshot import Snapshot
from zoosmith.cards import family as cards
from zoosmith.cards.links import PLOTS
from zoosmith.recipes.graph import Family, Ref
from zoosmith.records.family import Subject, comparable, headline
from zoosmith.records.figures import rank
from zoosmith.records.rows import steady
from zoosmith.records.schema import Measurement
from zoosmith.store.files import write_atomic


def write(folder: Path, given: cards.FamilyInput | None) -> list[Path]:
    """Write the card and its plot beside the cards in `folder`; return the files that changed, none for None."""
    if given is None:
        return []
    changed = write_plots(folder / PLOTS / cards.FOLDER / given.id, cards.plots(given))
    file, text = folder / cards.FOLDER / f"{given.id}.md", cards.render(given)
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        write_atomic(file, text.encode())
        changed.append(file)
    return changed


def given_of(family: Family, records: Snapshot, preferred: Sequence[str]) -> cards.FamilyInput | None:
    """All that the card is made from: of the host that compares the most, with the others beside it.

    preferred: the metrics that may be shown first. None while the family's reference is not recorded.
    """
    reference = records.current(family.reference)
    if reference is None:
        return None
    by_host = _by_host(family.id, reference[1], records)
    host = min(sorted(by_host), key=lambda name: -len(by_host[name]))
    metric = headline(by_host[host][-1].measured, preferred)
    shown = {id: rows for id in by_host if (rows := comparable(by_host[id], metric))}
    if host not in shown:
        return None
    names = {row.build.name for row in shown[host]}
    recorded = [records.current(Ref(family.id, name)) for name in family.recipe.artifacts]
    return cards.FamilyInput(
        family.id,
        family.recipe,
        metric,
        shown[host],
        {id: rows for id, rows in sorted(shown.items()) if id != host and len(rows) > 1},
        [current[0].name for current in recorded if current and current[0].name not in names],
    )


def _by_host(family: str, reference: list[Measurement], records: Snapshot) -> Mapping[str, list[Subject]]:
    """The rows of each host, by the reference's best founded measurement there."""
    found: dict[str, list[Subject]] = {}
    ordered = sorted(reference, key=lambda m: rank(m.suite, steady(m), m.measured, m.host.id), reverse=True)
    for like in ordered:
        rows = records.family(family, like)
        if len(rows) > len(found.get(like.host.id, [])):
            found[like.host.id] = rows
    return found
