"""What a driver computes, measured: the executor's own code over generated recipes, without what Ray itself takes.

    python -m benchmarks._scale_driver build|plan FOLDER ARTIFACTS BUILT NODES

`build` writes a zoo and takes BUILT of its steps through runner, executor and a cache in a folder, to a cluster whose
nodes answer at once; it prints the seconds of the processor that a step took, and that placing it took alone. `plan`
opens the zoo in a fresh process and asks of every artifact whether it is there.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from zoosmith.build.workspace import Workspace
from zoosmith.execution.action import Action
from zoosmith.execution.cluster.bookmarks import Bookmarks
from zoosmith.execution.cluster.exchange import meeting_place, without_key
from zoosmith.execution.cluster.executor import ClusterExecutor, Handed
from zoosmith.execution.cluster.order import Order
from zoosmith.execution.cluster.placement import Node, Place, place
from zoosmith.execution.cluster.profile import About, of_this_machine
from zoosmith.execution.cluster.roster import Roster
from zoosmith.execution.executor import LocalExecutor, Progress, no_variables
from zoosmith.remote.config import configured
from zoosmith.store.store import Store

ARTIFACTS_A_RECIPE = 8
MEMORY_MB = 16_384
ROOT = Path(__file__).resolve().parents[1]


class WithoutRay(ClusterExecutor):
    """The executor but for Ray: no lease, and a step whose tree a node has made at once, on time of its own."""

    away_s = 0.0

    def claimed(self, action: Action, waiting: Callable[[str], None]) -> AbstractContextManager[None]:
        return nullcontext()

    def _once(self, action: Action, order: Order, found: Place, progress: Progress) -> dict[str, Any]:
        begun = time.process_time()
        staging = Path(tempfile.mkdtemp(dir=self.store.folder("work")))
        (staging / "table.json").write_text(json.dumps({"weights": action.key}))
        node = Store(self.project / "node")
        tree = node.add_tree(staging)
        self.exchange.send(tree, node)
        self.away_s += time.process_time() - begun
        return {"tree": tree, "notes": {"node": "node0"}, "peak_mb": 64, "seconds": 1.0, "host": None}


class Alike(Roster):
    """Nodes that are there and stay."""

    def __init__(self, nodes: list[Node]) -> None:
        super().__init__(About)
        self.alike = nodes

    def nodes(self) -> list[Node]:
        return self.alike


def write_zoo(project: Path, artifacts: int) -> None:
    """Recipes of eight artifacts each, of which none is another's, and a cache in a folder."""
    from tests.support.fast import fast_recipe, write_fast_zoo
    from tests.support.zoo import write_recipe

    write_fast_zoo(project)
    for one in range(-(-artifacts // ARTIFACTS_A_RECIPE)):
        recipe = fast_recipe(ARTIFACTS_A_RECIPE)
        recipe["artifacts"]["a0"]["params"]["scale"] = 1.0 + one / 2**14
        write_recipe(project, recipe, f"family{one}")
    (project / "cache").mkdir()
    cache = f'[[cache]]\nname = "folder"\nurl = "file://{project / "cache"}"\nwrite = true\ntrust = "any"\n'
    (project / "zoosmith.toml").write_text(cache)


def opened(project: Path, nodes: int) -> Workspace:
    """The zoo, with a cluster of so many nodes like this machine."""
    workspace = Workspace(project)
    local = LocalExecutor(workspace.store, project, workspace.workers)
    here = of_this_machine(platform.node(), 2, About())
    alive = [Node(f"{one:056x}", replace(here, name=f"node{one}"), MEMORY_MB, 0) for one in range(nodes)]
    place = meeting_place(configured(project))
    bookmarks, handed = Bookmarks(place), Handed(without_key(place), no_variables, About, here)
    workspace.executor = WithoutRay(workspace.store, project, local, workspace.workers, Alike(alive), bookmarks, handed)
    return workspace


def build(project: Path, artifacts: int, built: int, nodes: int) -> dict[str, Any]:
    """Write the zoo and take steps through it; seconds of the processor for one."""
    write_zoo(project, artifacts)
    workspace = opened(project, nodes)
    refs = [ref for ref in workspace.zoo.artifacts() if ref.recipe.startswith("family")][:built]
    for recipe in dict.fromkeys(ref.recipe for ref in refs):
        family = workspace.zoo.families[recipe]
        for kind, names in (("base", family.recipe.bases), ("data", family.recipe.data)):
            for name in names:
                workspace.make(kind, replace(refs[0], recipe=recipe, name=name))
    executor = workspace.executor
    assert isinstance(executor, WithoutRay)
    workspace.make("artifact", refs[0])  # imports are no step's
    executor.away_s, begun = 0.0, time.process_time()
    for ref in refs[1:]:
        workspace.make("artifact", ref)
    took = time.process_time() - begun - executor.away_s
    placing = _placing(workspace.resolver.action("artifact", refs[0]), executor)
    return {"built": built, "step_s": round(took / (len(refs) - 1), 5), "place_s": round(placing, 5)}


def _placing(action: Action, executor: WithoutRay, times: int = 20) -> float:
    begun = time.process_time()
    for _ in range(times):
        place(action, executor.roster.nodes(), executor.driver)
    return (time.process_time() - begun) / times


def plan(project: Path) -> dict[str, Any]:
    """Ask what there is to do, as doit does before it sends anything."""
    workspace = Workspace(project)
    there = sum(workspace.made("artifact", ref) for ref in workspace.zoo.artifacts())
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"plan_s": round(used.ru_utime + used.ru_stime, 2), "there": there, "peak_mb": used.ru_maxrss // 1024}


def measured(artifacts: int, built: int, nodes: int) -> dict[str, Any]:
    """Both, each in a process of its own."""
    found: dict[str, Any] = {"artifacts": artifacts}
    with tempfile.TemporaryDirectory(prefix="zoosmith-scale-") as folder:
        for what in ("build", "plan"):
            words = [what, str(Path(folder) / "zoo"), *map(str, (artifacts, built, nodes))]
            command = [sys.executable, "-m", "benchmarks._scale_driver", *words]
            ran = subprocess.run(
                command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
            )
            if ran.returncode:
                raise RuntimeError(f"{what} of {artifacts} artifacts: {ran.stderr[-2000:]}")
            found |= json.loads(ran.stdout)
    return found


def main() -> None:
    """One line of JSON."""
    what, folder, artifacts, built, nodes = sys.argv[1:]
    if what == "build":
        print(json.dumps(build(Path(folder), int(artifacts), int(built), int(nodes))))
    else:
        print(json.dumps(plan(Path(folder))))


if __name__ == "__main__":
    main()
