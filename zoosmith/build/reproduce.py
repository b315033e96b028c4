"""`doit reproduce`: measure what lies in artifacts/NAME once more, and say which claims of its card hold here.

The artifact may have been built or pulled: builders, their packages and its parents are not needed, only its runtime
and the data of its evals; the reference for what is claimed against it.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from zoosmith.build import beside
from zoosmith.build.built_for import as_built
from zoosmith.build.measuring import trees_action
from zoosmith.build.recorded import current, recorded
from zoosmith.common.names import full_name
from zoosmith.common.text import aligned, bullet
from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import PAYLOAD_MANIFEST
from zoosmith.recipes.graph import Ref
from zoosmith.records import claims
from zoosmith.records.claims import Claim
from zoosmith.records.figures import Figures, of_measurement, rank
from zoosmith.records.schema import Measurement
from zoosmith.store.files import copy_file, payload
from zoosmith.store.locks import flock

if TYPE_CHECKING:
    from zoosmith.build.workspace import Workspace

Claims = Callable[[str, str], Sequence[Figures]]


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


def reproduce(workspace: Workspace, ref: Ref, claims_of: Claims, suite: str | None = None) -> Reproduction:
    """Hold an artifact's claims against a fresh measurement of what lies in artifacts/NAME.

    claims_of: gives what is claimed of an artifact, by its name and tree. They are those that its card shows, or those
    of `suite`; it is measured by their suite.
    Raises ZooError where it is not here or nothing is claimed of it; what cannot be measured cannot be told.
    """
    name = full_name(ref.recipe, ref.name)
    with flock(workspace.store.folder(".") / "gc.lock", shared=True):  # what is taken in has no name that would keep it
        return _held(workspace, ref, name, claims_of, suite)


def _held(workspace: Workspace, ref: Ref, name: str, claims_of: Claims, suite: str | None) -> Reproduction:
    tree = tree_here(workspace, name)
    told = shown_by_card(claims_of(name, tree), suite)
    found = [claims.of_files(told, tree)]
    try:
        if tree != told.tree:
            raise ZooError(f"the files in artifacts/{name} are not those of the card")
        take_needs(workspace, tree)
        fresh = measure_again(workspace, ref, suite or told.suite, tree, reference_here(workspace, told))
        found += claims.of_figures(told, of_measurement(fresh, told.task, name))
    except ZooError as error:
        found += claims.untold(told, str(error))
    return Reproduction(name, f"suite {told.suite_text} on {told.host}", found)


def recorded_claims(workspace: Workspace, name: str) -> list[Figures]:
    """What the zoo's own record claims of an artifact, by host and suite; empty if it knows nothing of it."""
    if name not in recorded(workspace.record_root):
        return []
    build, measured = current(workspace.record_root, name)
    return [of_measurement(each, build.task, name) for each in measured]


def shown_by_card(said: Sequence[Figures], suite: str | None = None) -> Figures:
    """The claims that the card shows; with `suite`, those of that suite before others."""
    return max(said, key=lambda one: (one.suite == suite, rank(one.suite, one.steady, one.measured, one.host)))


def tree_here(workspace: Workspace, name: str) -> str:
    """The tree in artifacts/NAME, taken into the store. Raises ZooError where there is none."""
    folder = workspace.artifacts / name
    if not (folder / PAYLOAD_MANIFEST).is_file():
        raise ZooError(
            f"{folder.relative_to(workspace.project)} holds no artifact; `doit artifact:{name}` builds it, "
            f"`zoosmith pull {name}` fetches it"
        )
    return taken(workspace, folder)


def taken(workspace: Workspace, folder: Path) -> str:
    """The digest of a folder's tree, whose files are then in the store."""
    staging = workspace.store.folder("work") / f"taken-{folder.name}"
    shutil.rmtree(staging, ignore_errors=True)
    try:
        for path in payload(folder):
            copy_file(folder / path, staging / path)
        return workspace.store.add_tree(staging)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def take_needs(workspace: Workspace, tree: str) -> None:
    """See that what a tree cannot be opened without is in the store too. Raises ZooError for what is not here."""
    needs = json.loads(workspace.store.read(tree, PAYLOAD_MANIFEST))["needs"]
    for role, needed in needs.items():
        if not workspace.store.holds(needed) and needed not in map(partial(taken, workspace), _folders(workspace)):
            raise ZooError(f"it needs {role}, tree {needed[:12]}, which is not here; `zoosmith pull` fetches both")


def _folders(workspace: Workspace) -> list[Path]:
    return [file.parent for file in sorted(workspace.artifacts.glob(f"[!.]*/{PAYLOAD_MANIFEST}"))]


def reference_here(workspace: Workspace, told: Figures) -> str | None:
    """The reference's tree: by its digest in the store, or what lies in artifacts/ under its name. None for neither."""
    if told.is_reference:
        return None
    tree, folder = told.reference_tree, workspace.artifacts / told.reference
    if not (tree and workspace.store.holds(tree)):
        if not (folder / PAYLOAD_MANIFEST).is_file():
            return None
        found = taken(workspace, folder)
        if tree not in (None, found):
            return None
        tree = found
    take_needs(workspace, tree)
    return tree


def measure_again(workspace: Workspace, ref: Ref, suite: str, tree: str, reference: str | None) -> Measurement:
    """A fresh measurement of a tree on this host; only the reference's answers may be remembered from before."""
    recipe = workspace.zoo.families[ref.recipe].recipe
    workspace = as_built(workspace, ref, *beside.refs(workspace.zoo, ref.recipe).values())
    evals = recipe.evals_of(ref.name)
    for data in sorted({each.data for each in evals.values()}):
        if not workspace.made("data", Ref(ref.recipe, data)):
            workspace.make("data", Ref(ref.recipe, data))
    for id in (id for id, each in evals.items() if each.baselines):
        if not workspace.made("baselines", Ref(ref.recipe, id)):
            workspace.make("baselines", Ref(ref.recipe, id))
    answers = None
    if reference and reference != tree:
        known = Ref(ref.recipe, recipe.reference)
        answers = workspace.runner.run(trees_action(workspace.resolver, known, suite, reference, reference)).tree
    action = trees_action(workspace.resolver, ref, suite, tree, reference or tree, answers)
    again = dataclasses.replace(action, title=f"{action.title} again", inputs=action.inputs | {"again": True})
    record = workspace.runner.run(again, again=True)
    return Measurement.model_validate_json(workspace.store.read(record.tree, "result.json"))


def text(found: Reproduction) -> str:
    """The claims as a table, then the reasons of what does not hold or cannot be told."""
    head = ("claim", "as claimed", "found here", "verdict")
    rows = [(claim.what, claim.said, claim.found, claim.verdict) for claim in found.claims]
    reasons = dict.fromkeys((claim.verdict, claim.why) for claim in found.claims if claim.why)
    title = f"{found.name}: claims of {found.source}, held against a fresh measurement here"
    lines = [title, aligned([head, *rows], cell=None)]
    lines += [bullet(f"{verdict}: {why}") for verdict, why in reasons]
    wrong = [claim.what for claim in found.claims if claim.holds is False]
    held = sum(claim.holds is True for claim in found.claims)
    told = f"{held} of {len(found.claims)} claims hold"
    return "\n".join([*lines, f"{told}; not: {', '.join(wrong)}" if wrong else told])
