"""Write how an artifact of this zoo was made, as SLSA provenance v1 (an in-toto statement).

It is of Build Level 1: whoever built it tells. With --key it stands in a DSSE envelope, signed by that private key.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """Of what, signed by which key, into which file."""
    parser.add_argument("name", help="artifact of the zoo you are in, recorded by `doit build:NAME`")
    parser.add_argument("--key", type=Path, metavar="FILE", help="private key in PEM that signs it")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="else standard output")


def main(given: argparse.Namespace) -> None:
    """Write it. Raises ZooError for what is not recorded."""
    from zoosmith.build.workspace import Workspace
    from zoosmith.common.canonical import pretty
    from zoosmith.common.text import show, show_lines
    from zoosmith.contract.errors import ZooError
    from zoosmith.project import find_project
    from zoosmith.records import slsa
    from zoosmith.signing import envelope
    from zoosmith.store.files import write_atomic

    workspace = Workspace(find_project())
    found = workspace.records.current(workspace.zoo.find(given.name))
    if found is None:
        raise ZooError(f"nothing is recorded of {given.name}; run `doit build:{given.name}`")
    told = slsa.statement(found[0])
    text = pretty(envelope.signed(told, given.key) if given.key else told)
    if given.output is None:
        show_lines(text.rstrip("\n"))
        return
    write_atomic(given.output, text.encode())
    show(f"{given.output}: {slsa.LEVEL}" + (f", signed by {given.key}" if given.key else ", not signed"))
