"""Values of a recipe as types: names, paths, commits, hashes, splits; and the strict base of all sections.

Each has a validator, which gives the message, and a pattern for editors.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from zoosmith.common.names import IDENTIFIER
from zoosmith.recipes.splits import EXPRESSION, parts

SPLITS_FOR_BUILDERS = ("train", "dev", "calibration")


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


def _asked(value: str) -> str:
    if not value.strip() or "```" in value:
        raise ValueError("expected a text for cards to ask with, without three backticks, which end a block of code")
    return value


def _split(value: str) -> str:
    parts(value)
    return value


def _labels(value: tuple[str, ...]) -> tuple[str, ...]:
    """Two outputs of one name could not be told apart; names differ where a letter's case does."""
    if len(set(value)) < len(value):
        twice = next(name for name in value if value.count(name) > 1)
        raise ValueError(f"{twice!r} is given twice; each class needs a name of its own")
    if any(not name.strip() for name in value):
        raise ValueError("a class needs a name, of more than spaces")
    return value


def _several(value: Any) -> Any:
    """`kind` is `[kind]`."""
    return [value] if isinstance(value, str) else value


def _text(pattern: str) -> WithJsonSchema:
    """What an editor is told; the validator beside it gives the better message."""
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


def given(*alternatives: str) -> list[dict[str, Any]]:
    """JSON Schema: one of these keys is given."""
    return [{"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in alternatives]


Identifier = Annotated[str, AfterValidator(_identifier), _text(IDENTIFIER.pattern)]
TaskName = Annotated[str, AfterValidator(_task), _text(IDENTIFIER.pattern)]
ModuleName = Annotated[str, AfterValidator(_module), _text(IDENTIFIER.pattern)]
LocalPath = Annotated[str, AfterValidator(_local), _text(r"(?!~)(?!.*://)(?=.*\S).*")]
Commit = Annotated[str, AfterValidator(_commit), _text("[0-9a-f]{40}")]
Sha256 = Annotated[str, AfterValidator(_sha256), _text("[0-9a-f]{64}")]
Split = Annotated[str, AfterValidator(_split), _text(EXPRESSION)]
Columns = Annotated[
    tuple[Annotated[str, Field(min_length=1, pattern=r"^[^\[\]=]+$")], ...],
    BeforeValidator(_several, json_schema_input_type=str | tuple[str, ...]),
]
Texts = Annotated[
    tuple[Annotated[str, AfterValidator(_asked)], ...],
    BeforeValidator(_several, json_schema_input_type=str | tuple[str, ...]),
]
Labels = Annotated[
    tuple[Annotated[str, WithJsonSchema({"type": "string", "pattern": r"\S"})], ...],
    AfterValidator(_labels),
    Field(json_schema_extra={"uniqueItems": True}),
]
InsidePath = Annotated[str, AfterValidator(_inside), _text(r"(?!(.*/)?\.{0,2}(/|$))[^\\]+")]
Expression = Annotated[str, AfterValidator(_expression)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]


class Model(BaseModel):
    """Strict base: unknown keys are errors, objects never change, numbers are finite, integers of 64 bits."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        allow_inf_nan=False,
        defer_build=True,  # most commands read what was parsed before: a validator is made when one is needed
    )

    @model_validator(mode="after")
    def _of_64_bits(self) -> Self:
        """A longer integer, which JSON may hold, is none of a size or count, and no float can be made of it."""
        for name, value in self.__dict__.items():
            if isinstance(value, int) and not -(2**63) <= value < 2**63:
                raise ValueError(f"{name} is beyond 64 bits")
        return self
