"""Pins: where a recipe names a repository and its commit, and putting another commit there.

A commit is put in at the place of its node (PyYAML's marks) instead of writing the YAML anew: every other byte
stays, comments and layout with them, and no second YAML library has to agree with the one that reads recipes. The
new text is read again, and must say what the old one said but for the commits.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import yaml
from pydantic import BaseModel, ValidationError

from zoosmith.recipes.schema import Base, Data, Identifier
from zoosmith.recipes.yaml import RecipeError, document, explain

COMMIT = re.compile("[0-9a-f]{40}")
MERGE = "tag:yaml.org,2002:merge"
PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")  # anchor and tag, which a node's mark includes
Where = tuple[str, str]
"""A section and a name in it: ("bases", "encoder")."""


@dataclass(frozen=True)
class Pin:
    """A repository that a recipe names. `revision` is as written, "" where there is none; `line` counts from 1.

    gated: the recipe says that the hub wants its terms accepted first.
    """

    where: Where
    repo: str
    revision: str
    line: int
    files: Mapping[str, str] = field(default_factory=dict)
    gated: bool = False

    @property
    def kind(self) -> Literal["model", "dataset"]:
        """What the hub calls it."""
        return "model" if self.where[0] == "bases" else "dataset"

    @property
    def is_commit(self) -> bool:
        """Whether the revision can be pinned to, as a name cannot."""
        return bool(COMMIT.fullmatch(self.revision))


class _Sections(BaseModel):
    """The part of a recipe that has pins."""

    bases: dict[Identifier, Base] = {}
    data: dict[Identifier, Data] = {}


class _Pair(NamedTuple):
    owner: yaml.MappingNode
    key: yaml.Node
    value: yaml.Node


class _Edit(NamedTuple):
    start: int
    stop: int
    text: str


def read(text: str, file: str) -> list[Pin]:
    """The pins of a recipe, which may still be names or missing. Raises RecipeError for what else is wrong there."""
    found = document(text, file)
    sections: dict[str, Any] = {name: found[name] for name in ("bases", "data") if name in found}
    named = [
        (section, name)
        for section, entries in sections.items()
        for name, entry in (entries.items() if isinstance(entries, dict) else ())
        if isinstance(entry, dict) and entry.get("repo") is not None
    ]
    try:
        checked = _Sections.model_validate(_with(sections, dict.fromkeys(named, "0" * 40)))
    except ValidationError as error:
        raise RecipeError(explain(error, text, file, model=_Sections)) from None
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    return [_pin(root, where, getattr(checked, where[0])[where[1]]) for where in named]


def rewritten(text: str, file: str, commits: Mapping[Where, str]) -> str:
    """The recipe's text with these commits as revisions. Raises RecipeError where they cannot be put in exactly."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    made = text
    for edit in sorted({_edit(root, where, commit, text) for where, commit in commits.items()}, reverse=True):
        made = made[: edit.start] + edit.text + made[edit.stop :]
    try:
        exact = document(made, file) == _with(document(text, file), commits)
    except RecipeError:
        exact = False
    if not exact:
        lines = "\n".join(f"  {'.'.join(where)}: revision: {commit}" for where, commit in commits.items())
        raise RecipeError(f"{file}: the layout does not let commits be put in exactly; write them by hand:\n{lines}")
    return made


def _with(found: dict[str, Any], commits: Mapping[Where, str]) -> dict[str, Any]:
    made = copy.deepcopy(found)
    for (section, name), commit in commits.items():
        made[section][name]["revision"] = commit
    return made


def _pin(root: yaml.Node | None, where: Where, checked: Base | Data) -> Pin:
    entry = _entry(root, where)
    revision, repo = _pair(entry, "revision"), _pair(entry, "repo")
    assert checked.repo is not None and repo is not None
    written = revision.value if revision else None
    is_null = written is None or written.tag == "tag:yaml.org,2002:null"
    return Pin(
        where=where,
        repo=checked.repo,
        revision="" if is_null else str(written and written.value),
        line=(revision or repo).key.start_mark.line + 1,
        files=checked.files if isinstance(checked, Base) else {},
        gated=isinstance(checked, Base) and checked.gated,
    )


def _entry(root: yaml.Node | None, where: Where) -> yaml.Node | None:
    for part in where:
        pair = _pair(root, part)
        root = pair.value if pair else None
    return root


def _pair(node: yaml.Node | None, key: str) -> _Pair | None:
    """The key with its value in a mapping, or in what is merged into it by `<<`."""
    if not isinstance(node, yaml.MappingNode):
        return None
    merged: list[yaml.Node] = []
    for mine, value in node.value:
        if mine.tag == MERGE:
            merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
        elif mine.value == key:
            return _Pair(node, mine, value)
    return next((found for source in merged if (found := _pair(source, key))), None)


def _edit(root: yaml.Node | None, where: Where, commit: str, text: str) -> _Edit:
    entry = _entry(root, where)
    if revision := _pair(entry, "revision"):
        start, stop = revision.value.start_mark.index, revision.value.end_mark.index
        properties = PROPERTIES.match(text, start, stop)
        start = properties.end() if properties else start
        style = getattr(revision.value, "style", None)
        return _Edit(start, stop, (" " if start == stop else "") + _scalar(commit, style))
    repo = _pair(entry, "repo")
    assert repo is not None
    stop = repo.value.end_mark.index
    if repo.owner.flow_style:
        return _Edit(stop, stop, f", revision: {_scalar(commit)}")
    ends = re.compile(r"\r?\n|\Z").search(text, stop)
    assert ends is not None
    line = f"{ends.group() or chr(10)}{' ' * repo.key.start_mark.column}revision: {_scalar(commit)}"
    return _Edit(ends.start(), ends.start(), line)


def _scalar(commit: str, style: str | None = None) -> str:
    """The commit as YAML that is read as text: one of digits alone needs quotes."""
    quote = style if style in ("'", '"') else "" if yaml.safe_load(commit) == commit else '"'
    return f"{quote}{commit}{quote}"
