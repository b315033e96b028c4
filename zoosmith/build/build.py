"""The build step: run a builder, write the manifest, then prove the result in a clean process."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from zoosmith import plugins
from zoosmith.build import bytecode, inputs, parity, reads, weights
from zoosmith.build.codehash import build_code, code_files
from zoosmith.build.cut import count_cut
from zoosmith.build.loadback import Check, check_artifact
from zoosmith.common import gate
from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job, Parent, no_tool
from zoosmith.contract.manifest import Manifest, TaskSpec
from zoosmith.contract.output import output_of
from zoosmith.contract.task import Task
from zoosmith.execution.worker import Step
from zoosmith.predictor import bind, read_manifest
from zoosmith.store import manifests
from zoosmith.store.files import refuse_pickles
from zoosmith.toolkit.torch import devices


def run(step: Step) -> None:
    """Build, describe, check. Raises BuildError; nothing enters the store then."""
    kind = step.inputs["task"]["kind"] if step.inputs["task"] else None
    code = build_code(step.inputs["builder"], kind, step.project)
    inputs.same_code(code, step.inputs["code"], "the builder's code")
    bytecode.forget(code_files(*code))
    facts: dict[str, Any] = {}
    labels: list[str] = []
    with reads.witnessed(step, code, step.inputs["tools"]):
        if step.run["device"] != "cpu":
            devices.require(step.run["device"])
        module = plugins.load("builders", step.inputs["builder"], step.project)
        inputs.same_code(code, step.inputs["code"], "the builder's code")  # what was imported is what was hashed
        params = module.Params(**step.inputs["params"])
        parents = {role: _parent(step, role, tree) for role, tree in step.inputs["parents"].items()}
        weights.check(parents, output_of(module, params))
        spec = _spec(step.inputs["task"], parents, trains="train" in step.inputs["splits"])
        task = bind(spec.kind, spec, _tokenizer_folder(step, parents), step.project)
        if step.inputs["splits"] or not any(parent.manifest.task for parent in parents.values()):
            count_cut(step, task)  # conversions read what their parents read
        with inputs.tools(step.project, step.inputs["tools"]):
            session = module.build(_job(step, module, params, parents, task, facts, labels))
    refuse_pickles(step.out)
    if labels:
        spec = spec.model_copy(update={"labels": tuple(labels)})
    write_manifest(step, spec, params, facts, output_of(module, params).needs, parents)
    claimed = module.check(params) if hasattr(module, "check") else None
    tolerance = parity.with_parent(claimed, parents.get("from"))
    step.progress(text="checking in a clean process")
    scoring = plugins.load_part("tasks", spec.kind, "scoring", step.project)
    if getattr(params, "romanise", False):
        task = bind(spec.kind, task.spec, step.out, step.project)  # it reads with a tokenizer of its own
    check = Check(task, scoring, [*task.probes(), *_dev_examples(step, task)])
    check_artifact(step, check, session, tolerance, parents.get("from"))


def _tokenizer_folder(step: Step, parents: Mapping[str, Parent]) -> Path:
    return next((parent.path for parent in parents.values() if (parent.path / "tokenizer.json").is_file()), step.out)


def _job(
    step: Step,
    module: ModuleType,
    params: Any,
    parents: Mapping[str, Parent],
    task: Any,
    facts: dict[str, Any],
    labels: list[str],
) -> Job:
    """What the builder is given; what it states goes into `facts` and `labels`."""
    return Job(
        parents=parents,
        rows=_Rows(step),
        task=task,
        out=step.out,
        scratch=step.scratch,
        params=params,
        seed=step.inputs["seed"],
        device=step.run["device"],
        threads=step.run["threads"],
        progress=step.progress,
        fact=facts.__setitem__,
        note=step.note,
        labels=labels.extend,
        tool=_Tools(step, module),
        labels_ordered=step.run.get("labels_ordered", True),
    )


class _Tools:
    """Folders of the tools that the builder names, fetched when first asked for, into the user's cache."""

    def __init__(self, step: Step, module: ModuleType) -> None:
        self.step = step
        self.pins = getattr(module, "TOOLS", {})

    def __call__(self, name: str) -> Path:
        from zoosmith.sources.tools import tool_folder

        if name not in self.pins:
            return no_tool(name)
        return tool_folder(self.pins[name], self.step.scratch, self.step.progress)


class _Rows:
    """Rows of the splits that the builder declared; each is copied out of the store when first read."""

    def __init__(self, step: Step) -> None:
        self.step = step

    def __call__(self, split: str) -> Sequence[Mapping[str, Any]]:
        declared = self.step.inputs["splits"]
        if split not in declared:
            listed = ", ".join(sorted(declared)) or "none"
            raise BuildError(
                f"the builder {self.step.inputs['builder']} asked for the split {split!r} but declares {listed} in DATA"
                + ("; 'eval' is for measuring only" if split == "eval" else "")
            )
        return read_rows(self.step, split)


def read_rows(step: Step, split: str) -> list[dict[str, Any]]:
    """Rows of a split of the task's data."""
    folder = step.parent(step.run["data"], f"data-{split}", only=(f"{split}.jsonl",))
    return [json.loads(line) for line in (folder / f"{split}.jsonl").read_bytes().splitlines()]


def _dev_examples(step: Step, task: Task) -> list[Any]:
    """Some rows of `dev`: probes near what the artifact is for. They judge, they do not enter the artifact."""
    if step.run["data"] is None:
        return []
    info = json.loads(step.store.read(step.run["data"], "data.json"))
    if "dev" not in info["splits"]:
        return []
    rows = read_rows(step, "dev")
    stride = max(1, len(rows) // step.run["probe_rows"])
    return [task.example(row) for row in rows[::stride][: step.run["probe_rows"]]]


def _parent(step: Step, role: str, tree: str) -> Parent:
    path = step.parent(tree, role)
    gate.require(path, step.run["parents"][role])
    return Parent(path, read_manifest(path), tree, step.run["parents"][role])


def _spec(task: dict[str, Any] | None, parents: dict[str, Parent], *, trains: bool) -> TaskSpec:
    """The recipe's task for what is trained on it; a conversion answers what its parent answers."""
    inherited = [parent.manifest.task for parent in parents.values() if parent.manifest.task]
    if inherited and not (trains and task):
        return inherited[0]
    if task is None:
        raise BuildError("the recipe names no task, and no parent has one; add `task: {kind: ...}` to the recipe")
    return TaskSpec.model_validate(task)


def write_manifest(
    step: Step, spec: TaskSpec, params: Any, facts: dict[str, Any], needs: Sequence[str], parents: dict[str, Parent]
) -> Manifest:
    """Write manifest.json over everything that lies below `step.out`."""
    return manifests.write_manifest(
        step.out,
        format=step.run["format"],
        precision=step.run["precision"],
        task=spec,
        target=getattr(params, "target", None),
        needs={role: parents[role].digest for role in needs},
        facts=facts,
    )
