"""Everything about one builder: read from its module, which imports no model library until it builds."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from pydantic import ValidationError

from zoosmith import plugins
from zoosmith.build import foreign
from zoosmith.build.reference.examples import Example, example
from zoosmith.build.reference.parameters import Parameter, choices, parameters
from zoosmith.contract.output import accepts_of, data_of, output_of
from zoosmith.contract.params import Params


class Role(NamedTuple):
    """A parent: its name in `from`, formats that it may have, and the parameter that asks for it, if one does."""

    role: str
    formats: tuple[str, ...]
    only_with: str | None


class Builder(NamedTuple):
    """A builder. gives: precisions by format, over all its parameters. reads: splits of the task's data."""

    name: str
    about: str
    takes: tuple[Role, ...]
    gives: dict[str, tuple[str, ...]]
    reads: tuple[str, ...]
    requires: tuple[str, ...]
    devices: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    example: Example
    file: str


def builder(name: str, project: Path) -> Builder:
    """Raises ZooError with the nearest name where there is none, and with the line where its file is broken."""
    file = plugins.find("builders", name, project)
    with foreign.told(file):
        module = plugins.load("builders", name, project)
        foreign.check_builder(module)
        return _of_module(name.replace("-", "_"), module, project)


def _of_module(name: str, module: ModuleType, project: Path) -> Builder:
    known = list(_variants(module.Params))
    takes = _takes(module, known)
    return Builder(
        name,
        inspect.cleandoc(module.__doc__ or ""),
        takes,
        _gives(module, known),
        tuple(dict.fromkeys(split for _, params in known for split in data_of(module, params))),
        tuple(getattr(module, "REQUIRES", ())),
        ("cpu", *getattr(module, "DEVICES", ())),
        parameters(module.Params),
        example(name, {role.role: role.formats for role in takes if role.only_with is None}, project),
        str(module.__file__),
    )


def _variants(model: type[Params]) -> Iterator[tuple[str | None, Params]]:
    """Parameters as they are by default, then with each other value that one of them can have, and which that is."""
    try:
        yield None, model()
    except ValidationError:  # some have no default: what the constants say must do
        return
    for name, field in model.model_fields.items():
        for value in [*choices(model, name), None]:
            if value != field.default and (params := _valid(model, name, value)) is not None:
                yield f"{name}: {yaml(value)}", params


def _valid(model: type[Params], name: str, value: Any) -> Params | None:
    try:
        return model(**{name: value})
    except ValidationError:
        return None


def yaml(value: Any) -> str:
    """A value as a recipe writes it, on one line."""
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _takes(module: ModuleType, known: list[tuple[str | None, Params]]) -> tuple[Role, ...]:
    """Formats by role, those that a parameter brings in apart."""
    asked = [(change, accepts_of(module, params)) for change, params in known] or [(None, module.ACCEPTS)]
    first: dict[tuple[str, str], str | None] = {}
    for change, roles in asked:
        for role, formats in roles.items():
            for format in formats:
                first.setdefault((role, format), change)
    together = {(role, change): Role(role, (), change) for (role, _), change in first.items()}
    for (role, format), change in first.items():
        one = together[role, change]
        together[role, change] = one._replace(formats=(*one.formats, format))
    return tuple(together.values())


def _gives(module: ModuleType, known: list[tuple[str | None, Params]]) -> dict[str, tuple[str, ...]]:
    made: dict[str, dict[str, None]] = {}
    if not known and hasattr(module, "FORMAT"):
        return {module.FORMAT: (module.PRECISION,)}
    for _, params in known:
        one = output_of(module, params)
        made.setdefault(one.format, {})[one.precision] = None
    return {format: tuple(precisions) for format, precisions in made.items()}
