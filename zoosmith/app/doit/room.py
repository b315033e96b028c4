"""Before `doit build:NAME` begins: whether this machine has room for it, and what to do where it has not."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from zoosmith.build.workspace import Workspace
from zoosmith.common.text import show
from zoosmith.contract.errors import ZooError
from zoosmith.execution.place import LOCAL, check_address, place_of
from zoosmith.recipes.graph import Ref

GROUPS = {"build": True, "bench": True, "publish": True, "artifact": False, "crossval": False}
"""Groups of tasks that build, and whether they measure too."""


def enough(workspace: Workspace, names: Iterable[str]) -> int:
    """0 where there is room for what the named tasks build, or where the user says yes to what is short.

    Raises ZooError where it is short and nobody is there to be asked.
    """
    asked = dict(_asked(workspace, names))
    if not asked:
        return 0
    from zoosmith.build import elsewhere, preflight
    from zoosmith.build.forecast import Forecast

    here = preflight.room(workspace.artifacts, workspace.where)
    needs = partial(
        preflight.needs, refs=asked, copies=here.copies, measured=any(asked.values()), left=workspace.where != LOCAL
    )
    with workspace.resolver.leaving_unread():  # a base of 100 GB is not read to say that there is no room for it
        short = preflight.shortages(needs(Forecast(workspace)), here)
    if short and workspace.caches:  # what is downloaded is not built
        with elsewhere.as_if_fetched(workspace, asked) as had:
            found = needs(Forecast(workspace))
            short = preflight.shortages(elsewhere.with_downloads(found, had, workspace.store), here)
    if short and not _goes_on(short):
        raise ZooError("\n  ".join([*short, "`doit run --anyway ...` builds all the same"]))
    return 0


def settled(workspace: Workspace, params: Mapping[str, Any]) -> int:
    """0, once all is known that zoosmith.toml and options say of a run. Raises ZooError for what is wrong with it."""
    from zoosmith.remote.config import configured
    from zoosmith.remote.trust import signing, trusted

    for config in configured(workspace.project):
        trusted(config)
        signing(config)
    locate(workspace, params)
    return 0


def locate(workspace: Workspace, params: Mapping[str, Any]) -> None:
    """Settle where steps run and which machines keys are made for, by zoosmith.toml and options. Raises ZooError.

    `--executor local` asks for this machine, whatever the file says.
    """
    place(workspace, params["executor"])
    told = place_of(workspace.project).profile
    workspace.profile = params["profile"] or ("" if params["executor"] == LOCAL else told)
    workspace.machine(workspace.profile)


def place(workspace: Workspace, executor: str) -> None:
    """Settle where steps run: as `--executor` says, else as zoosmith.toml does. Raises ZooError."""
    if executor:
        check_address(executor)
    workspace.where = executor or place_of(workspace.project).address


def _asked(workspace: Workspace, names: Iterable[str]) -> Iterator[tuple[Ref, bool]]:
    """The artifacts that tasks on the command line build, and whether they are measured."""
    for name in names:
        group, _, wanted = name.partition(":")
        if group in GROUPS:
            for full, ref in workspace.zoo.by_full_name.items():
                if full == wanted or ("*" in wanted and fnmatchcase(full, wanted)):
                    yield ref, GROUPS[group]


def _goes_on(short: list[str]) -> bool:
    """Whether the user says so; False where there is no terminal to ask at."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    for line in short:
        show(line, to=sys.stderr)
    show("go on all the same? [y/N]", to=sys.stderr)
    return sys.stdin.readline().strip().casefold() in ("y", "yes")
