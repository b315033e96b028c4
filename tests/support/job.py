"""Builders called in this process: a Job as `zoosmith.build.build` makes it, without store and worker."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from tests.support.zoo import BAD, GOOD, ROOT, rows, write_bert
from zoosmith import plugins
from zoosmith.build.build import write_manifest
from zoosmith.contract.job import Job, Parent
from zoosmith.contract.manifest import Manifest, TaskSpec
from zoosmith.contract.output import output_of
from zoosmith.contract.session import Encoded
from zoosmith.predictor import Predictor, answers_on, bind, manifest_digest, open_artifact, read_manifest
from zoosmith.store.files import payload
from zoosmith.store.manifests import write_source_manifest

TEXT, PAIR = "text-classification", "text-pair-classification"
LABELS = {TEXT: ("negative", "positive"), PAIR: ("no", "yes")}
INPUTS = {TEXT: ("text",), PAIR: ("first", "second")}
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """What a builder's contract test needs to know: parents by role, and params that are quick.

    A parent is "headed" or "body" (a base with or without a head), "wide" (a body with rows of 64, the block of
    NF4), the name of another builder, "BUILDER:PARENT" (its case over another parent), or "adapter" (what `lora` makes
    unmerged).
    """

    parents: dict[str, str]
    params: dict[str, Any] = field(default_factory=dict)


@dataclass
class Made:
    """What a builder made."""

    module: ModuleType
    job: Job
    session: Any
    manifest: Manifest
    facts: dict[str, Any]
    notes: dict[str, Any]

    @property
    def out(self) -> Path:
        """The finished tree."""
        return self.job.out

    @property
    def parent(self) -> Parent:
        """The tree as another builder's parent."""
        return Parent(self.out, self.manifest, tree(self.out))

    @property
    def needs(self) -> dict[str, Path]:
        """Folders that the artifact cannot be opened without, by role."""
        return {role: self.job.parents[role].path for role in self.manifest.needs}

    @property
    def model(self) -> Any:
        """The builder's own torch model, which its logits callable is bound to."""
        return self.session.model  # type: ignore[attr-defined]

    def encode(self, *texts: str | tuple[str, ...]) -> Encoded:
        """The texts as one batch."""
        task: Any = self.job.task
        return self.job.task.encode([task.unlabelled(text) for text in texts])

    def opened(self) -> Predictor:
        """The finished tree, opened from its files and from what it needs, where it was built."""
        device = self.job.device if answers_on(self.out, self.job.device, ROOT) else "cpu"
        return open_artifact(self.out, project=ROOT, threads=1, device=device, needs=self.needs)


def spec(kind: str = TEXT, **changes: Any) -> TaskSpec:
    """The toy task of a kind."""
    return TaskSpec(**{"kind": kind, "inputs": INPUTS[kind], "labels": LABELS[kind], "max_length": 32} | changes)


def task_rows(kind: str, split: str) -> list[Row]:
    """Rows of the toy data set; of a pair, the second text tells."""
    count, seed = {"train": (240, 1), "dev": (40, 2), "calibration": (16, 4), "eval": (60, 3)}[split]
    made = rows(count, seed)
    if kind == TEXT:
        return list(made)
    return [
        {"first": one["text"], "second": other["text"], "label": "yes" if other["label"] == "positive" else "no"}
        for one, other in zip(rows(count, seed + 100), made, strict=True)
    ]


def digest(folder: Path) -> str:
    """SHA-256 over names and bytes of all files."""
    found = hashlib.sha256()
    for path in payload(folder):
        found.update(f"{path}\0".encode() + (folder / path).read_bytes() + b"\0")
    return found.hexdigest()


def tree(folder: Path) -> str:
    """The digest that a store would know the finished tree in `folder` by."""
    found = manifest_digest(folder)
    assert found is not None
    return found


def source(folder: Path) -> Parent:
    """A folder of pretrained files as a fetched base."""
    write_source_manifest(folder)
    return Parent(folder, read_manifest(folder), tree(folder))


