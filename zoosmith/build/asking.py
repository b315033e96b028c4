"""The answers of artifacts that are baselines: known by their trees and by what opens them, asked as measuring asks."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoosmith import plugins
from zoosmith.bench.host import device, this_host
from zoosmith.bench.process import Opened, opened
from zoosmith.build.codehash import closure_key
from zoosmith.build.inputs import same_code
from zoosmith.contract.manifest import PAYLOAD_MANIFEST
from zoosmith.execution.action import public_versions
from zoosmith.execution.arrays import read_arrays
from zoosmith.execution.worker import Step
from zoosmith.plugins import PACKAGE
from zoosmith.predictor import answers_on, read_manifest
from zoosmith.recipes.graph import Ref
from zoosmith.store.store import Store
from zoosmith.toolkit.baselines import others

if TYPE_CHECKING:
    from zoosmith.build.resolve import Resolver
    from zoosmith.toolkit.baselines.answers import Rows

CODE = PACKAGE / "toolkit" / "baselines" / "others.py"
BATCH = 32  # rows that the process is asked about at once
FIT = "nothing here: an artifact of another family"


def inputs(resolver: Resolver, refs: dict[str, Ref]) -> dict[str, Any]:
    """What decides the answers of these artifacts beside the rows: trees, runtimes, tasks, packages, host and device.

    Raises Unresolved while one is not built.
    """
    from zoosmith.build.measuring import SUITE_VERSION  # it imports the resolver, which imports this

    trees = {name: resolver.tree("artifact", ref) for name, ref in refs.items()}
    manifests = [json.loads(resolver.store.read(tree, PAYLOAD_MANIFEST)) for tree in trees.values()]
    formats = {str(manifest["format"]) for manifest in manifests}
    kinds = {str(manifest["task"]["kind"]) for manifest in manifests}
    runtimes = [plugins.load("runtimes", format, resolver.project) for format in sorted(formats)]
    return {
        "artifacts": trees,
        "opening": {
            "code": closure_key(resolver.code(*_entries(sorted(formats), sorted(kinds), resolver.project))),
            "packages": public_versions(tuple(sorted({name for each in runtimes for name in each.REQUIRES}))),
            "suite": SUITE_VERSION,
            "host": this_host().id,
            "device": device(),
        },
    }


def _entries(formats: list[str], kinds: list[str], project: Path) -> list[Path]:
    """The modules that answering starts from."""
    files = [plugins.find("runtimes", format, project) for format in formats]
    parts = [plugins.part_file("tasks", kind, part, project) for kind in kinds for part in ("encoding", "scoring")]
    return [CODE, *files, *parts]


def check_code(step: Step) -> None:
    """Raise BuildError where the code that answers is not that of the key."""
    manifests = [json.loads(step.store.read(tree, PAYLOAD_MANIFEST)) for tree in step.inputs["artifacts"].values()]
    formats = sorted({str(manifest["format"]) for manifest in manifests})
    kinds = sorted({str(manifest["task"]["kind"]) for manifest in manifests})
    same_code(_entries(formats, kinds, step.project), step.inputs["opening"]["code"], "the code that opens a baseline")


def answered(step: Step, name: str, asked: Rows) -> dict[str, Any]:
    """What the artifact answers to each row, as classes of the eval, and its size in bytes with all that it needs.

    Its tree's digest is left out: what answers the same as before changes no measurement. Raises ZooError for other
    labels than the eval's, and for what does not open.
    """
    tree, labels = step.inputs["artifacts"][name], step.inputs["task"]["labels"]
    folder = step.parent(tree, f"artifact-{tree[:16]}")
    spec = read_manifest(folder).task
    assert spec is not None  # what is a baseline answers a task: checked when the recipe was read
    own = others.places(spec.labels, labels)
    rows = list(others.rows(asked, spec, own))
    predicted: list[int] = []
    with opened(name) as [child]:
        _open(step, child, folder)
        for start in range(0, len(rows), BATCH):
            out = step.scratch / "baseline.npz"
            child.ask("outcomes", kind=spec.kind, rows=rows[start : start + BATCH], out=str(out), like=None)
            predicted += others.classes(read_arrays(out)["logits"], own)
            step.progress(len(predicted), len(rows), f"answers of {name}")
    return {"predicted": predicted, "fit": FIT, "size": _size(step.store, tree)}


def _open(step: Step, child: Opened, folder: Path) -> None:
    """Open the artifact with all cores; on the CPU where its runtime knows no other device."""
    wanted, cpus = step.inputs["opening"]["device"], sorted(os.sched_getaffinity(0))
    chosen = wanted if answers_on(folder, wanted, step.project) else "cpu"
    arguments = {"project": str(step.project), "threads": len(cpus), "cpus": cpus, "inputs": [], "device": chosen}
    child.ask("open", folder=str(folder), needs={str(folder): step.needs(folder)}, **arguments)


def _size(store: Store, tree: str) -> int:
    """Bytes of a tree and of all that it cannot be opened without."""
    needs = json.loads(store.read(tree, PAYLOAD_MANIFEST))["needs"].values()
    return sum(entry.size for each in (tree, *needs) for entry in store.tree(each) or ())
