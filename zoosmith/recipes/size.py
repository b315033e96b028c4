"""How large and deep a YAML document is once its aliases are written out: a few lines can stand for gigabytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import yaml

LARGEST = 1 << 20  # characters of values, and one for each value; the largest recipe here has a hundredth of it
DEEPEST = 100  # lists and mappings within each other
TOO_DEEP = "lists or mappings are nested too deeply to be read"


class Extent(NamedTuple):
    """Of a node with all that is in it."""

    size: int
    depth: int


def check_depth(events: Iterable[yaml.Event]) -> None:
    """Raise yaml.MarkedYAMLError where lists or mappings are written too deep in each other.

    Before nodes are made of them: libyaml's binding calls itself for each level, and ends the process where that is
    too often.
    """
    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise _problem(event, TOO_DEEP)


def check_size(root: yaml.Node | None) -> None:
    """Raise yaml.MarkedYAMLError for a document that is larger than LARGEST, or deeper than DEEPEST.

    Also for an alias that stands in what it names. Nothing is written out: each anchor is measured once.
    """
    if root is not None:
        _extent(root, {})


def _extent(node: yaml.Node, known: dict[int, Extent | None]) -> Extent:
    if id(node) in known:
        found = known[id(node)]
        if found is None:
            raise _problem(node, "this anchor stands inside what it names, which never ends")
        return found
    known[id(node)] = None
    inner = [_extent(child, known) for child in children(node)]
    size, depth = 1 + sum(each.size for each in inner), 1 + max((each.depth for each in inner), default=0)
    if isinstance(node, yaml.ScalarNode):
        size += len(node.value)
    if depth > DEEPEST:
        raise _problem(node, TOO_DEEP)
    if size > LARGEST:
        raise _problem(
            node, f"with its aliases written out this has over {LARGEST:,} characters; a recipe needs no such"
        )
    known[id(node)] = Extent(size, depth)
    return Extent(size, depth)


def children(node: yaml.Node) -> list[yaml.Node]:
    """Keys and values of a mapping, the members of a list; of anything else nothing."""
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _problem(node: yaml.Node | yaml.Event, text: str) -> yaml.MarkedYAMLError:
    mark: Any = node.start_mark  # libyaml's own kind has the same fields
    return yaml.MarkedYAMLError(problem=text, problem_mark=mark)
