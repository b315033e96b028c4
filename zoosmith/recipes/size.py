"""How large a YAML document is once its aliases are written out: a few lines can stand for gigabytes."""

from __future__ import annotations

import yaml

LARGEST = 1 << 20  # characters of values, and one for each value; the largest recipe here has a hundredth of it


def check_size(root: yaml.Node | None) -> None:
    """Raise yaml.MarkedYAMLError for a document that is larger than LARGEST, or an alias that stands in what it names.

    Nothing is written out: each anchor is measured once.
    """
    if root is not None:
        _size(root, {})


def _size(node: yaml.Node, known: dict[int, int | None]) -> int:
    if id(node) in known:
        found = known[id(node)]
        if found is None:
            raise _problem(node, "this anchor stands inside what it names, which never ends")
        return found
    known[id(node)] = None
    size = 1 + sum(_size(child, known) for child in _children(node))
    if isinstance(node, yaml.ScalarNode):
        size += len(node.value)
    if size > LARGEST:
        raise _problem(
            node, f"with its aliases written out this has over {LARGEST:,} characters; a recipe needs no such"
        )
    known[id(node)] = size
    return size


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _problem(node: yaml.Node, text: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=text, problem_mark=node.start_mark)
