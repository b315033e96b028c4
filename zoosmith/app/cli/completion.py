"""What a shell offers on TAB: commands, options, and names of artifacts, families and builders.

argcomplete (https://kislyuk.github.io/argcomplete/) asks the command itself, so what is offered is what there is now.
Names are read from the text of recipes, and nothing is checked meanwhile: an answer must be there at once.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from zoosmith.transfer.cache import Cache

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


def typed() -> list[str] | None:
    """Whole words of the command line before the one that TAB completes; None where no shell asks."""
    if ASKED not in os.environ:
        return None
    line = os.environ.get("COMP_LINE", "")[: int(os.environ.get("COMP_POINT") or 0)]
    return line.split()[1 : None if line[-1:].isspace() else -1]


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
    name = re.split("[:@]", prefix)[0]
    if name == prefix:
        return _fitting({each for registry in _registries() for each in registry}, prefix)
    told = _entry(name)
    return _fitting([f"{name}{mark}{each}" for mark, key in ((":", "aliases"), ("@", "versions"))
                     for each in told.get(key, ())], prefix)  # fmt: skip


def aliases(prefix: str, parsed_args: Any = None, **_: Any) -> list[str]:
    """Names that stand for a version of the artifact that is typed, and the usual ones."""
    name = re.split("[:@]", getattr(parsed_args, "name", None) or "")[0]
    return _fitting({*_entry(name).get("aliases", ()), "stable", "canary"}, prefix)


def here(prefix: str, **_: Any) -> list[str]:
    """Artifacts that lie below artifacts/, or here outside of a zoo."""
    from zoosmith.project import find_project

    project = find_project()
    return _fitting(_folders(project / "artifacts" if (project / "dodo.py").is_file() else Path()), prefix)


def keys(prefix: str, **_: Any) -> list[str]:
    """Keys of the user's configuration."""
    from zoosmith.transfer.config import KEYS

    return _fitting(KEYS, prefix)


def _entry(name: str) -> dict[str, Any]:
    """Aliases and versions of a name, in the first registry that has it."""
    from zoosmith.publish.kept import Lines

    registry = next((each for each in _registries() if name in each), None)
    if isinstance(registry, Lines):
        brief = registry.brief(name)
        return {"aliases": brief.aliases, "versions": brief.trees} if brief else {}
    told = registry[name] if registry else {}
    return told if isinstance(told, dict) else {}


def _registries() -> Iterator[Mapping[str, Any]]:
    """Registries by priority, as far as they lie on this machine: in a folder, or as the last command read them."""
    from zoosmith.contract.errors import ZooError
    from zoosmith.project import find_project
    from zoosmith.publish import several
    from zoosmith.publish.opening import folder_url
    from zoosmith.transfer.cache import Cache

    with suppress(ZooError):
        project, cache = find_project(), Cache(reading=True)
        for place in several.places(None, project):
            with suppress(OSError, ValueError, KeyError, TypeError, ZooError):
                yield _read(folder_url(str(project) if place is None else place), cache)


def _read(base: str, cache: Cache) -> Mapping[str, Any]:
    """Entries by name; of a registry of many files the lines that lists show. Raises what a damaged one raises."""
    import json

    from zoosmith.publish import kept

    own = base.startswith("file:")
    file = Path(unquote(urlsplit(base).path)) / "registry.json" if own else cache.registry(base)
    told = json.loads(file.read_bytes())
    return kept.read(cache.briefs(base)) or {} if "index" in told else dict(told["artifacts"])


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
