"""Prompt templates: text with `{column}` where a row's values stand; `{{` and `}}` are braces."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from string import Formatter

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError


def placeholders(prompt: str, columns: Collection[str] | None = None) -> tuple[str, ...]:
    """The columns that a template asks for, in order, each once.

    columns: those that rows have. Raises ZooError for a template without a placeholder, a malformed one, and one that
    names no column.
    """
    names = tuple(dict.fromkeys(name for _, name in _pieces(prompt) if name is not None))
    known = f", such as {{{min(columns)}}}" if columns else ""
    if not names:
        raise ZooError(f"{prompt!r:.60} has no placeholder: put a row's values in by their column's name{known}")
    for name in names if columns is not None else ():
        if name not in (columns or ()):
            raise ZooError(f"{{{name}}} is no column of the data{nearest(name, columns or ())}")
    return names


def filled(prompt: str, values: Mapping[str, str]) -> str:
    """The template with `values` in the places of their names. Values stand as they are, braces too."""
    return "".join(text + ("" if name is None else values[name]) for text, name in _pieces(prompt))


def ends_in_space(text: str) -> bool:
    """Whether what follows a text stands after white space already."""
    return bool(text) and text[-1].isspace()


def _pieces(prompt: str) -> list[tuple[str, str | None]]:
    """Text, and the name of the placeholder after it; None at the end. Raises ZooError for what is malformed."""
    try:
        found = list(Formatter().parse(prompt))
    except ValueError as error:
        raise ZooError(f"{prompt!r:.60} is no template: {error}; write {{{{ and }}}} for braces") from None
    for _, name, spec, conversion in found:
        if name is not None and (not name.isidentifier() or spec or conversion):
            shown = name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
            raise ZooError(f"{{{shown}}} is no placeholder: name a column alone, or write {{{{ and }}}} for braces")
    return [(text, name) for text, name, _, _ in found]
