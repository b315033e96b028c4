"""Handing a command over to doit, which runs in the zoo that the working directory lies in."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Sequence

from zoosmith.contract.errors import ZooError
from zoosmith.project import find_project


def placing(parser: argparse.ArgumentParser) -> None:
    """Add where steps run, and the machines that keys are made for, as doit takes them."""
    parser.add_argument("--executor", metavar="ADDRESS", help="where steps run: local, ray, ray:auto or ray:HOST:PORT")
    parser.add_argument("--profile", metavar="HOSTCLASS", help="the nodes that builds are for (docs/scale-out.md)")


def placed(given: argparse.Namespace) -> list[str]:
    """The same for doit."""
    told = {"--executor": given.executor, "--profile": given.profile}
    return [f"{option}={value}" for option, value in told.items() if value is not None]


def hand_over(words: Sequence[str]) -> None:
    """End this process as `doit WORDS` ends in the zoo's folder. Raises ZooError where there is no zoo, or no doit."""
    project = find_project()
    if not (project / "dodo.py").is_file():
        raise ZooError(
            f"{project} is no zoo: neither it nor a folder above it has a dodo.py; `zoosmith init FOLDER` starts one"
        )
    if importlib.util.find_spec("doit") is None:
        raise ZooError("building takes more than answering does: run `pip install 'zoosmith[build]'`")
    from doit.doit_cmd import DoitMain

    os.chdir(project)
    sys.argv = ["doit", *words]  # what our commands of doit look at
    raise SystemExit(DoitMain().run(list(words)))
