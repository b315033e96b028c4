"""What the site is made from: registry, measurements, cards and the recipes' summaries of one zoo."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from zoosmith import plugins
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.graph import Ref
from zoosmith.records.host import Host
from zoosmith.records.registry import Registry, parse
from zoosmith.site import family, gallery

HERE = Path(__file__).parent


@dataclass(frozen=True)
class SiteData:
    """The zoo's record as the site shows it. `families` and `summaries` are by recipe, `hosts` by id.

    `items` are in the order of the recommendations; `dates` say when what is known of was measured.
    """

    registry: Registry
    items: list[gallery.Item]
    families: dict[str, family.Family]
    hosts: dict[str, Host]
    summaries: dict[str, str]
    cards: Path
    dates: dict[gallery.Key, str]


def collect(workspace: Workspace) -> SiteData:
    """Read the record. Raises ZooError where nothing is registered yet."""
    file = workspace.record_root / "registry.json"
    if not file.is_file():
        example = next(iter(workspace.zoo.by_full_name), "NAME")
        raise ZooError(f"there is no {file.name} yet, so there is nothing to show; run `doit build:{example}` first")
    registry = parse(file.read_text(encoding="utf-8"), file.name)
    folders = sorted((workspace.record_root / "results").glob("*/*/"))
    measured = [m for folder in folders for m in workspace.records.measurements(Ref(folder.parent.name, folder.name))]
    by_key = {(m.name, m.tree_digest, m.host.id, m.suite): m for m in measured}
    summaries = {id: one.recipe.summary for id, one in workspace.zoo.families.items()}
    items = family.arranged(gallery.items(registry, by_key, _preferred(registry, workspace.project)))
    cards = workspace.record_root / "model_cards"
    dates = {key: one.measured for key, one in by_key.items()}
    return SiteData(registry, items, family.families(items), gallery.described(measured), summaries, cards, dates)


def _preferred(registry: Registry, project: Path) -> dict[str, Sequence[str]]:
    """The metrics that are shown first of each task; a task of another zoo may not be here."""
    known = {id.replace("_", "-") for id in plugins.known("tasks", project)}
    tasks = {row.task for entry in registry.artifacts.values() for row in entry.versions.values()} & known
    found = ((task, plugins.load_part("tasks", task, "reporting", project)) for task in sorted(tasks))
    return {task: module.HEADLINE for task, module in found if hasattr(module, "HEADLINE")}


def fingerprint(workspace: Workspace) -> str:
    """SHA-256 over all that the site is made from: the record's files, the summaries, and this package."""
    seen = hashlib.sha256()
    for label, path in _inputs(workspace.record_root):
        seen.update(f"{label}\0{path.stat().st_size}\0".encode("utf-8", "surrogateescape") + path.read_bytes())
    for id, one in workspace.zoo.families.items():
        seen.update(f"{id}\0{one.recipe.summary}\0".encode())
    return seen.hexdigest()


def _inputs(root: Path) -> Iterator[tuple[str, Path]]:
    code = [*(HERE.parent / "records").glob("*.py")]
    parts: Iterable[tuple[str, Path, Iterable[Path]]] = (
        ("record", root, (root / "registry.json", *root.glob("results/*/*/*.json"), *root.glob("model_cards/**/*"))),
        ("code", HERE.parent, (*code, *HERE.rglob("*.py"), *HERE.rglob("*.j2"), *HERE.glob("assets/*"))),
    )
    for part, base, paths in parts:
        for path in sorted(set(paths)):
            if path.is_file():
                yield f"{part}/{path.relative_to(base).as_posix()}", path
