"""Print a JSON Schema."""

from __future__ import annotations

import argparse

from zoosmith.common.canonical import pretty
from zoosmith.recipes import schema as recipe
from zoosmith.records import registry


def arguments(parser: argparse.ArgumentParser) -> None:
    """Of what."""
    parser.add_argument("what", choices=("recipe", "registry"))


def main(given: argparse.Namespace) -> None:
    """Print it."""
    print(pretty(recipe.json_schema() if given.what == "recipe" else registry.json_schema()), end="")
