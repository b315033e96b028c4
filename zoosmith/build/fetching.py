"""The actions that fetch bases, and fetch or make rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoosmith import plugins
from zoosmith.build import sliced
from zoosmith.build.codehash import beside, closure_key, own_digest
from zoosmith.build.contents import folder_digest
from zoosmith.build.key_parts import python_version
from zoosmith.contract.output import Resources
from zoosmith.execution.action import Action, public_versions
from zoosmith.plugins import PACKAGE
from zoosmith.recipes.graph import Ref
from zoosmith.recipes.schema import Data

if TYPE_CHECKING:
    from zoosmith.build.resolve import Resolver


def base_action(resolver: Resolver, ref: Ref) -> Action:
    """Fetch a base. With `files`, only these decide the key: any source that has them will do."""
    from zoosmith.sources import pick

    base = resolver.zoo.base(ref)
    assert base is not None
    decided: dict[str, Any] = {"files": dict(base.files)}
    if not base.files and base.repo:
        decided = {"repo": base.repo, "revision": base.revision}
    elif not base.files and base.pypi:
        decided = {"pypi": base.pypi.model_dump()}
    elif not base.files and base.path:
        decided = {"path": resolver.contents.digest(resolver.project / base.path, pick.key)}
    return Action(
        name=f"{ref.recipe}/bases/{ref.name}",
        title=f"fetch {ref}",
        entry="zoosmith.build.inputs:base",
        inputs={"schema": 1, "kind": "fetch", **decided, "trust_remote_code": False},
        run={"base": base.model_dump(mode="json"), "name": str(ref)},
        resources=Resources(cpus=0, memory_mb=256),
        private=bool(base.gated),
    )


def data_action(resolver: Resolver, ref: Ref) -> Action:
    """Make or fetch the rows of a data set, one canonical JSON-lines file a split."""
    data = resolver.zoo.data(ref)
    decided = source(resolver, ref)
    named: dict[str, str] = {}
    if data.builtin:
        module = plugins.load("builtin", data.builtin, resolver.project)
        named = resolver.code(plugins.find("builtin", data.builtin, resolver.project))
        decided["packages"] = public_versions(tuple(module.REQUIRES))
    else:
        decided |= {"code": resolver.reading, "packages": _reading_packages(data, resolver.project)}
    if data.path:
        decided["path"] = resolver.contents.digest(resolver.project / data.path, folder_digest)
    if slices := sliced.columns(resolver.zoo, ref):
        decided["slices"] = {split: sorted(columns) for split, columns in slices.items()}
    action = Action(
        name=f"{ref.recipe}/data/{ref.name}",
        title=f"data {ref}",
        entry="zoosmith.build.inputs:data",
        inputs={"schema": 1, "kind": "data", "python": python_version(), **decided},
        run={"data": data.model_dump(mode="json"), "name": str(ref), "code": named, "slices": slices},
        # no build: it waits for no measurement, of whatever zoo; files are read row by row
        resources=Resources(cpus=0, memory_mb=300 if data.path else 1024),
    )
    if resolver.done(action) is None:  # else they were right, and what decides that is in the key
        _check_names(data, resolver.project)
    return action


def _check_names(data: Data, project: Path) -> None:
    from zoosmith.sources.tables import check_names  # with every reader there is

    check_names(data, project)


def source(resolver: Resolver, ref: Ref) -> dict[str, Any]:
    """Where rows come from and what is taken of them, as the recipe says; of a builtin its code too."""
    data = resolver.zoo.data(ref)
    said: dict[str, Any] = data.model_dump(mode="json", exclude={"license"})
    if data.builtin:
        said["code"] = closure_key(resolver.code(plugins.find("builtin", data.builtin, resolver.project)))
    return said


def reading_code() -> list[str]:
    """Digests of the modules that make rows of files and tables, each its own."""
    return sorted(own for path in beside(PACKAGE / "sources" / "rows.py") if (own := own_digest(path)))


def _reading_packages(data: Data, project: Path) -> dict[str, str]:
    """Versions of the libraries that read the data: none for text."""
    path = project / str(data.path)
    parquet = data.path and (path.suffix == ".parquet" or any(path.glob("*.parquet")))
    return public_versions(("datasets", "pyarrow")) if data.repo or parquet else {}
