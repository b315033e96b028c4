"""techniques.json: what is applied to a causal language model at run time, beside its weights.

A checkpoint cannot say that its activations are rounded or its prompts trimmed, nor that some of its layers are INT8
among others in NF4. What builders were told lies in this file of the tree; runtimes read it, check it and apply it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from zoosmith.common.names import nearest
from zoosmith.common.safe import parse_json
from zoosmith.contract.errors import ZooError
from zoosmith.contract.params import Params

FILE = "techniques.json"


class Activations(Params):
    """Inputs of linear layers are rounded, by one scale a token.

    bits: of a rounded value. outlier_z: values further than so many standard deviations from the mean of their token
    stay as they are (null: none).
    """

    bits: int = Field(default=8, ge=2, le=8)
    outlier_z: float | None = Field(default=6.0, gt=0)


class Trim(Params):
    """Tokens of a prompt that get the least attention are cut before it is read.

    first: tokens at the beginning that stay. last_share: share of the prompt at its end that stays, at least a token.
    cut_share: share of the rest that is cut. positions: what is left is numbered anew, or keeps its places in the
    prompt, which what follows the prompt goes on from.
    """

    first: int = Field(default=4, ge=0)
    last_share: float = Field(default=0.1, ge=0, le=1)
    cut_share: float = Field(default=0.3, ge=0, lt=1)
    positions: Literal["renumbered", "kept"] = "renumbered"


class Int8Layers(Params):
    """Layers in INT8 by bitsandbytes whose weights lie in a file of their own.

    threshold: activations beyond it are multiplied in FP16. layers: their full names.
    """

    threshold: float = Field(default=6.0, ge=0)
    layers: tuple[str, ...] = Field(min_length=1)


class Techniques(Params):
    """All that is applied; None where a technique is not."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    activations: Activations | None = None
    int8: Int8Layers | None = None
    trim: Trim | None = None


def write(told: Techniques, out: Path) -> None:
    """Write techniques.json below `out`; a technique that is not applied is left out."""
    content = told.model_dump(mode="json", by_alias=True)
    kept = {name: value for name, value in content.items() if value is not None}
    (out / FILE).write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read(path: Path) -> Techniques:
    """What techniques.json in `path` says.

    Raises ZooError, naming the key, where the file is missing, is no JSON, or names what is not known or out of range.
    """
    file = path / FILE
    if not file.is_file():
        raise ZooError(f"{path} has no {FILE}, which says what is applied at run time: pull it again")
    content = parse_json(file.read_bytes(), FILE)
    if not isinstance(content, dict):
        raise ZooError(f"{FILE} holds no JSON object: pull it again")
    try:
        return Techniques(**content)
    except ValidationError as error:
        raise ZooError(f"{FILE}: {_fault(error)}; pull it again, or update zoosmith if it is newer") from None


def _fault(error: ValidationError) -> str:
    """The first fault: its key, what was expected and found, and the nearest name for one that is not known."""
    first = error.errors()[0]
    key = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        return f"{key} is not known{nearest(str(first['loc'][-1]), _names(first['loc'][:-1]))}"
    return f"{key}: {first['msg']}; found {first['input']!r:.60}"


def _names(section: tuple[Any, ...]) -> list[str]:
    """The keys that a section has."""
    kinds: dict[tuple[Any, ...], type[Params]] = {
        ("activations",): Activations,
        ("int8",): Int8Layers,
        ("trim",): Trim,
    }
    return [field.alias or name for name, field in kinds.get(section, Techniques).model_fields.items()]
