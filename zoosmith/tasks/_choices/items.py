"""Items out of rows: a text, what may follow it, and which of that is right.

=========================================== =====================================================================
columns                                     the text that a choice continues
=========================================== =====================================================================
`context`                                   the context as it stands
`question`                                  "Question: ...\\nAnswer:", after the `context` where there is one
`activity`, `context`, perhaps `opening`    HellaSwag's, cleaned as lm-evaluation-harness does; so are the choices
=========================================== =====================================================================

`choices` is a list of texts, or an object with lists `text` and `label`, as ARC has; `answer` one of the labels, or the
place of the right text: counted from 0, as a number or as digits, or a letter.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from string import ascii_uppercase
from typing import Any, NamedTuple

from zoosmith.common.names import nearest
from zoosmith.contract.errors import BuildError, ZooError
from zoosmith.tasks._choices.hellaswag import cleaned, context_of

FEWEST, MOST = 2, len(ascii_uppercase)


class Item(NamedTuple):
    """A question with its choices.

    context: what a choice continues, after a space. shown: what stands above the choices where they are shown. answer:
    the place of the right choice, None where it is not known.
    """

    context: str
    shown: str
    choices: tuple[str, ...]
    answer: int | None = None


def check_columns(names: Collection[str]) -> None:
    """Raise ZooError unless rows with these columns can be items."""
    for needed in (("choices",), ("answer",), ("context",) if "activity" in names else ("context", "question")):
        if not set(needed) & set(names):
            raise ZooError(
                f"no column is mapped to {' or '.join(needed)}: name it under `columns:` of the data, such as "
                f"`{needed[-1]}: {needed[-1]}`{nearest(needed[-1], names)}"
            )


def item(row: Mapping[str, Any]) -> Item:
    """The item of a row; `answer` may be missing. Raises BuildError for a row of another form."""
    choices, labels = _choices(row)
    answer = None if row.get("answer") is None else _place(row["answer"], choices, labels, row)
    if "activity" in row:
        opening = _text(row, "opening") if "opening" in row else None
        context = context_of(_text(row, "activity"), _text(row, "context"), opening)
        return Item(context, context, tuple(map(cleaned, choices)), answer)
    told = _text(row, "context") if "context" in row or "question" not in row else ""
    if "question" not in row:
        return Item(told, told, choices, answer)
    before, question = f"{told}\n" if told else "", _text(row, "question")
    return Item(f"{before}Question: {question}\nAnswer:", before + question, choices, answer)


def _text(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    if not isinstance(value, str):
        raise _wrong(row, f"column {column!r} should be text", value)
    return value


def _choices(row: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
    """Texts, and their labels where they have some."""
    found: Any = row.get("choices")
    texts: Any
    texts, labels = (found.get("text"), found.get("label")) if isinstance(found, Mapping) else (found, None)
    if not _texts(texts) or not (labels is None or (_texts(labels) and len(labels) == len(texts))):
        raise _wrong(row, "column 'choices' should be a list of texts, or an object of lists `text` and `label`", found)
    if not FEWEST <= len(texts) <= MOST:
        raise BuildError(f"row {_shown(row)}: an item has {FEWEST} to {MOST} choices; found {len(texts)}")
    return tuple(texts), None if labels is None else tuple(labels)


def _texts(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(each, str) for each in value)


def _place(answer: Any, choices: Sequence[str], labels: Sequence[str] | None, row: Mapping[str, Any]) -> int:
    """Which choice an answer names."""
    known = [str(i) for i in range(len(choices))] if labels is None else list(labels)
    name = str(answer) if isinstance(answer, int) and not isinstance(answer, bool) else answer
    if name in known:
        return known.index(name)
    letters = ascii_uppercase[: len(choices)]
    if labels is None and isinstance(name, str) and len(name) == 1 and name in letters:
        return letters.index(name)
    found = f"{answer!r}{nearest(str(answer), known)}"
    raise BuildError(f"row {_shown(row)}: column 'answer' should name a choice by label or place; found {found}")


def _wrong(row: Mapping[str, Any], expected: str, found: Any) -> BuildError:
    shown = "nothing" if found is None else f"{found!r:.80}"
    return BuildError(f"row {_shown(row)}: {expected}; found {shown}. Map the source's columns under `columns:`")


def _shown(row: Mapping[str, Any]) -> str:
    return f"{dict(row)!r:.200}"
