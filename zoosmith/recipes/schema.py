"""Recipes: the schema of `recipes/<id>.yaml`.

Unknown keys are errors. `zoosmith.recipes.yaml` reads files and turns what is wrong into messages
with file, line, key, what was found and the nearest known name. Sections stand in modules of their own.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import DictSchema

from zoosmith.recipes.fields import SPLITS_FOR_BUILDERS, Identifier, InsidePath, Model, ModuleName, Seed, Sha256, Texts
from zoosmith.recipes.limits import LIMITS, LIMITS_OF_MEASURES, LIMITS_OF_METRICS, Gate
from zoosmith.recipes.origins import Base, Data, PypiSource
from zoosmith.recipes.questions import CHANGES, INVARIANCE, WITHOUT_MODEL, Eval, TaskRef

__all__ = [
    "CHANGES",
    "INVARIANCE",
    "LIMITS",
    "LIMITS_OF_MEASURES",
    "LIMITS_OF_METRICS",
    "SPLITS_FOR_BUILDERS",
    "WITHOUT_MODEL",
    "Artifact",
    "Base",
    "Data",
    "Eval",
    "Folding",
    "Gate",
    "Identifier",
    "InsidePath",
    "Model",
    "PypiSource",
    "Recipe",
    "Sha256",
    "TaskRef",
    "json_schema",
]


class Artifact(Model):
    """One artifact. `from` names a base, an artifact here, or `recipe/artifact`; or maps roles to them."""

    builder: ModuleName
    from_: str | dict[str, str] = Field(alias="from")
    params: dict[str, Any] = {}
    gates: dict[str, Gate] = {}
    seed: Seed = 42
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
    seed: Seed = 42
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
    example: Texts = ()
    bases: dict[Identifier, Base] = {}
    data: dict[Identifier, Data] = {}
    task: TaskRef | None = None
    evals: Annotated[dict[Identifier, Eval], Field(min_length=1)]
    reference: str
    artifacts: Annotated[dict[Identifier, Artifact], Field(min_length=1)]
    crossval: Folding | None = None

    def evals_of(self, artifact: str) -> dict[str, Eval]:
        """Those that measure it, by id: of the reference all of them."""
        return {id: one for id, one in self.evals.items() if artifact == self.reference or one.measures(artifact)}


class _StrictKeys(GenerateJsonSchema):
    """Names that do not match the pattern of a mapping's keys are errors."""

    def dict_schema(self, schema: DictSchema) -> dict[str, Any]:
        made = super().dict_schema(schema)
        return made | {"additionalProperties": False} if "patternProperties" in made else made


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a recipe, for editors: `zoosmith schema recipe`."""
    schema = Recipe.model_json_schema(by_alias=True, schema_generator=_StrictKeys)
    return schema | {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Zoosmith recipe"}
