"""An artifact of a recipe that a builder makes: the shortest one that says how it is used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from zoosmith.build.recipe_files import recipe_files
from zoosmith.recipes.yaml import document

KEYS = ("builder", "from", "params")


class Example(NamedTuple):
    """Lines of YAML as they stand below `artifacts:`, and the recipe that has them; None where nobody uses it yet."""

    text: str
    recipe: str | None


def example(name: str, takes: dict[str, tuple[str, ...]], project: Path) -> Example:
    """The shortest artifact of builder `name` that sets a parameter, else the shortest, else a sketch of one."""
    found = sorted(_found(name, project), key=lambda one: ("params:" not in one.text, len(one.text), one.text))
    return found[0] if found else Example(_written(name.replace("_", "-"), _sketch(name, takes)), None)


def _found(name: str, project: Path) -> Iterator[Example]:
    for id, path in recipe_files(project).items():
        text = path.read_text(encoding="utf-8", errors="replace")
        if name in text or name.replace("_", "-") in text:  # parsing takes far longer
            for artifact, about in _artifacts(text, str(path)):
                if str(about.get("builder")).replace("-", "_") == name:
                    yield Example(_written(artifact, {key: about[key] for key in KEYS if key in about}), id)


def _artifacts(text: str, file: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of a recipe that can be read; what is wrong with another is for other commands to say."""
    from zoosmith.contract.errors import ZooError

    try:
        artifacts = document(text, file).get("artifacts")
    except ZooError:
        return
    for artifact, about in (artifacts or {}).items() if isinstance(artifacts, dict | None) else ():
        if isinstance(about, dict):
            yield artifact, about


def _sketch(name: str, takes: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    parents = {role: "base" if "source" in formats else f"of-format-{formats[0]}" for role, formats in takes.items()}
    return {"builder": name, "from": parents["from"] if list(parents) == ["from"] else parents}


def _written(artifact: str, about: dict[str, Any]) -> str:
    text: str = yaml.safe_dump({artifact: about}, sort_keys=False, default_flow_style=None, width=50)
    return text.rstrip("\n")
