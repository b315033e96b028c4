"""From YAML text to a Recipe, and from what is wrong to one clear message a line.

Line numbers cost a second parse, so they are looked up only when there is an error to report.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Sequence
from datetime import date
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from zoosmith.common.names import nearest
from zoosmith.common.text import inline
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import Recipe
from zoosmith.recipes.size import check_depth, check_size, children

Location = Sequence[str | int]
_LIBYAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LONGEST = 200  # characters of a value in a message
OTHER_BASES = re.compile(r"^[-+]?0[0-9_]+$|:")
MOST_FAULTS = 100
MOST_DIGITS = 512  # of a number: Python prints none of thousands, and no field takes one of more than 64 bits
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_CONVERSION = (ValueError, LookupError, AttributeError, ArithmeticError)  # PyYAML's own, for a tag that does not fit
_KEY_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge")


class RecipeError(ZooError):
    """A recipe that cannot be used: file, line, key, what was found, what was expected."""


class _Loader(_LIBYAML):  # type: ignore[misc,valid-type]  # chosen at run time: libyaml is six times as fast
    """Safe YAML; what it takes for a number or date and cannot convert gets its line."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """As the base class. Raises yaml.MarkedYAMLError."""
        try:
            return super().construct_object(node, deep=deep)
        except _CONVERSION as error:
            raise _problem(node, f"found {_shown(node.value)}: {error}; put text in quotes") from None


def _check(root: yaml.Node) -> None:
    """Raise yaml.MarkedYAMLError for what would be lost or changed without a word, anywhere in a document.

    Before any node becomes a value: what is merged by `<<` is put into the mapping around it then.
    """
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            if isinstance(node, yaml.MappingNode):
                _check_keys(node)
            elif isinstance(node, yaml.ScalarNode) and node.tag in _NUMBERS:
                _check_number(node)
            waiting += reversed(children(node))


def _check_keys(node: yaml.MappingNode) -> None:
    """Raise for a key given twice, which would be a silent loss, and for one that is no text."""
    seen: set[str] = set()
    for key, _ in node.value:
        if key.tag not in _KEY_TAGS:
            shown = _shown(key.value) if isinstance(key, yaml.ScalarNode) else "a list or mapping"
            raise _problem(key, f"found {shown} as a key, which YAML does not read as text; put it in quotes")
        if key.value in seen:
            raise _problem(key, f"key {_shown(key.value)} is given twice; each name may stand once")
        seen.add(key.value)


def _check_number(node: yaml.ScalarNode) -> None:
    """Raise for a number that nobody means, or that cannot be printed: YAML 1.1 takes 010 for 8, and 1:10 for 70."""
    if len(node.value) > MOST_DIGITS:
        raise _problem(node, f"found {_shown(node.value)}, a number of over {MOST_DIGITS} digits; put text in quotes")
    if OTHER_BASES.search(node.value):
        raise _problem(
            node,
            f"found {_shown(node.value)}, which YAML reads in another base (010 is 8, 1:10 is 70); "
            "write the number in plain digits, or put text in quotes",
        )


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
    if not isinstance(found, dict):
        kind = "nothing" if found is None else type(found).__name__
        raise RecipeError(f"{file}:1: expected {expected}; found {kind}")
    return found


def _loaded(text: str) -> Any:
    """What the one document says; its depth is checked before nodes are made, its size before aliases are followed."""
    check_depth(yaml.parse(text, Loader=_LIBYAML))
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        check_size(root)
        if root is not None:
            _check(root)
        return None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


def _marked(error: yaml.YAMLError, text: str, file: str) -> str:
    if isinstance(error, yaml.reader.ReaderError):
        return f"{file}:{text.count(chr(10), 0, error.position) + 1}: {str(error).splitlines()[0]}"
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"{file}:{mark.line + 1 if mark else 1}: {problem}"


def explain(
    error: ValidationError, text: str, file: str, prefix: Location = (), model: type[BaseModel] = Recipe
) -> str:
    """One line for each fault, of very many the first. `prefix` is where in the document the validated part stands."""
    whole = root = yaml.compose(text, Loader=_LIBYAML)
    for part in prefix:
        root = (_child(root, part) or (0, None))[1]
    lines, faults = [], error.errors(include_url=False)
    for fault in faults[:MOST_FAULTS]:
        keys = _keys(root, fault["loc"], fault["type"] == "missing")
        path = [*prefix, *keys]
        lines.append(f"{file}:{_line_in(whole, path)}: {_dotted(path)}: {_what(fault, keys, model)}")
    more = [f"{file}: {len(faults) - MOST_FAULTS} more faults"] if len(faults) > MOST_FAULTS else []
    return "\n".join([*dict.fromkeys(lines), *more])


def _keys(node: yaml.Node | None, location: Location, missing: bool) -> list[str | int]:
    """The location without pydantic's marks for union branches and keys, which the document does not have."""
    keys: list[str | int] = []
    for part in location:
        if found := _child(node, part):
            node = found[1]
            keys.append(part)
    return [*keys, location[-1]] if missing else keys


def _dotted(path: Location) -> str:
    """The keys in one line, as they are strangers'."""
    return ".".join(inline(_cut(str(part))) for part in path) or "the recipe"


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


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."


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
    return _line_in(yaml.compose(text, Loader=_LIBYAML), path)


def _line_in(node: yaml.Node | None, path: Location) -> int:
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
