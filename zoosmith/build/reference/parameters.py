"""A builder's parameters: type, default, allowed values, what each is."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from zoosmith.build.reference.docstrings import about

BY_MACHINE = "by machine"
REQUIRED = "required"
PLAIN = {bool: "true or false", int: "whole number", float: "number", str: "text", type(None): "null"}
BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


class Parameter(NamedTuple):
    """One parameter; `default` as a recipe would write it, `parameters` where it is a mapping of them."""

    name: str
    type: str
    default: Any
    allowed: str
    about: str
    parameters: tuple[Parameter, ...] = ()


def parameters(model: type[BaseModel]) -> tuple[Parameter, ...]:
    """The parameters of a model in the order of its fields."""
    return tuple(_parameter(model, name, field) for name, field in model.model_fields.items())


def _parameter(model: type[BaseModel], name: str, field: FieldInfo) -> Parameter:
    inner = next((part for part in _parts(field.annotation) if _is_model(part)), None)
    return Parameter(
        name,
        type_words(field.annotation),
        _default(field),
        _allowed(model, name, field),
        about(model, name),
        parameters(inner) if inner else (),
    )


def type_words(annotation: Any) -> str:
    """A type in words: "whole number or null"."""
    told = dict.fromkeys(_one_type(part) for part in _parts(annotation))
    return " or ".join(sorted(told, key=lambda word: word == "null"))


def _one_type(part: Any) -> str:
    origin, inside = typing.get_origin(part), typing.get_args(part)
    if origin is Literal:
        return " or ".join(dict.fromkeys(PLAIN[type(value)] for value in inside))
    if origin in (tuple, list):
        return f"list of {type_words(inside[0])}s"
    if origin is dict:
        return f"mapping of {type_words(inside[0])} to {type_words(inside[1])}"
    return "parameters" if _is_model(part) else PLAIN.get(part, getattr(part, "__name__", str(part)))


def _parts(annotation: Any) -> Iterator[Any]:
    """The members of a union; else the type itself, without what it is annotated with."""
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        for part in typing.get_args(annotation):
            yield from _parts(part)
    else:
        yield annotation


def _is_model(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, BaseModel)


def _default(field: FieldInfo) -> Any:
    if field.is_required():
        return REQUIRED
    if field.default_factory is not None:
        made = field.get_default(call_default_factory=True, validated_data={})
        return {} if isinstance(made, BaseModel) else BY_MACHINE
    return list(field.default) if isinstance(field.default, tuple) else field.default


def choices(model: type[BaseModel], name: str) -> list[Any]:
    """The values that a parameter can have, where they can be counted: literals, true and false, llama.cpp's types."""
    found: list[Any] = []
    for part in _parts(model.model_fields[name].annotation):
        if typing.get_origin(part) is Literal:
            found += typing.get_args(part)
        elif part is bool:
            found += [True, False]
    return found or _named_types(model, name)


def _allowed(model: type[BaseModel], name: str, field: FieldInfo) -> str:
    named = [str(value) for value in choices(model, name) if not isinstance(value, bool)]
    bounds = [f"{word} {value:g}" for word, value in _bounds(field)]
    return ", ".join(named or bounds)


def _bounds(field: FieldInfo) -> Iterator[tuple[str, float]]:
    for constraint in field.metadata:
        for key, word in BOUNDS.items():
            if (value := getattr(constraint, key, None)) is not None:
                yield word, value


def _named_types(model: type[BaseModel], name: str) -> list[Any]:
    """llama.cpp's types that a text's validator takes; none where it takes any text."""
    validators = model.__pydantic_decorators__.field_validators.values()
    if not any(name in validator.info.fields for validator in validators):
        return []
    from zoosmith.toolkit.gguf.types import FILE_TYPES, TENSOR_TYPES

    names = dict.fromkeys([*FILE_TYPES, *(kind.lower() for kind in TENSOR_TYPES)])
    shapes = [shape for shape in (str, _listed, _mapped) if not _takes(model, name, shape("?"))]
    return next((found for s in shapes if (found := [each for each in names if _takes(model, name, s(each))])), [])


def _listed(text: str) -> list[str]:
    return [text]


def _mapped(text: str) -> dict[str, str]:
    return {"0": text}


def _takes(model: type[BaseModel], name: str, value: Any) -> bool:
    try:
        model(**{name: value})
    except ValidationError:
        return False
    return True
