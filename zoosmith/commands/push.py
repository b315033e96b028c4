"""Publish an artifact that `doit build:NAME` has recorded.

What is published never changes; a push that was cut off goes on where it stopped.
"""

from __future__ import annotations

import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    """What, and where to."""
    parser.add_argument("name", help="artifact of the zoo you are in")
    parser.add_argument("--to", required=True, metavar="TARGET", help="hf://ORG or file://DIR")


def main(given: argparse.Namespace) -> None:
    """Publish and say where."""
    from zoosmith.engine.graph import Workshop
    from zoosmith.hub.push import push
    from zoosmith.project import find_project

    shop = Workshop(find_project())
    print(push(shop, shop.zoo.find(given.name), given.to))
