"""The zoo's own code on its way to a node: its plug-ins and the tools that a builder of it runs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from zoosmith.plugins import KINDS
from zoosmith.store.store import Store

DODO = "dodo.py"  # what makes a folder a zoo, whose plug-ins are looked at


def own_code(project: Path, store: Store, tools: Iterable[str] = ()) -> str | None:
    """The tree with the plug-ins of a zoo and `tools`, files of it; None where everything comes with zoosmith."""
    folders = [kind for kind in KINDS if (project / kind).is_dir() and not _shipped(project, kind)]
    files = [path for kind in folders for path in sorted((project / kind).rglob("*.py"))]
    files += [project / tool for tool in sorted(tools)]
    if not files or not (project / DODO).is_file():
        return None
    with tempfile.TemporaryDirectory(dir=store.folder("work")) as staging:
        for path in [project / DODO, *files]:
            target = Path(staging) / path.relative_to(project)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        return store.add_tree(Path(staging))


def _shipped(project: Path, kind: str) -> bool:
    """Whether this folder is the one that zoosmith itself ships, as in a checkout of zoosmith."""
    return (project / kind).resolve() == KINDS[kind].resolve()
