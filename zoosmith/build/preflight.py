"""Whether this machine has the disk and the memory for a build, said before anything of it starts."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from zoosmith.build.forecast import Forecast, Take
from zoosmith.common.names import full_name
from zoosmith.common.units import sized
from zoosmith.execution.place import LOCAL
from zoosmith.execution.resources import memory_mb
from zoosmith.recipes.graph import Ref
from zoosmith.store.files import FICLONE

LINE = 12.5e6
"""Bytes a second of the line that downloads are told for: 100 Mbit/s."""


class Room(NamedTuple):
    """disk: free bytes where the store is. memory_mb: of this machine, or of the group that processes here are in;
    None where steps run on nodes of a cluster, of which it is known when a step is placed.

    copies: how often an artifact's bytes lie on the disk once it is in the store and below artifacts/: once where the
    file system shares blocks between files.
    """

    disk: int
    memory_mb: int | None
    copies: int


class Needs(NamedTuple):
    """All steps of a build together. memory_mb: of the largest of them. unknown: steps whose size nobody knows yet."""

    steps: Sequence[Take]
    disk: int
    download: int
    largest: Take | None
    unknown: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """Of the steps that recorded builds tell the time of."""
        return sum(step.seconds or 0.0 for step in self.steps)


def room(artifacts: Path, where: str = LOCAL) -> Room:
    """What there is for the store below `artifacts`, which need not be there yet, and for steps that run at `where`."""
    folder = next(one for one in (artifacts, *artifacts.parents) if one.is_dir())
    memory = memory_mb() if where == LOCAL else None
    return Room(shutil.disk_usage(folder).free, memory, 1 if shares_blocks(folder) else 2)


def shares_blocks(folder: Path) -> bool:
    """Whether a copy in `folder` takes no room of its own (reflink). Source: ioctl_ficlone(2)."""
    try:
        with tempfile.TemporaryFile(dir=folder) as one, tempfile.TemporaryFile(dir=folder) as other:
            one.write(bytes(4096))
            one.flush()
            fcntl.ioctl(other.fileno(), FICLONE, one.fileno())
            return True
    except OSError:
        return False


def needs(forecast: Forecast, refs: Iterable[Ref], *, copies: int, measured: bool = True, left: bool = False) -> Needs:
    """What building artifacts takes from where the zoo is now: nothing of what is built already.

    A base from a hub lies on the disk once, as a file that its cache and the store share; what was asked for lies in
    the store and below artifacts/. left: what nodes build stays in a cache, unless it is asked for or measured here.
    """
    refs = list(refs)
    steps = forecast.steps(refs, measured=measured)
    waiting = [ref for ref in refs if not forecast.workspace.delivered(ref)]
    others = {step.name for step in steps if step.name.startswith("build ")} - _read_here(forecast, refs, measured)
    delivered = sum(forecast.weighed(ref).size for ref in waiting) * (copies - 1)
    return Needs(
        steps,
        disk=sum(step.size for step in steps if not left or step.name not in others) + delivered,
        download=sum(step.download for step in steps),
        largest=max(steps, key=lambda step: step.memory_mb, default=None),
        unknown=tuple(step.name for step in steps if not step.size and step.name.startswith("fetch ")),
    )


def _read_here(forecast: Forecast, refs: Sequence[Ref], measured: bool) -> set[str]:
    """Builds whose files come to this machine in any case: what is asked for, and what that is measured against."""
    references = [forecast.zoo.families[ref.recipe].reference for ref in refs] if measured else []
    return {f"build {full_name(ref.recipe, ref.name)}" for ref in (*refs, *references)}


def told(found: Needs, here: Room) -> list[str]:
    """Lines for people: what it takes, and what of this machine has."""
    if not found.steps or found.largest is None:
        return []
    lines = [_room_taken(found, found.largest, here)]
    if found.download:
        minutes = found.download / LINE / 60
        lines.append(f"  takes    {sized(found.download)} of downloads, {_minutes(minutes)} at 100 Mbit/s")
    timed = [step for step in found.steps if step.seconds is not None]
    if timed:
        builds = sum(step.name.startswith("build ") for step in found.steps)
        told = f"{len(timed)} of {builds} builds, by records of the same builders"
        lines.append(f"  takes    {_minutes(found.seconds / 60)} for {told}")
    for_later = "until it is fetched: no hub told; it and what is made of it come on top"
    lines += [f"  unknown  how large {name.removeprefix('fetch ')} is, {for_later}" for name in found.unknown]
    return lines


def _room_taken(found: Needs, largest: Take, here: Room) -> str:
    """Disk and memory; where a base's size is not known, of the other steps alone, which bounds nothing from above."""
    memory = f"{largest.memory_mb:,} MiB of memory"
    there = "" if here.memory_mb is None else f"; {here.memory_mb:,} MiB here"
    whose = f"({largest.name}{there})"
    if not found.unknown:
        return f"  takes    about {sized(found.disk)} of disk ({sized(here.disk)} free), {memory} at most {whose}"
    disk = f"{sized(found.disk)} of disk ({sized(here.disk)} free), " if found.disk else ""
    return f"  takes    at least {disk}{memory} {whose}"


def _minutes(minutes: float) -> str:
    return "less than a minute" if minutes < 1 else f"about {minutes:,.0f} min"


def shortages(found: Needs, here: Room) -> list[str]:
    """What this machine is short of, one line each, with what to do; [] where it has enough."""
    lines = []
    if found.disk > here.disk:
        lines.append(
            f"the disk is short: about {sized(found.disk)} are needed and {sized(here.disk)} are free; free some "
            "(`doit gc`), or move the zoo to a larger disk"
        )
    large = [step for step in found.steps if here.memory_mb is not None and step.memory_mb > here.memory_mb]
    if large:
        most = max(large, key=lambda step: step.memory_mb)
        others = f" ({len(large)} steps do)" if len(large) > 1 else ""
        lines.append(
            f"memory is short: {most.name} takes up to {most.memory_mb:,} MiB and this machine has "
            f"{here.memory_mb:,} MiB{others}; take a machine with more, or a smaller model"
        )
    return lines
