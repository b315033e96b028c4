"""What the gallery shows: a line for each artifact and host, and the groups that may be compared in one plot.

From registry.json; where the measurements themselves are at hand, the data set and the host are named too.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from zoosmith.common import safe
from zoosmith.contract.errors import ZooError
from zoosmith.contract.metric import Better
from zoosmith.records.family import PREFERRED, headline
from zoosmith.records.host import Host
from zoosmith.records.registry import Entry, Registry, Row
from zoosmith.records.result import Result
from zoosmith.records.schema import Measurement
from zoosmith.records.scores import Difference, Metric

Key = tuple[str, str, str, str]  # artifact, tree digest, host, suite: two families may hold the same tree
NONE: Mapping[str, Sequence[str]] = MappingProxyType({})


@dataclass(frozen=True)
class Compared:
    """What makes figures of quality comparable: task, `EVAL.METRIC`, and the data set where it is known."""

    task: str
    metric: str
    data: str
    unit: str = "share"
    better: Better = "higher"

    @property
    def lower(self) -> bool:
        """Whether less is better."""
        return self.better == "lower"


@dataclass(frozen=True)
class Item:
    """The latest version of an artifact as one host measured it; `result` is None where nobody has.

    references: trees that the latest version of its reference may be; none where no registry has it.
    """

    name: str
    version: int
    page: str
    row: Row
    result: Result | None
    compared: Compared | None
    references: frozenset[str] = frozenset()
    index: int = 0

    @property
    def host(self) -> str:
        """Id of the host, or ""."""
        return self.result.host if self.result else ""

    @property
    def unsteady(self) -> bool:
        """Whether the host could not tell the speed for sure."""
        return self.result is not None and not self.result.steady

    @property
    def quality(self) -> Metric | None:
        """The headline metric."""
        return self.result.metric(self.compared.metric) if self.result and self.compared else None

    @property
    def change(self) -> Difference | None:
        """Of the headline metric against the reference."""
        return self.result.change(self.compared.metric) if self.result and self.compared else None

    @property
    def other_reference(self) -> str:
        """The tree that it is compared with, where that is not the reference's of today; else ""."""
        tree = self.result.reference_tree if self.result else None
        return tree if tree and self.references and tree not in self.references else ""

    @property
    def is_reference(self) -> bool:
        """Whether its family is compared with it."""
        return self.row.reference == self.name


def items(
    registry: Registry, measured: Mapping[Key, Measurement], preferred: Mapping[str, Sequence[str]] = NONE
) -> list[Item]:
    """A line for each artifact and host, sorted by name; `index` counts them from 0.

    preferred: the metrics that are shown first, by task, where it is known.
    """
    found = [
        replace(item, references=_latest_trees(registry, item.row.reference))
        for name, entry in registry.artifacts.items()
        for item in _items(name, entry, measured, preferred)
    ]
    found.sort(key=lambda item: (item.name, item.host))
    return [replace(item, index=index) for index, item in enumerate(found)]


def _latest_trees(registry: Registry, name: str) -> frozenset[str]:
    entry = registry.artifacts.get(name)
    return frozenset() if entry is None else frozenset({entry.versions[str(entry.latest)].tree_digest})


def _items(
    name: str, entry: Entry, measured: Mapping[Key, Measurement], preferred: Mapping[str, Sequence[str]]
) -> list[Item]:
    row = entry.versions[str(entry.latest)]
    shown = preferred.get(row.task, PREFERRED)
    best: dict[str, Result] = {}
    for result in sorted(row.results, key=lambda result: (result.suite == "full", result.steady)):
        best[result.host] = result
    page = page_of(name)
    alone = [Item(name, entry.latest, page, row, None, None)]
    return [
        Item(name, entry.latest, page, row, result, _compared(name, row, result, measured, shown))
        for result in best.values()
    ] or alone


def _compared(
    name: str, row: Row, result: Result, measured: Mapping[Key, Measurement], preferred: Sequence[str]
) -> Compared | None:
    if not result.quality:
        return None
    metric = headline(result, preferred)
    told = result.metric(metric)
    assert told is not None
    measurement = measured.get((name, row.tree_digest, result.host, result.suite))
    quality = measurement.quality.get(metric.partition(".")[0]) if measurement else None
    data = f"{quality.data}, split {quality.split}" if quality else ""
    return Compared(row.task, metric, data, told.unit, told.better)


def page_of(name: str) -> str:
    """File name of an artifact's page. A name that could not be a folder of ours gets a digest instead."""
    try:
        return f"{safe.name(name)}.html"
    except ZooError:
        return f"x-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}.html"


def hosts(found: Iterable[Item]) -> list[str]:
    """Ids of the hosts, the one that measured most artifacts first."""
    counted = Counter(item.host for item in found if item.host)
    return sorted(counted, key=lambda host: (-counted[host], host))


def described(measured: Iterable[Measurement]) -> dict[str, Host]:
    """Hosts by id."""
    return {measurement.host.id: measurement.host for measurement in measured}


def families(found: Iterable[Item]) -> dict[str, list[Item]]:
    """Items by recipe, sorted."""
    grouped = defaultdict(list)
    for item in found:
        grouped[item.row.recipe].append(item)
    return dict(sorted(grouped.items()))


@dataclass(frozen=True)
class Group:
    """Items whose quality and latency may be compared: same metric on the same data, same host."""

    compared: Compared
    host: str
    items: Sequence[Item]


def groups(found: Iterable[Item]) -> list[Group]:
    """Groups of what can be plotted, by task; items from fast to slow."""
    grouped: dict[tuple[Compared, str], list[Item]] = defaultdict(list)
    for item in found:
        if item.compared and _plottable(item):
            grouped[item.compared, item.host].append(item)
    order = sorted(grouped, key=lambda key: (key[0].task, -len(grouped[key]), key[0].metric, key[0].data, key[1]))
    return [Group(*key, sorted(grouped[key], key=latency)) for key in order]


def latency(item: Item) -> float:
    """Milliseconds, p50. The item must have a result."""
    assert item.result is not None
    return item.result.latency_ms.p50


def _plottable(item: Item) -> bool:
    if item.quality is None or item.result is None:
        return False
    quality, speed = (item.quality.value, *item.quality.bounds), (latency(item), item.row.size_total)
    return all(map(math.isfinite, (*quality, *speed))) and min(speed) > 0
