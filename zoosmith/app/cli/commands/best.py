"""Find the fastest artifact that meets a budget, and say what was excluded by which limit.

Latency is compared within one host alone. Exit code 1 where nothing meets the budget; the nearest miss is named then.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zoosmith.app.cli.commands._choice import as_json, miss, tell
from zoosmith.app.cli.commands._registry import asked_arguments, json_argument, opened, registry_argument, tell_left_out

if TYPE_CHECKING:
    from zoosmith.publish.catalog import Catalog
    from zoosmith.records.best import Budget
    from zoosmith.records.figures import Figures
    from zoosmith.records.registry import Row

MIN = "--min-"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which, and the limits."""
    parser.add_argument("--task", required=True, metavar="KIND", help="what it answers, such as text-classification")
    parser.add_argument("--data", metavar="EVAL", help="the eval that it must have been measured on")
    parser.add_argument("--format", help="only this format, such as onnx")
    parser.add_argument(
        "--max-drop",
        "--max-regression",
        type=number,
        metavar="X",
        help="how much worse than the reference any metric that is a share may be: 0.01",
    )
    parser.add_argument("--max-kl", type=number, metavar="X", help="mean KL divergence from the reference, in nats")
    parser.add_argument("--min", action="append", default=[], metavar="METRIC=X", help="at least X of a metric")
    parser.add_argument("--max", action="append", default=[], metavar="METRIC=X", help="at most X of a metric")
    parser.add_argument("--max-size", metavar="SIZE", help="with all that it needs: 50MB, 1.5GB")
    parser.add_argument("--max-p95-ms", type=number, metavar="MS", help="95th percentile of one call, on the host")
    parser.add_argument("--max-memory-mb", type=number, metavar="N", help="MiB resident at the peak")
    parser.add_argument("--sure", action="store_true", help="hold drop and metrics by the bound of the 95 %% interval")
    parser.add_argument("--host", metavar="ID", help="whose latency counts; else the host with most artifacts")
    parser.epilog = (
        "METRIC is that of any eval, or EVAL.METRIC; a divergence from the reference too: --max perplexity=20. "
        f"{MIN}METRIC X says the same as --min METRIC=X, such as {MIN}macro_f1 0.9 or {MIN}names.accuracy 0.9"
    )
    parser.set_defaults(minima={}, maxima={})
    registry_argument(parser)
    asked_arguments(parser)
    json_argument(parser, "the choice, what meets every limit, what is excluded and by how much")


def number(text: str) -> float:
    """A finite number from 0. Raises ValueError, which argparse tells."""
    value = float(text)
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(text)
    return value


def more(given: argparse.Namespace, rest: Sequence[str]) -> None:
    """`--min-METRIC X` or `--min-METRIC=X`. Raises ZooError for anything else."""
    from zoosmith.common.names import nearest
    from zoosmith.contract.errors import ZooError

    ours = ("main", "more", "command", "minima", "maxima")
    known = [f"--{name.replace('_', '-')}" for name in vars(given) if name not in ours]
    words = iter(rest)
    for word in words:
        option, equals, value = word.partition("=")
        if not option.startswith(MIN) or option == MIN:
            how = "a limit of a metric is --min METRIC=X or --max METRIC=X"
            raise ZooError(f"{option!r} is no option of best{nearest(option, known)}; {how}")
        limited(given.minima, option.removeprefix(MIN), value if equals else next(words, ""), f"{option} 0.9")


def limited(limits: dict[str, float], metric: str, value: str, example: str) -> None:
    """Note a limit. Raises ZooError where it is no number."""
    from zoosmith.contract.errors import ZooError

    try:
        limits[metric] = number(value)
    except ValueError:
        option = example.partition(" ")[0]
        raise ZooError(f"{option} takes a number, such as {example}; found {value!r}") from None


def noted(given: argparse.Namespace) -> None:
    """Note the limits of `--min`, `--max` and `--max-kl`. Raises ZooError for what is not METRIC=X."""
    from zoosmith.contract.errors import ZooError

    for option, told, limits in (("--min", given.min, given.minima), ("--max", given.max, given.maxima)):
        for each in told:
            metric, equals, value = each.partition("=")
            if not (metric and equals):
                raise ZooError(f"{option} takes METRIC=X, such as {option} accuracy=0.9; found {each!r}")
            limited(limits, metric, value, f"{option} {metric}=0.9")
    if given.max_kl is not None:
        given.maxima["mean_kl"] = given.max_kl


