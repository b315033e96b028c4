"""Publish an artifact that `doit build:NAME` has recorded.

What is published never changes; a push that was cut off goes on where it stopped.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from zoosmith.app.cli.commands._registry import json_argument
from zoosmith.app.cli.commands.sign import keyless, keyless_arguments


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the artifact and --to to the parser."""
    parser.add_argument("name", help="artifact of the zoo you are in")
    parser.add_argument("--to", required=True, metavar="TARGET", help="hf://ORG or file://DIR")
    by = parser.add_mutually_exclusive_group()
    by.add_argument("--sign", type=Path, metavar="KEY", help="sign it, and what it needs, with a private key (PEM)")
    keyless_arguments(parser, by)
    json_argument(parser, "the artifact, where it is, and whether it was there already")


def main(given: argparse.Namespace) -> None:
    """Publish, and print the location."""
    from zoosmith.build.workspace import Workspace
    from zoosmith.common.plain import plain
    from zoosmith.common.text import show_json, show_lines
    from zoosmith.project import find_project
    from zoosmith.publish.push import push

    sign = keyless(given) if given.keyless or given.trust_config else None
    workspace = Workspace(find_project())
    published = push(workspace, workspace.zoo.find(given.name), given.to, key=given.sign, sign=sign)
    if given.json:
        show_json(plain(published))
    else:
        show_lines(str(published))
