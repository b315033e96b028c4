"""Find the fastest artifact that meets a budget, and say what was excluded by which limit.

Latency is compared within one host alone. Exit code 1 where nothing meets the budget; the nearest miss is named then.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from zoosmith.app.cli.commands._registry import asked_arguments, json_argument, opened, registry_argument, tell_left_out
from zoosmith.common.units import sized

if TYPE_CHECKING:
    from zoosmith.publish.catalog import Catalog
    from zoosmith.records.best import Budget, Candidate, Choice, Held
    from zoosmith.records.figures import Figures
    from zoosmith.records.registry import Row

SHOWN = 20
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


def tell(found: Choice, hosts: set[str]) -> None:
    """Print the choice; `hosts` are those that it might have been made on instead."""
    from zoosmith.common.text import bullet, show_lines

    show_lines("\n".join(report(found)))
    if len(hosts) > 1:
        show_lines(bullet(f"{found.host} measured most of them; --host chooses another of {', '.join(sorted(hosts))}"))


def as_json(found: Choice) -> dict[str, Any]:
    """The choice as JSON has it: figures of the host, and of what is excluded the limits that were missed."""
    from zoosmith.common.plain import plain

    met = [{"name": one.name, "figures": plain(one.figures)} for one in found.meeting]
    missed = [{"name": one.name, "misses": plain(one.misses)} for one in found.excluded]
    best = found.best.name if found.best else None
    return {"best": best, "host": found.host, "evals": list(found.evals), "meeting": met, "excluded": missed}


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


def report(found: Choice) -> Iterator[str]:
    """The choice on the first line, then why, then what was excluded."""
    from zoosmith.common.text import aligned, bullet, inline

    if found.best:
        yield inline(found.best.name)
        total = len(found.meeting) + len(found.excluded)
        yield bullet(f"{len(found.meeting)} of {total} meet every limit; this is the fastest on {found.host}")
        yield from (bullet(text) for text in remarks(found))
        yield aligned([HEAD, *(line(one, found.evals) for one in found.meeting[:SHOWN])], cell=None)
        yield from cut(found.meeting)
    if found.excluded:
        yield inline(f"excluded on {found.host}:")
        rows = [[one.name, miss(held)] for one in found.excluded[:SHOWN] for held in one.misses]
        yield aligned(rows, "  ", None)
        yield from cut(found.excluded)


HEAD = ("artifact", "p50 ms", "p95 ms", "size", "peak MiB", "drop", "speed against the reference")


def remarks(found: Choice) -> Iterator[str]:
    """What the order does not say."""
    from zoosmith.records.best import told_apart

    figures = [one.figures for one in found.meeting if one.figures]
    apart = {one.name: told_apart(figures[0], one) for one in figures[1:]}
    if alike := [name for name, told in apart.items() if told is False]:
        yield f"not told apart from {', '.join(alike)}: the intervals of their speed overlap"
    if unknown := [name for name, told in apart.items() if told is None]:
        yield f"no interval tells whether it is faster than {', '.join(unknown)}: compared by p50 alone"
    suites = sorted({one.suite for one in figures})
    if len(suites) > 1:
        yield f"measured by different suites: {', '.join(suites)}"


def line(one: Candidate, evals: Sequence[str]) -> list[str]:
    """An artifact's figures."""
    from zoosmith.records.best import worst_drop

    held = one.figures
    assert held is not None
    worst = worst_drop(held, evals)
    drop = f"{worst[0]:.4f}" if worst else ("reference" if held.is_reference else divergence(held, evals))
    faster = held.speedup
    speed = f"{faster.value:.2f} ({faster.low:.2f} to {faster.high:.2f})" if faster else "-"
    speed += "" if held.steady else ", host not steady"
    milliseconds = (f"{held.p50_ms:.2f}", f"{held.p95_ms:.2f}")
    return [one.name, *milliseconds, sized(held.size), str(held.memory_peak), drop, speed]


def divergence(one: Figures, evals: Sequence[str]) -> str:
    """The largest mean KL over the evals, for what is not measured in shares."""
    found = [told for name, told in one.divergence.items() if name in {f"{id}.mean_kl" for id in evals}]
    worst = max(found, key=lambda told: told.value, default=None)
    return f"KL {worst.value:.4g}" if worst else "-"


def miss(held: Held) -> str:
    """A limit that was missed, and by how much."""
    from zoosmith.records.best import HOST

    if held.limit == HOST:
        return f"host: not measured on {held.what}"
    name = f"{held.limit} {shown(held.limit, held.allowed)}"
    if held.found is None:
        return f"{name}: not measured"
    what = f" ({held.what})" if held.what and held.limit[4:] != held.what else ""
    by = f", {percent(held.excess)} beyond" if math.isfinite(held.excess) else ""
    return f"{name}: found {shown(held.limit, held.found)}{what}{by}"


def percent(share: float) -> str:
    """Whole percent, or two digits where it is little."""
    return f"{share:.0%}" if share >= 0.1 else f"{share * 100:.2g}%"


def shown(limit: str, value: float) -> str:
    """A value in its limit's unit."""
    if limit == "max-size":
        return f"{value / 1e6:.4g} MB" if value < 1e9 else f"{value / 1e6:.0f} MB"
    units = {"max-p95-ms": " ms", "max-memory-mb": " MiB"}
    if limit in units:
        return f"{value:g}{units[limit]}"
    return f"{value:.4g}" if 0 < abs(value) < 5e-4 or abs(value) >= 1000 else f"{value:.4f}"


def cut(candidates: Sequence[Candidate]) -> Iterator[str]:
    """How many are not shown."""
    if len(candidates) > SHOWN:
        yield f"  and {len(candidates) - SHOWN} more"
