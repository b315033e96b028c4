"""What a builder, a task and a runtime see: the whole contract, and nothing of the engine.

A builder is one module in `builders/`; its file name is the name that recipes use. Module level:

========== ==================================================================== =========
`FORMAT`   runtime that opens the result (a file in `runtimes/`)                 required
`PRECISION` of the stored weights, such as "fp32" or "int8"                      required
`ACCEPTS`  role -> formats of parents; `from: x` in a recipe is the role "from"  required
`Params`   a subclass of `Params` below                                          required
`build`    `build(job: Job) -> Logits`                                           required
`DATA`     splits that it reads, out of train, dev, calibration; never eval      ()
`REQUIRES` packages whose versions enter the action key                          ()
`TOOLS`    files that enter the key by hash, relative to the project             ()
`REPRODUCES` "bytes" or "logits": what a rebuild gives again                     "bytes"
`RELATION` to the base as the Hugging Face hub names it: "finetune", "quantized" ... absent
`NEEDS`    roles of parents that the artifact cannot be opened without           ()
`DEVICES`  where it can compute beside the CPU, such as "cuda"                  ()
`TIMEOUT_S` seconds after which the step is ended                                a day
`ENVIRONMENT` pinned pip requirements, where its library cannot share ours       ()
`output(params) -> Output`  instead of FORMAT, PRECISION, RELATION, NEEDS, where params decide
`check(params) -> Tolerance | None`  parity with the parent, where it is claimed
`resources(params, parents) -> Resources`  CPUs and memory, for `doit -n`
========== ==================================================================== =========
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Encoded: TypeAlias = "Mapping[str, NDArray[np.int64]]"
"""Model input by name (`input_ids`, `attention_mask`, ...), each of shape (batch, sequence)."""
Logits: TypeAlias = "Callable[[Encoded], NDArray[np.float32]]"
"""Maps encoded input to logits of shape (batch, classes)."""

SCHEMA = 1
PAYLOAD_MANIFEST = "manifest.json"


class ZooError(Exception):
    """Something the user can mend. The text says what is wrong, what was found and what to do next."""


class BuildError(ZooError):
    """A builder cannot make its artifact from what it was given."""


class Params(BaseModel):
    """Base of every builder's parameters: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TaskSpec(BaseModel):
    """What an artifact answers. `labels` stand in the order of the model's outputs."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: str
    inputs: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    max_length: int = 128


class Manifest(BaseModel):
    """manifest.json: deterministic, inside each tree; same inputs and params give the same bytes.

    `files` maps each payload path to its SHA-256; `needs` maps a role to the digest of another tree that
    is required to open this one (an unmerged adapter names its base).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    schema_: int = Field(default=SCHEMA, alias="schema")
    format: str
    precision: str
    task: TaskSpec | None = None
    target: str | None = None
    needs: dict[str, str] = {}
    files: dict[str, str] = {}
    facts: dict[str, Any] = {}


class Output(NamedTuple):
    """What a builder makes: FORMAT, PRECISION, NEEDS and RELATION of the table above."""

    format: str
    precision: str
    needs: tuple[str, ...] = ()
    relation: str | None = None


def output_of(builder: Any, params: Any) -> Output:
    """What a builder module makes with these parameters."""
    if hasattr(builder, "output"):
        return Output(*builder.output(params))
    needs, relation = tuple(getattr(builder, "NEEDS", ())), getattr(builder, "RELATION", None)
    return Output(builder.FORMAT, builder.PRECISION, needs, relation)


class Tolerance(NamedTuple):
    """Parity with the parent: share of equal predictions, and largest |difference of logits|."""

    agreement: float = 1.0
    max_abs_logit_diff: float | None = None


class Resources(NamedTuple):
    """What a step takes of the machine: processor cores and MiB of memory.

    activations_mb: what a batch of texts of 128 tokens keeps beside `memory_mb` while it is trained on. For the task's
    `max_length` the engine makes more or less of it.
    """

    cpus: int = 1
    memory_mb: int = 1024
    activations_mb: int = 0

    def at(self, tokens: int) -> Resources:
        """The same for texts of `tokens`, with all memory in `memory_mb`.

        Of what 128 tokens keep, attention takes a fifth, which grows with their square (BERT-base, in FP32).
        """
        times = tokens / 128
        return Resources(self.cpus, self.memory_mb + round(self.activations_mb * times * (4 + times) / 5))


@dataclass(frozen=True)
class Parent:
    """A finished tree that a step starts from. `path` is a private copy; writing to it harms nobody.

    `name` is RECIPE/NAME, what people know it by: for messages alone, for the same tree may have other names.
    """

    path: Path
    manifest: Manifest
    digest: str
    name: str = "of its parent"


class Task(Protocol):
    """A task bound to a tokenizer, labels and a maximum length; see `zoosmith.tasks`."""

    @property
    def spec(self) -> TaskSpec:
        """What is asked, with labels and maximum length."""

    @property
    def auto_model(self) -> str:
        """Name of the transformers class that loads a checkpoint of this task."""

    def example(self, row: Mapping[str, Any]) -> Any:
        """Typed example from a data row. Raises BuildError for a missing column or unknown label."""

    def probes(self) -> Sequence[Any]:
        """The task's fixed example inputs."""

    def encode(self, examples: Sequence[Any]) -> Encoded:
        """Arrays of shape (batch, longest of the batch), padded on the right."""

    def loss(self, logits: Any, targets: Any) -> Any:
        """Training loss of torch tensors (batch, classes) and (batch,)."""

    def targets(self, examples: Sequence[Any]) -> NDArray[np.int64]:
        """Class indices of shape (batch,)."""

    def with_labels(self, labels: Sequence[str]) -> Task:
        """The same task with its labels in another order."""


@dataclass
class Job:
    """One build: everything a builder may read, and where it writes.

    `rows(split)` yields dicts of a split that the builder declared in DATA. `scratch` belongs to the
    action key and survives a kill: training resumes from it. `fact` goes into the manifest and must be
    deterministic; `note` goes into the provenance. `labels` tells the order of the model's outputs where it
    is not the task's.
    """

    parents: Mapping[str, Parent]
    rows: Callable[[str], Sequence[Mapping[str, Any]]]
    task: Task
    out: Path
    scratch: Path
    params: Any
    seed: int
    device: str
    threads: int
    progress: Callable[..., None]
    fact: Callable[[str, Any], None]
    note: Callable[[str, Any], None]
    labels: Callable[[Sequence[str]], None]

    @property
    def parent(self) -> Parent:
        """The parent in the role "from". Raises KeyError where a builder has no such role."""
        return self.parents["from"]


class Session(Protocol):
    """An opened artifact. A runtime gives the capabilities that its format has, named in CAPABILITIES."""

    def logits(self, encoded: Encoded) -> NDArray[np.float32]:
        """Class logits of shape (batch, classes), in the manifest's label order."""

    def score(self, prompt: str, continuations: Sequence[str]) -> list[float]:
        """Log-likelihood in nats of each continuation given the prompt."""

    def generate(self, prompt: str, *, max_new_tokens: int) -> str:
        """Greedy continuation of the prompt."""
