"""Build artifacts, measure them, hold their gates, write cards and registry rows: as `doit build:NAME`."""

from __future__ import annotations

import argparse

from zoosmith.app.cli.commands._doit import hand_over, placed, placing


def arguments(parser: argparse.ArgumentParser) -> None:
    """Names, and what doit takes."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="artifacts; `zoosmith ls` shows them")
    parser.add_argument("--full", action="store_true", help="measure for longer (suite full)")
    parser.add_argument("--only", action="store_true", help="build and check, and measure nothing")
    parser.add_argument("-n", dest="workers", type=int, metavar="N", help="steps side by side")
    parser.add_argument("--continue", dest="go_on", action="store_true", help="go on with others after a failure")
    parser.add_argument("--anyway", action="store_true", help="go on where memory or disk may be short")
    parser.add_argument("--scratch", action="store_true", help="write results, cards and rows below scratch-zoo/")
    placing(parser)


def main(given: argparse.Namespace) -> None:
    """Hand over to doit."""
    task = "artifact" if given.only else "bench" if given.full else "build"
    told = {"--continue": given.go_on, "--anyway": given.anyway, "--scratch": given.scratch}
    flags = [flag for flag, asked in told.items() if asked]
    workers = [] if given.workers is None else ["-n", str(given.workers)]
    hand_over(["run", *flags, *placed(given), *workers, *(f"{task}:{name.rpartition(':')[2]}" for name in given.names)])
