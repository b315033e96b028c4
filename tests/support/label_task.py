"""Language models that answer with label tokens, in tests: a task, rows, builders called in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from tests.support import causal, gguf
from tests.support.converting import forked
from tests.support.zoo import ROOT
from zoosmith import plugins
from zoosmith.build.build import write_manifest
from zoosmith.contract.job import Job, Parent
from zoosmith.contract.manifest import Manifest, TaskSpec
from zoosmith.contract.output import output_of
from zoosmith.predictor import manifest_digest
from zoosmith.tasks.label_token.encoding import LabelTokenTask, bind

LABELS = ("n", "y")
WORDS = ("fox", "dog", "zoo", "girl", "sea", "shells", "Paris", "stop")
PROMPT = "{first}: {second}\n"


def spec(labels: Sequence[str] = LABELS) -> TaskSpec:
    """The toy task: two texts are put into PROMPT; the answer is one letter, a token of its own."""
    return TaskSpec(kind="label-token", inputs=("first", "second"), labels=tuple(labels), max_length=96, prompt=PROMPT)


def bound(folder: Path, labels: Sequence[str] = LABELS) -> LabelTokenTask:
    """The toy task with the tokenizer in `folder`."""
    return bind(spec(labels), folder)


def rows(split: str) -> list[dict[str, str]]:
    """Words in lists of up to three, and a word that tells the label: "y" for the second half of WORDS."""
    count, seed = {"train": (96, 1), "dev": (32, 2), "eval": (48, 3), "calibration": (16, 4)}[split]
    random = np.random.default_rng(seed)
    found = []
    for i in range(count):
        before = " ".join(random.choice(WORDS, size=random.integers(1, 4)))
        told = int(random.integers(0, 4)) + 4 * (i % 2)
        found.append({"first": before, "second": WORDS[told], "label": LABELS[i % 2]})
    return found


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
        return self.job.out

    @property
    def parent(self) -> Parent:
        return Parent(self.out, self.manifest, manifest_digest(self.out) or "", "family/parent")

    def opened(self, needs: Mapping[str, Path] | None = None) -> Any:
        """The session of the finished tree, opened by its runtime."""
        found = {role: self.job.parents[role].path for role in self.manifest.needs}
        runtime = plugins.load("runtimes", self.manifest.format, ROOT)
        return runtime.open(self.out, self.manifest, threads=1, needs=needs or found)

    def again(self) -> Any:
        """Class log-probabilities (rows of `eval`, classes) of the opened tree."""
        return answers(self.opened(), self.job.task)

    def own(self) -> Any:
        """The same of the builder's session."""
        return answers(self.session, self.job.task)


def answers(session: Any, task: Any, split: str = "eval") -> Any:
    """Log-probabilities (rows, classes) of the label tokens after each prompt."""
    prompts = [task.prompt_ids(task.example(row)) for row in rows(split)]
    found = [logprobs[-1] for logprobs in session.next_logprobs(prompts)]
    return np.stack(found)[:, list(task.answer_ids())]


def accuracy(found: Any, task: Any, split: str = "eval") -> float:
    """Share of right answers among log-probabilities of a split."""
    examples = [task.example(row) for row in rows(split)]
    return float((found.argmax(axis=1) == task.targets(examples)).mean())


def base(folder: Path, **kind: Any) -> Parent:
    """A tiny Llama as a finished tree that answers the toy task."""
    causal.tiny_llama(folder, **kind)
    step: Any = SimpleNamespace(out=folder, run={"format": "torch", "precision": "fp32"})
    manifest = write_manifest(step, spec(), None, {}, (), {})
    return Parent(folder, manifest, manifest_digest(folder) or "", "family/base")


def build(
    name: str,
    parent: Parent,
    folder: Path,
    *,
    labels: Sequence[str] = LABELS,
    progress: Any = None,
    parents: Mapping[str, Parent] | None = None,
    **params: Any,
) -> Made:
    """Run a builder on `parent`, and on `parents` in other roles, writing below `folder`."""
    given = {"from": parent, **(parents or {})}
    module = plugins.load("builders", name, ROOT)
    home = next((one.path for one in given.values() if (one.path / "tokenizer.json").is_file()), parent.path)
    out, scratch = folder / "out", folder / "scratch"
    for path in (out, scratch):
        path.mkdir(parents=True, exist_ok=True)
    facts: dict[str, Any] = {}
    notes: dict[str, Any] = {}
    job = Job(
        parents=given, rows=rows, task=bound(home, labels), out=out, scratch=scratch,
        params=module.Params(**params), seed=42, device="cpu", threads=1,
        progress=progress or (lambda *_, **__: None), fact=facts.__setitem__, note=notes.__setitem__,
        labels=lambda names: None, tool=lambda name: gguf.converter(),
    )  # fmt: skip
    with forked():
        session = module.build(job)
    made = output_of(module, job.params)
    step: Any = SimpleNamespace(out=out, run={"format": made.format, "precision": made.precision})
    written = write_manifest(step, spec(labels), job.params, facts, made.needs, given)
    return Made(module, job, session, written, facts, notes)
