"""Print a JSON Schema."""

from __future__ import annotations

import argparse

from zoosmith.common.canonical import pretty
from zoosmith.common.text import show_lines


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the name of the schema to the parser."""
    parser.add_argument("what", choices=("recipe", "registry"))


def main(given: argparse.Namespace) -> None:
    """Print the schema as JSON."""
    from zoosmith.recipes import schema as recipe
    from zoosmith.records import registry

    text = pretty(recipe.json_schema() if given.what == "recipe" else registry.json_schema())
    show_lines(text.removesuffix("\n"))
