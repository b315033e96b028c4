"""The choice of `zoosmith best` in words, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from zoosmith.common.units import sized

if TYPE_CHECKING:
    from zoosmith.records.best import Candidate, Choice, Held
    from zoosmith.records.figures import Figures

SHOWN = 20


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
