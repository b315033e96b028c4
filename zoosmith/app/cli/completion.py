"""What a shell offers on TAB: commands, options, and names of artifacts, families and builders.

argcomplete (https://kislyuk.github.io/argcomplete/) asks the command itself, so what is offered is what there is now.
Names are read from the text of recipes, and nothing is checked meanwhile: an answer must be there at once.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ASKED = "_ARGCOMPLETE"  # set by the shell's function while TAB is pressed


def complete(command: str, parser: argparse.ArgumentParser) -> None:
    """Say what may stand where a command takes names."""
    for action in parser._actions:
        if found := COMPLETERS.get((command, action.dest)):
            action.completer = found  # type: ignore[attr-defined]  # where argcomplete looks


def offer(top: argparse.ArgumentParser) -> None:
    """Answer the shell and end, if it asks; it does so only where argcomplete is installed."""
    if ASKED in os.environ:
        from argcomplete import autocomplete

        autocomplete(top, always_complete_options=False)


def artifacts(prefix: str, **_: Any) -> list[str]:
    """Names of artifacts that recipes make, and of what lies below artifacts/, or here outside of a zoo."""
    from zoosmith.project import find_project

    project = find_project()
    zoo = (project / "dodo.py").is_file()
    made = (f"{id}-{name}" for id, file in _recipes(project).items() if _near(id, prefix) for name in _made_in(file))
    return _fitting({*(made if zoo else ()), *_folders(project / "artifacts" if zoo else Path())}, prefix)


def families(prefix: str, **_: Any) -> list[str]:
    """Ids of recipes."""
    from zoosmith.project import find_project

    return _fitting(_recipes(find_project()), prefix)


def published(prefix: str, **_: Any) -> list[str]:
    """Names in the registries of this machine; behind a whole name and `:` or `@`, its aliases or versions."""
    entries = dict(_entries())
    name = re.split("[:@]", prefix)[0]
    if name == prefix:
        return _fitting(entries, prefix)
    told = entries.get(name, {})
    return _fitting([f"{name}{mark}{each}" for mark, key in ((":", "aliases"), ("@", "versions"))
                     for each in told.get(key, ())], prefix)  # fmt: skip


def aliases(prefix: str, parsed_args: Any = None, **_: Any) -> list[str]:
    """Names that stand for a version of the artifact that is typed, and the usual ones."""
    name = re.split("[:@]", getattr(parsed_args, "name", None) or "")[0]
    return _fitting({*dict(_entries()).get(name, {}).get("aliases", ()), "stable", "canary"}, prefix)


def here(prefix: str, **_: Any) -> list[str]:
    """Artifacts that lie below artifacts/, or here outside of a zoo."""
    from zoosmith.project import find_project

    project = find_project()
    return _fitting(_folders(project / "artifacts" if (project / "dodo.py").is_file() else Path()), prefix)


def keys(prefix: str, **_: Any) -> list[str]:
    """Keys of the user's configuration."""
    from zoosmith.transfer.config import KEYS

    return _fitting(KEYS, prefix)


def _entries() -> Iterator[tuple[str, dict[str, Any]]]:
    """Entries of registries in folders, as they stand there; those of a registry further up come last, and so count."""
    import json

    from zoosmith.contract.errors import ZooError
    from zoosmith.project import find_project
    from zoosmith.publish.several import places

    try:
        found = places(None, find_project())
    except ZooError:
        return
    for place in reversed(found):
        home = Path(str(find_project()) if place is None else place.removeprefix("file://"))
        try:
            told = json.loads((home / "registry.json").read_text(encoding="utf-8"))["artifacts"]
            yield from ((name, entry) for name, entry in told.items() if isinstance(entry, dict))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue


def builders(prefix: str, **_: Any) -> list[str]:
    """Names of builders."""
    from zoosmith import plugins
    from zoosmith.project import find_project

    return _fitting(plugins.known("builders", find_project()), prefix)


COMPLETERS: dict[tuple[str, str], Callable[..., list[str]]] = {
    ("build", "names"): artifacts, ("plan", "names"): artifacts, ("why", "names"): artifacts,
    ("run", "name"): artifacts, ("verify", "name"): artifacts, ("push", "name"): artifacts,
    ("capacity", "name"): artifacts, ("compare", "name"): artifacts, ("serve", "names"): artifacts,
    ("ls", "family"): families,
    ("lock", "recipe"): families, ("show", "name"): published, ("pull", "name"): published,
    ("pull", "names"): published,
    ("bundle", "names"): published, ("export", "name"): published, ("sign", "name"): published,
    ("provenance", "name"): artifacts,
    ("builders", "name"): builders, ("promote", "name"): published, ("rollback", "name"): published,
    ("yank", "name"): published, ("canary", "name"): published, ("promote", "alias"): aliases,
    ("rollback", "alias"): aliases, ("canary", "against"): aliases, ("outdated", "name"): here, ("rm", "name"): here,
    ("config", "key"): keys,
}  # fmt: skip


def _fitting(names: Any, prefix: str) -> list[str]:
    return sorted(name for name in names if name.startswith(prefix))


def _near(id: str, prefix: str) -> bool:
    """Whether a name of this family can begin with what was typed."""
    return f"{id}-".startswith(prefix) or prefix.startswith(f"{id}-")


def _recipes(project: Path) -> dict[str, Path]:
    from zoosmith import plugins

    folders = (plugins.shipped("recipes"), project / "recipes")
    return {file.stem: file for folder in folders for file in sorted(folder.glob("*.y*ml"))}


def _made_in(file: Path) -> Iterator[str]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is six times as fast
    try:
        told = yaml.load(file.read_bytes(), Loader=loader)  # noqa: S506 - both are safe
        yield from told["artifacts"]
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return  # another command says what is wrong with it


def _folders(home: Path) -> Iterator[str]:
    for manifest in home.glob("[!.]*/manifest.json"):
        yield manifest.parent.name
