"""List the artifacts here: built, stale, pulled, or still to be built."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from zoosmith.common.units import sized

if TYPE_CHECKING:
    from zoosmith.build.workspace import Workspace
    from zoosmith.recipes.graph import Ref
    from zoosmith.store.store import ActionResult

BUILT, STORED, STALE, PULLED, MISSING = "built", "in the store", "stale", "pulled", "-"
HEADINGS = ("artifact", "state", "size", "builder or format", "versions")
LEGEND = {
    STORED: "built, and not below artifacts/: `doit artifact:NAME` puts it there",
    STALE: "its recipe, builder or parents have moved on since: `zoosmith why NAME` says how",
    MISSING: "not built: `zoosmith build NAME`",
}


class Listed(NamedTuple):
    """An artifact, how it stands here, what it is, and the bytes of its folder (0 where there is none).

    version, newest, aliases, yanked: as the registries of this machine know it; None and empty where none does.
    """

    name: str
    mark: str
    what: str
    size: int
    version: int | None = None
    newest: int | None = None
    aliases: dict[str, int] = {}
    yanked: str | None = None
    said: str = ""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which of them, and how they are shown."""
    parser.add_argument("family", nargs="?", help="only artifacts whose names begin so, of shipped families too")
    parser.add_argument("--here", action="store_true", help="leave out what is not built")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def main(given: argparse.Namespace) -> None:
    """Print a line for each. Raises ZooError where a recipe is broken."""
    from zoosmith.common.text import show_json, show_lines
    from zoosmith.common.wrapped import filled, table
    from zoosmith.project import find_project

    project = find_project()
    found = [one for one in listed(project, given.family) if not (given.here and one.mark == MISSING)]
    if given.family and not found and not given.here:
        _refuse(project, given.family)
    found = list(with_versions(project, found))
    if given.json:
        for one in found:
            show_json({key: value for key, value in one._asdict().items() if key != "said"})
        return
    width = len(HEADINGS) if any(one.said for one in found) else len(HEADINGS) - 1
    rows = [[one.name, one.mark, sized(one.size) if one.size else "", one.what, one.said][:width] for one in found]
    show_lines("\n".join(table([HEADINGS[:width], *rows])) if rows else "nothing here")
    for mark, text in LEGEND.items():
        if any(one.mark == mark for one in found):
            show_lines("\n".join(filled(f"{mark}: {text}", later="  ")))


def with_versions(project: Path, found: list[Listed]) -> Iterator[Listed]:
    """Each with what the registries that lie on this machine know of it; no network is asked."""
    from contextlib import suppress

    from zoosmith.contract.errors import ZooError
    from zoosmith.publish import known
    from zoosmith.transfer.cache import Cache

    [home] = known.homes(project)
    folders = [home / one.name for one in found if one.size]
    told: dict[str, known.Known] = {}
    with suppress(ZooError):  # without a cache that can be written, what is here is listed all the same
        told = {one.name: one for one in known.known(folders, known.kept_catalogs(project, Cache()))} if folders else {}
    for one in found:
        if more := told.get(one.name):
            one = one._replace(
                version=more.version, newest=more.newest, aliases=more.aliases, yanked=more.yanked, said=more.text
            )
        yield one


def _refuse(project: Path, family: str) -> NoReturn:
    from zoosmith.build.recipe_files import recipe_files
    from zoosmith.common.names import nearest
    from zoosmith.contract.errors import ZooError

    here = {one.name for one in listed(project)}
    known = here | set(recipe_files(project)) if (project / "dodo.py").is_file() else here
    raise ZooError(f"no artifact's name begins with {family!r}{nearest(family, known)}")


def listed(project: Path, family: str | None = None) -> list[Listed]:
    """The artifacts of the recipes in their order, then what else lies below artifacts/, or here outside of a zoo.

    family: how names must begin. Without it, of shipped families only what is here.
    """
    found = _of_zoo(project, family) if (project / "dodo.py").is_file() else _pulled(project, set())
    return [one for one in found if one.name.startswith(family or "")]


def _of_zoo(project: Path, family: str | None) -> Iterator[Listed]:
    from zoosmith.build.recipe_files import own_families
    from zoosmith.build.workspace import Workspace

    workspace, own = Workspace(project), own_families(project)
    _ = workspace.profile  # what is wrong with zoosmith.toml is told
    known = workspace.zoo.by_full_name
    for name, ref in known.items():
        folder = workspace.artifacts / name
        mark = _mark(workspace, ref, folder)
        if family or ref.recipe in own or mark != MISSING:
            yield Listed(name, mark, workspace.zoo.artifact(ref).builder, _size(folder))
    yield from _pulled(workspace.artifacts, set(known))


def _mark(workspace: Workspace, ref: Ref, folder: Path) -> str:
    from zoosmith.predictor import manifest_digest

    here = manifest_digest(folder) if folder.is_dir() else None
    result = _result(workspace, ref)
    if result is None:
        return MISSING if here is None else STALE
    return BUILT if here == result.tree else STORED if here is None else STALE


def _result(workspace: Workspace, ref: Ref) -> ActionResult | None:
    """What is built and up to date for the machine that it was last built for; None too where that cannot be told."""
    from contextlib import suppress

    from zoosmith.build.built_for import as_built
    from zoosmith.contract.errors import ZooError

    with suppress(ZooError):  # `zoosmith why` tells it
        return as_built(workspace, ref).resolver.finished("artifact", ref)
    return None


def _pulled(home: Path, known: set[str]) -> Iterator[Listed]:
    """Folders with a manifest that no recipe here makes."""
    from zoosmith.contract.errors import ZooError
    from zoosmith.contract.manifest import PAYLOAD_MANIFEST
    from zoosmith.predictor import read_manifest

    for file in sorted(home.glob(f"[!.]*/{PAYLOAD_MANIFEST}")):
        if file.parent.name not in known:
            try:
                about = read_manifest(file.parent)
            except ZooError:
                yield Listed(file.parent.name, "damaged", "", _size(file.parent))
                continue
            what = f"{about.format} {about.precision}" if about.task else "base"
            yield Listed(file.parent.name, PULLED, what, _size(file.parent))


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else 0
