"""What is published: the recorded version of an artifact, once its gates and the store's bytes are checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from zoosmith.build.record_store import best
from zoosmith.build.workspace import Workspace
from zoosmith.cards.links import without_dead
from zoosmith.common.names import full_name
from zoosmith.contract.errors import ZooError
from zoosmith.publish import signing
from zoosmith.recipes.graph import Ref
from zoosmith.records import gates, registry
from zoosmith.records.layout import CARD, POINTER, Pointer, pointer
from zoosmith.records.registry import Row
from zoosmith.store import heal
from zoosmith.store.files import sha256_file
from zoosmith.store.store import CorruptStore, Store


@dataclass(frozen=True)
class Release:
    """One version, ready to be published; its bytes are in `store`, under the hashes of `pointer`.

    `beside` holds the card and its plots by path, `signatures` those over the tree, by the id of the key.
    """

    name: str
    version: int
    row: Row
    beside: dict[str, bytes]
    pointer: Pointer
    store: Store
    signatures: dict[str, bytes] = field(default_factory=dict)

    @property
    def tree(self) -> str:
        """Digest of the artifact's tree."""
        return self.row.tree_digest

    def texts(self) -> dict[str, bytes]:
        """The files beside the artifact's own: card, plots, pointer and signatures."""
        signatures = {signing.file_name(id): data for id, data in self.signatures.items()}
        return self.beside | {POINTER: self.pointer.to_text().encode()} | signatures


@dataclass(frozen=True)
class Published:
    """Where a version is. `fresh` is False if all of it was there already."""

    name: str
    version: int
    location: str
    fresh: bool

    def __str__(self) -> str:
        verb = "published" if self.fresh else "already published:"
        return f"{verb} {self.name} v{self.version} {'at' if self.fresh else 'is at'} {self.location}"


def read_registry(file: Path) -> registry.Registry:
    """The registry in a file, or an empty one. Raises ZooError if it is damaged."""
    return registry.parse(file.read_text(encoding="utf-8"), str(file)) if file.is_file() else registry.Registry()


def ready(workspace: Workspace, ref: Ref) -> Release:
    """The latest recorded version. Raises ZooError, with the next command, if it may not be published."""
    name = full_name(ref.recipe, ref.name)
    if workspace.record_root != workspace.project:
        raise ZooError(f"a scratch record is not published; run `doit build:{name}` without --scratch")
    entry = read_registry(workspace.project / "registry.json").artifacts.get(name)
    if entry is None:
        raise ZooError(f"nothing is recorded of {name}; run `doit build:{name}`")
    row = entry.versions[str(entry.latest)]
    _require_record(workspace, ref, name, row)
    verify(workspace.store, name, row)
    beside = _beside(workspace, ref)
    return Release(name, entry.latest, row, beside, pointer(name, entry.latest, row, beside), workspace.store)


def _beside(workspace: Workspace, ref: Ref) -> dict[str, bytes]:
    """The card as it is published, with the plots that it shows.

    Their paths are those beside the zoo's own card. Siblings' cards are not there, so their names stand without a
    link. Raises ZooError if a plot is missing.
    """
    card = workspace.records.card_file(ref)
    try:
        plots = {
            path.relative_to(card.parent).as_posix(): path.read_bytes() for path in workspace.records.plots_linked(ref)
        }
    except FileNotFoundError as error:
        name = full_name(ref.recipe, ref.name)
        raise ZooError(f"{error.filename}, which the card shows, is missing; run `doit card:{name}`") from None
    return {CARD: without_dead(card.read_text(encoding="utf-8"), plots).encode()} | plots


def _require_record(workspace: Workspace, ref: Ref, name: str, row: Row) -> None:
    """Raise ZooError unless record, gates, card and the last build are all of this row."""
    found, last = workspace.records.current(ref), workspace.store.named(str(ref))
    if found is None or found[0].tree_digest != row.tree_digest or (last and last.tree != row.tree_digest):
        raise ZooError(f"{name} was built again since it was recorded; run `doit build:{name}`")
    for checks in (gates.evaluate(workspace.zoo.artifact(ref).gates, best(found[1])), list(row.gates.checks)):
        if any(check.passed is False for check in checks):
            raise ZooError(
                f"{name} misses a gate and is not published:\n{gates.table(checks)}\n"
                f"Mend the recipe or the technique, then run `doit build:{name}`"
            )
    if not workspace.records.card_file(ref).is_file():
        raise ZooError(f"{name} has no card; run `doit card:{name}`")


def verify(store: Store, name: str, row: Row) -> None:
    """Raise CorruptStore, after removing the bad bytes, where the store does not hold the row's files."""
    for file in row.files:
        path = store.file(file.sha256)
        if not heal.is_regular(path, file.size) or sha256_file(path) != file.sha256:
            heal.clear(path)
            raise CorruptStore(f"{file.path} of {name} is missing or damaged in the store; run `doit build:{name}`")
