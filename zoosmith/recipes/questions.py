"""Sections of a recipe that say what is asked: the task of its artifacts, and the evals that measure them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, WithJsonSchema, model_validator

from zoosmith.common.names import IDENTIFIER
from zoosmith.recipes.fields import SPLITS_FOR_BUILDERS, Columns, Identifier, Labels, Model, TaskName

INVARIANCE = "invariance"
Change = Literal["swapped", "identical", "case", "accents", "spacing"]
CHANGES: tuple[Change, ...] = get_args(Change)
WithoutModel = Literal["majority", "edit_distance", "jaro_winkler"]
WITHOUT_MODEL: tuple[WithoutModel, ...] = get_args(WithoutModel)
Baseline = Annotated[
    Identifier,
    WithJsonSchema({"anyOf": [{"enum": [*WITHOUT_MODEL]}, {"type": "string", "pattern": f"^{IDENTIFIER.pattern}$"}]}),
]


class TaskRef(Model):
    """What training and calibration use. Without `labels`, those of the data set apply.

    prompt, chat: for tasks that ask a language model: a text with `{column}` where a row's values stand, and whether it
    goes through the model's chat template as a user's message. symmetric: for tasks of two texts whose order means
    nothing: the model reads them in an order of their own, so that no answer changes when they are swapped.
    """

    kind: TaskName
    data: str | None = None
    max_length: Annotated[int, Field(ge=4, le=1_000_000)] = 128
    labels: Labels = ()
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

    def measures(self, artifact: str) -> bool:
        """Whether it asks the artifact of this name, which is no reference: those it asks whatever it lists."""
        return not self.artifacts or artifact in self.artifacts

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
