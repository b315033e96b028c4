"""From YAML text to a Recipe, and from what is wrong to one clear message a line.

Line numbers cost a second parse, so they are looked up only when there is an error to report.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Sequence
from datetime import date
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import Recipe
from zoosmith.recipes.size import check_size

Location = Sequence[str | int]
_LIBYAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LONGEST = 200  # characters of a value in a message
SHALLOW = 10_000  # characters that cannot nest deeper than a stack holds
DEEPEST = 100
_KEY_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge")


class RecipeError(ZooError):
    """A recipe that cannot be used: file, line, key, what was found, what was expected."""


class _Loader(_LIBYAML):  # type: ignore[misc,valid-type]  # chosen at run time: libyaml is six times as fast
    """Safe YAML in which a key given twice is an error instead of a silent loss."""

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Any, Any]:
        """As the base class, after checking for duplicate and non-text keys."""
        seen: set[str] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if key.tag not in _KEY_TAGS:
                shown = repr(key.value) if isinstance(key, yaml.ScalarNode) else "a list or mapping"
                raise _problem(key, f"found {shown} as a key, which YAML does not read as text; put it in quotes")
            if key.value in seen:
                raise _problem(key, f"key {key.value!r} is given twice; each name may stand once")
            seen.add(key.value)
        return typing.cast(dict[Any, Any], super().construct_mapping(node, deep=deep))

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """As the base class; what YAML takes for a number or date and cannot convert gets its line."""
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, LookupError, AttributeError) as error:  # PyYAML's own, for a tag that does not fit
            raise _problem(node, f"found {_shown(node.value)}: {_cut(error)}; put text in quotes") from None


def _problem(node: yaml.Node, text: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=text, problem_mark=node.start_mark)


def parse(text: str, file: str) -> Recipe:
    """The recipe in `text`. Raises RecipeError naming `file`, line, key and what was found."""
    try:
        return Recipe.model_validate(document(text, file))
    except ValidationError as error:
        raise RecipeError(explain(error, text, file)) from None


def document(
    text: str, file: str, expected: str = "a mapping with schema, summary, bases, artifacts"
) -> dict[str, Any]:
    """The mapping in `text`, its keys unique, its content unchecked. Raises RecipeError naming file and line."""
    try:
        found = _loaded(text)
    except yaml.YAMLError as error:
        raise RecipeError(_marked(error, text, file)) from None
    except RecursionError:
        raise RecipeError(f"{file}:1: lists or mappings are nested too deeply to be read") from None
    if not isinstance(found, dict):
        kind = "nothing" if found is None else type(found).__name__
        raise RecipeError(f"{file}:1: expected {expected}; found {kind}")
    return found


def _loaded(text: str) -> Any:
    """What the one document says; its size is checked before aliases are followed, its depth before it is read."""
    if len(text) > SHALLOW:
        _refuse_deep(text)
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        check_size(root)
        return None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


def _refuse_deep(text: str) -> None:
    """Raise RecursionError for nesting that libyaml would follow until the process dies."""
    depth = 0
    for event in yaml.parse(text, Loader=_LIBYAML):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise RecursionError


def _marked(error: yaml.YAMLError, text: str, file: str) -> str:
    if isinstance(error, yaml.reader.ReaderError):
        return f"{file}:{text.count(chr(10), 0, error.position) + 1}: {str(error).splitlines()[0]}"
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"{file}:{mark.line + 1 if mark else 1}: {problem}"


def explain(
    error: ValidationError, text: str, file: str, prefix: Location = (), model: type[BaseModel] = Recipe
) -> str:
    """One line for each fault. `prefix` is where in the document the validated part stands."""
    root: yaml.Node | None = yaml.compose(text, Loader=_LIBYAML)
    for part in prefix:
        root = (_child(root, part) or (0, None))[1]
    lines = []
    for fault in error.errors(include_url=False):
        keys = _keys(root, fault["loc"], fault["type"] == "missing")
        path = [*prefix, *keys]
        lines.append(f"{file}:{line_of(text, path)}: {_dotted(path)}: {_what(fault, keys, model)}")
    return "\n".join(dict.fromkeys(lines))


def _keys(node: yaml.Node | None, location: Location, missing: bool) -> list[str | int]:
    """The location without pydantic's marks for union branches and keys, which the document does not have."""
    keys: list[str | int] = []
    for part in location:
        if found := _child(node, part):
            node = found[1]
            keys.append(part)
    return [*keys, location[-1]] if missing else keys


def _dotted(path: Location) -> str:
    return ".".join(str(part) for part in path) or "the recipe"


def _what(fault: Any, keys: Location, model: type[BaseModel]) -> str:
    found = fault["input"]
    if fault["type"] == "extra_forbidden":
        return f"unknown key{nearest(str(keys[-1]), _fields_at(model, keys[:-1]))}"
    if fault["type"] == "missing":
        return "is missing"
    message = str(fault["msg"]).removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    if isinstance(found, dict):
        return message if fault["type"] == "value_error" else f"found a mapping: {message}"
    quotes = isinstance(found, bool | int | float | date) and fault["type"] == "string_type"
    return f"found {_shown(found)}: {message}{'; put it in quotes' if quotes else ''}"


def _shown(found: Any) -> str:
    """The value as Python writes it, its start where it is long."""
    return _cut(repr(found))


def _cut(text: object) -> str:
    return str(text) if len(str(text)) <= LONGEST else str(text)[:LONGEST] + "..."


def _fields_at(model: type[BaseModel], path: Location) -> list[str]:
    """Keys that the schema knows at a location of a document."""
    current: Any = model
    for part in path:
        if isinstance(current, type) and issubclass(current, BaseModel):
            current = _field_type(current, str(part))
        else:
            current = typing.get_args(current)[-1]
        current = _plain(current)
    if not (isinstance(current, type) and issubclass(current, BaseModel)):
        return []
    return [field.alias or name for name, field in current.model_fields.items()]


def _field_type(model: type[BaseModel], key: str) -> Any:
    for name, field in model.model_fields.items():
        if key in (name, field.alias):
            return field.annotation
    return None


def _plain(annotation: Any) -> Any:
    """Without Annotated and Optional."""
    while typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        models = [arg for arg in typing.get_args(annotation) if arg is not type(None)]
        return _plain(models[0])
    return annotation


def line_of(text: str, path: Location) -> int:
    """Line (from 1) of the key at `path`, or of the nearest parent that exists."""
    node = yaml.compose(text, Loader=_LIBYAML)
    line = 1
    for part in path:
        found = _child(node, part)
        if found is None:
            return line
        line, node = found
    return line


def _child(node: yaml.Node | None, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line + 1, node.value[part]
    return None