def main(given: argparse.Namespace) -> None:
    """Print the choice. Raises ZooError where nothing meets the budget."""
    from zoosmith.common.text import show_json
    from zoosmith.contract.errors import ZooError
    from zoosmith.records import best

    noted(given)
    catalog = opened(given)
    rows = suitable(catalog, given)
    measured = wanted(figures(rows), given)
    evals = best.common_evals(measured, given.data)
    measured = best.on_evals(measured, evals)
    budget = budget_of(given, measured, evals)
    found = best.choose(measured, budget, best.common_host(measured, given.host), evals)
    hosts = {one.host for own in measured.values() for one in own}
    if given.json:
        show_json(as_json(found))
    else:
        tell(found, hosts if given.host is None else set())
    if found.best is None:
        near = found.nearest_miss
        told = f"; nearest is {near.name}: {', '.join(miss(held) for held in near.misses)}" if near else ""
        raise ZooError(f"nothing meets every limit{told}")


def suitable(catalog: Catalog, given: argparse.Namespace) -> dict[str, Row]:
    """The latest rows of a task and format by name@version; damaged ones are told and left out.

    Raises ZooError with the nearest task or format that there is.
    """
    from zoosmith.common.names import nearest
    from zoosmith.contract.errors import ZooError
    from zoosmith.publish.entries import DamagedEntry

    left = {name: brief for name, brief in sorted(catalog.briefs.items()) if brief}
    for key in ("task", "format"):
        wanted, known = getattr(given, key), {getattr(brief, key) for brief in left.values()}
        if wanted is not None and wanted not in known:
            raise ZooError(f"no artifact in {catalog.base} has the {key} {wanted!r}{nearest(wanted, known)}")
        left = {name: brief for name, brief in left.items() if wanted in (None, getattr(brief, key))}
    rows, damaged = {}, [name for name, brief in catalog.briefs.items() if brief is None]
    for name in left:
        if left[name].gone:
            continue
        try:
            version = catalog.newest(name)
            rows[str(version)] = version.row
        except DamagedEntry:
            damaged.append(name)
    tell_left_out(catalog, sorted(damaged))
    return rows


def figures(rows: dict[str, Row]) -> dict[str, list[Figures]]:
    """What every host measured of each."""
    from zoosmith.records.figures import of_result

    return {name: [of_result(name.partition("@")[0], row, r) for r in row.results] for name, row in rows.items()}


def wanted(measured: dict[str, list[Figures]], given: argparse.Namespace) -> dict[str, list[Figures]]:
    """What was asked for: of one suite, or of hosts that were not steady. Raises ZooError for none at all."""
    from zoosmith.records.figures import asked

    asked("any of these artifacts", [one for own in measured.values() for one in own], given.suite, given.unsteady)
    return {
        name: [one for one in own if given.suite in (None, one.suite) and not (given.unsteady and one.steady)]
        for name, own in measured.items()
    }


def budget_of(given: argparse.Namespace, measured: dict[str, list[Figures]], evals: list[str]) -> Budget:
    """The limits that were given. Raises ZooError for sizes without a unit and metrics that nobody measured."""
    from zoosmith.common.names import nearest
    from zoosmith.common.units import size
    from zoosmith.contract.errors import ZooError
    from zoosmith.records.best import Budget

    full = {metric for own in measured.values() for one in own for metric in (*one.scores, *one.divergence)}
    known = {*full, *(metric.partition(".")[2] for metric in full)}
    for option, limits in (("--min", given.minima), ("--max", given.maxima)):
        for metric in limits:
            if metric not in known:
                raise ZooError(f"{option} {metric}: no artifact was measured by {metric!r}{nearest(metric, known)}")
    return Budget(
        max_drop=given.max_drop,
        max_size=size(given.max_size) if given.max_size is not None else None,
        max_p95_ms=given.max_p95_ms,
        max_memory_mb=given.max_memory_mb,
        minima=given.minima,
        maxima=given.maxima,
        sure=given.sure,
    )
