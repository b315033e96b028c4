"""`doit reproduce`: measure what lies in artifacts/NAME once more, and say which claims of its card hold here.

The artifact may have been built or pulled: builders, their packages and its parents are not needed, only its runtime
and the data of its evals; the reference for what is claimed against it.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from zoosmith.contract import PAYLOAD_MANIFEST, ZooError
from zoosmith.core import claims
from zoosmith.core.claims import Claim
from zoosmith.core.figures import Figures, of_measurement, of_result, rank
from zoosmith.core.names import full_name
from zoosmith.core.plan import Ref
from zoosmith.core.records import Measurement
from zoosmith.core.text import aligned, bullet
from zoosmith.engine.files import copy_file, payload
from zoosmith.engine.locks import flock
from zoosmith.engine.measuring import trees_action
from zoosmith.engine.recorded import current, recorded

if TYPE_CHECKING:
    from zoosmith.engine.graph import Workshop


@dataclasses.dataclass(frozen=True)
class Reproduction:
    """The claims of one artifact, and where they were read."""

    name: str
    source: str
    claims: list[Claim]

    @property
    def holds(self) -> bool:
        """Whether nothing that could be told is wrong."""
        return all(claim.holds is not False for claim in self.claims)


def reproduce(shop: Workshop, ref: Ref, suite: str | None = None, registry: str | None = None) -> Reproduction:
    """Hold an artifact's claims against a fresh measurement of what lies in artifacts/NAME.

    The claims are those that its card shows, or those of `suite`; it is measured by their suite.
    Raises ZooError where it is not here or nothing is claimed of it; what cannot be measured cannot be told.
    """
    name = full_name(ref.recipe, ref.name)
    with flock(shop.store.folder(".") / "gc.lock", shared=True):  # what is taken in has no name that would keep it
        return _held(shop, ref, name, suite, registry)


def _held(shop: Workshop, ref: Ref, name: str, suite: str | None, registry: str | None) -> Reproduction:
    tree = tree_here(shop, name)
    told = told_by(claimed(shop, name, tree, registry), suite)
    found = [claims.of_files(told, tree)]
    try:
        if tree != told.tree:
            raise ZooError(f"the files in artifacts/{name} are not those of the card")
        take_needs(shop, tree)
        fresh = measure_again(shop, ref, suite or told.suite, tree, reference_here(shop, told))
        found += claims.of_figures(told, of_measurement(fresh, told.task, name))
    except ZooError as error:
        found += claims.untold(told, str(error))
    return Reproduction(name, f"suite {told.suite_text} on {told.host}", found)


def claimed(shop: Workshop, name: str, tree: str, registry: str | None) -> list[Figures]:
    """What is claimed of an artifact, by host and suite: in the zoo's record, or in the registry that pulls use.

    Raises ZooError where neither knows it.
    """
    if registry is None and name in recorded(shop.record_root):
        build, measured = current(shop.record_root, name)
        return [of_measurement(each, build.task, name) for each in measured]
    from zoosmith.hub.cache import Cache
    from zoosmith.hub.catalog import open_catalog

    catalog = open_catalog(registry, shop.project, Cache())
    same = [version for version in catalog.versions() if (version.name, version.row.tree_digest) == (name, tree)]
    row = (same[0] if same else catalog.find(name)).row
    if not row.results:
        raise ZooError(f"nothing is claimed of {name}: its row in {catalog.base} holds no results")
    return [of_result(name, row, result) for result in row.results]


def told_by(said: Sequence[Figures], suite: str | None = None) -> Figures:
    """The claims that the card shows; with `suite`, those of that suite before others."""
    return max(said, key=lambda one: (one.suite == suite, rank(one.suite, one.measured, one.host)))


def tree_here(shop: Workshop, name: str) -> str:
    """The tree in artifacts/NAME, taken into the store. Raises ZooError where there is none."""
    folder = shop.artifacts / name
    if not (folder / PAYLOAD_MANIFEST).is_file():
        raise ZooError(
            f"{folder.relative_to(shop.project)} holds no artifact; `doit artifact:{name}` builds it, "
            f"`zoosmith pull {name}` fetches it"
        )
    return _taken(shop, folder)


def _taken(shop: Workshop, folder: Path) -> str:
    """The digest of a folder's tree, whose files are then in the store."""
    staging = shop.store.folder("work") / f"taken-{folder.name}"
    shutil.rmtree(staging, ignore_errors=True)
    try:
        for path in payload(folder):
            copy_file(folder / path, staging / path)
        return shop.store.add_tree(staging)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def take_needs(shop: Workshop, tree: str) -> None:
    """See that what a tree cannot be opened without is in the store too. Raises ZooError for what is not here."""
    needs = json.loads(shop.store.read(tree, PAYLOAD_MANIFEST))["needs"]
    for role, needed in needs.items():
        if not shop.store.has(needed) and needed not in map(partial(_taken, shop), _folders(shop)):
            raise ZooError(f"it needs {role}, tree {needed[:12]}, which is not here; `zoosmith pull` fetches both")


def _folders(shop: Workshop) -> list[Path]:
    return [file.parent for file in sorted(shop.artifacts.glob(f"[!.]*/{PAYLOAD_MANIFEST}"))]


def reference_here(shop: Workshop, told: Figures) -> str | None:
    """The reference's tree: by its digest in the store, or what lies in artifacts/ under its name. None for neither."""
    if told.is_reference:
        return None
    tree, folder = told.reference_tree, shop.artifacts / told.reference
    if not (tree and shop.store.has(tree)):
        if not (folder / PAYLOAD_MANIFEST).is_file():
            return None
        found = _taken(shop, folder)
        if tree not in (None, found):
            return None
        tree = found
    take_needs(shop, tree)
    return tree


def measure_again(shop: Workshop, ref: Ref, suite: str, tree: str, reference: str | None) -> Measurement:
    """A fresh measurement of a tree on this host; only the reference's answers may be remembered from before."""
    recipe = shop.zoo.families[ref.recipe].recipe
    for data in sorted({each.data for each in recipe.evals.values()}):
        if not shop.made("data", Ref(ref.recipe, data)):
            shop.make("data", Ref(ref.recipe, data))
    answers = None
    if reference and reference != tree:
        known = Ref(ref.recipe, recipe.reference)
        answers = shop.runner.run(trees_action(shop.resolver, known, suite, reference, reference)).tree
    action = trees_action(shop.resolver, ref, suite, tree, reference or tree, answers)
    again = dataclasses.replace(action, title=f"{action.title} again", inputs=action.inputs | {"again": True})
    record = shop.runner.run(again, again=True)
    return Measurement.model_validate_json(shop.store.read(record.tree, "result.json"))


def text(found: Reproduction) -> str:
    """The claims as a table, then the reasons of what does not hold or cannot be told."""
    head = ("claim", "as claimed", "found here", "verdict")
    rows = [(claim.what, claim.said, claim.found, claim.verdict) for claim in found.claims]
    reasons = dict.fromkeys((claim.verdict, claim.why) for claim in found.claims if claim.why)
    lines = [f"{found.name}: claims of {found.source}, held against a fresh measurement here", aligned([head, *rows])]
    lines += [bullet(f"{verdict}: {why}") for verdict, why in reasons]
    wrong = [claim.what for claim in found.claims if claim.holds is False]
    held = sum(claim.holds is True for claim in found.claims)
    told = f"{held} of {len(found.claims)} claims hold"
    return "\n".join([*lines, f"{told}; not: {', '.join(wrong)}" if wrong else told])
