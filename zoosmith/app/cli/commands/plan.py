"""Say what building would fetch, build, measure and reuse: as `doit plan`."""

from __future__ import annotations

import argparse

from zoosmith.app.cli.commands._doit import hand_over, placed, placing


def arguments(parser: argparse.ArgumentParser) -> None:
    """Names."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="artifacts; `zoosmith ls` shows them")
    parser.add_argument("--json", action="store_true", help="one JSON object a line: an artifact")
    placing(parser)


def main(given: argparse.Namespace) -> None:
    """Hand over to doit."""
    hand_over(["plan", *["--json"][: given.json], *placed(given), *given.names])