def build(
    name: str,
    parents: Mapping[str, Parent],
    folder: Path,
    *,
    task: TaskSpec | None = None,
    params: Mapping[str, Any] | None = None,
    seed: int = 42,
    data: Callable[[str], Sequence[Row]] | None = None,
    progress: Callable[..., None] = lambda *_, **__: None,
    device: str = "cpu",
    labels_ordered: bool = True,
) -> Made:
    """Run a builder on `parents`, writing below `folder`; nothing is checked, as a test does that itself."""
    module = plugins.load("builders", name, ROOT)
    inherited = [parent.manifest.task for parent in parents.values() if parent.manifest.task]
    asked = inherited[0] if inherited else task or spec()
    out, scratch = folder / "out", folder / "scratch"
    for path in (out, scratch):
        path.mkdir(parents=True, exist_ok=True)
    home = next((parent.path for parent in parents.values() if (parent.path / "tokenizer.json").is_file()), out)
    facts: dict[str, Any] = {}
    notes: dict[str, Any] = {}
    labels: list[str] = []
    given = data or (lambda split: task_rows(asked.kind, split))

    def declared(split: str) -> Sequence[Row]:
        assert split in getattr(module, "DATA", ()), f"{name} reads {split!r}, which its DATA does not name"
        return given(split)

    job = Job(
        parents=parents, rows=declared,
        task=bind(asked.kind, asked, home, ROOT), out=out, scratch=scratch,
        params=module.Params(**(params or {})), seed=seed, device=device, threads=1, progress=progress,
        fact=facts.__setitem__, note=notes.__setitem__, labels=labels.extend,
        labels_ordered=labels_ordered,
    )  # fmt: skip
    session = module.build(job)
    if labels:
        asked = asked.model_copy(update={"labels": tuple(labels)})
    made = output_of(module, job.params)
    step = SimpleNamespace(out=out, run={"format": made.format, "precision": made.precision})
    written = write_manifest(step, asked, job.params, facts, made.needs, dict(parents))
    return Made(module, job, session, written, facts, notes)


class Family:
    """Tiny artifacts by builder and task, each made once."""

    def __init__(self, root: Path) -> None:
        """Build below `root`."""
        self.root = root
        self._made: dict[tuple[str, str], Made] = {}
        self._bases: dict[tuple[str, str], Parent] = {}

    def case(self, name: str) -> Case:
        """The lines that tests/builders/test_NAME.py declares."""
        found: Case = importlib.import_module(f"tests.builders.test_{name}").CASE
        return found

    def parents(self, name: str, kind: str = TEXT) -> dict[str, Parent]:
        """Parents of a builder by role."""
        return {role: self.parent(parent, kind) for role, parent in self.case(name).parents.items()}

    def parent(self, name: str, kind: str = TEXT) -> Parent:
        """A base, or what a builder makes."""
        if name not in ("headed", "body", "wide"):
            return self.made(name, kind).parent
        if (name, kind) not in self._bases:
            labels, width = LABELS[kind] if name == "headed" else (), 64 if name == "wide" else 32
            self._bases[name, kind] = source(write_bert(self.root / kind / name, labels=labels, width=width))
        return self._bases[name, kind]

    def made(self, name: str, kind: str = TEXT) -> Made:
        """What a builder makes of its declared parents, or of the one that "BUILDER:PARENT" names."""
        if (name, kind) not in self._made:
            builder, _, parent = name.partition(":")
            changes: dict[str, Any] = {"parents": {"from": self.parent(parent, kind)}} if parent else {}
            if name == "adapter":
                builder, changes = "lora", {"params": self.case("lora").params | {"merge": False}}
            self._made[name, kind] = self.again(builder, self.root / kind / name.replace(":", "-of-"), kind, **changes)
        return self._made[name, kind]

    def again(self, name: str, folder: Path, kind: str = TEXT, **changes: Any) -> Made:
        """The same once more, in another folder."""
        given = {"task": spec(kind), "params": self.case(name).params} | changes
        parents = given.pop("parents", None) or self.parents(name, kind)
        return build(name, parents, folder, **given)


def probe_logits(made: Made, texts: Sequence[str | tuple[str, ...]] = ()) -> Any:
    """Logits (probes, classes) of the builder's own model, each probe alone; of `texts` where they are given."""
    import numpy as np

    task = made.job.task
    examples = [task.unlabelled(text) for text in texts] if texts else task.probes()  # type: ignore[attr-defined]
    return np.concatenate([made.session.classify(task.encode([example])) for example in examples])


def opened_logits(made: Made) -> Any:
    """Logits of the finished tree, opened from its files, for each telling text alone."""
    import numpy as np

    opened = made.opened()
    return np.concatenate([opened.session.classify(opened.task.encode([opened.task.unlabelled(t)])) for t in TELLING])


TELLING = tuple(f"the {word} film" for word in GOOD + BAD)
