"""Pages of the site from templates, all text escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from zoosmith.common.units import megabytes
from zoosmith.records import words
from zoosmith.records.scores import Metric
from zoosmith.site import gallery, markdown, plots
from zoosmith.site.collect import HERE, SiteData
from zoosmith.site.gallery import Item
from zoosmith.site.links import Links

MARKS = 7  # shapes and colours in templates/marks.html.j2 and assets/gallery.css


def environment() -> jinja2.Environment:
    """Templates of this package; what they insert is escaped."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        mb=megabytes,
        figure=figure,
        signed=signed,
        value=words.value,
        ends=ends,
        interval=words.interval,
        bounded=words.with_interval,
        short=short,
        told=told,
        plain=plain,
    )
    return made


def figure(value: float) -> str:
    """Two decimals below 100, none above."""
    return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"


def signed(value: float, unit: str = "share") -> str:
    """A change with a true minus sign; no sign for what rounds to 0."""
    text = words.signed(value, unit)
    return text.lstrip("+-") if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}", 1 if value < 0 else 0)


def ends(metric: Metric) -> str:
    """The interval, short: three decimals of a share."""
    if metric.low is None or metric.high is None:
        return ""
    if metric.unit == "share":
        return f"{metric.low:.3f}\N{EN DASH}{metric.high:.3f}"
    return words.interval(metric).replace(" to ", "\N{EN DASH}")


def short(base: str) -> str:
    """The last part of a repository's name."""
    return base.rpartition("/")[2]


def plain(name: str) -> str:
    """An identifier of ours as cards write it."""
    return name.replace("_", "-")


def told(item: Item) -> str:
    """What a dot says of its artifact."""
    quality, result = item.quality, item.result
    assert quality is not None and result is not None and item.compared is not None
    return (
        f"{item.name}\n{item.compared.metric} {words.with_interval(quality)}\n"
        f"p50 {figure(result.latency_ms.p50)} ms, {megabytes(item.row.size_total)} MB"
    )


@dataclass(frozen=True)
class Site:
    """All that pages share."""

    record: SiteData
    groups: list[gallery.Group]
    hosts: list[str]
    marks: dict[str, int]

    @classmethod
    def of(cls, record: SiteData) -> Site:
        """Put in order what the record holds."""
        formats = sorted({item.row.format for item in record.items})
        marks = {format: number % MARKS for number, format in enumerate(formats)}
        return cls(record, gallery.groups(record.items), gallery.hosts(record.items), marks)

    def facts(self) -> dict[str, Any]:
        """Variables of every template."""
        items = self.record.items
        metrics = list(dict.fromkeys(group.compared for group in self.groups))
        return {
            "items": items,
            "hosts": self.hosts,
            "about_hosts": self.record.hosts,
            "marks": self.marks,
            "metrics": metrics,
            "artifacts": len(self.record.registry.artifacts),
            "families": gallery.families(items),
            "summaries": self.record.summaries,
        }


def index(templates: jinja2.Environment, site: Site) -> str:
    """The table with its filters, and a pair of plots for each group."""
    rows = [item.row for item in site.record.items]
    facets = {
        "task": Counter(row.task for row in rows),
        "format": Counter(row.format for row in rows),
        "base": Counter(base for row in rows for base in dict.fromkeys(row.base)),
        "family": Counter(row.recipe for row in rows),
    }
    drawn = [(group, [plots.plot(group, by) for by in plots.X]) for group in site.groups]
    return templates.get_template("index.html.j2").render(site.facts() | {"facets": facets, "plots": drawn})


def families(templates: jinja2.Environment, site: Site) -> str:
    """Families as small multiples: one scale in each group."""
    drawn = [(group, plots.minis(group)) for group in site.groups]
    shown = {item.row.recipe for group in site.groups for item in group.items}
    missing = [id for id in gallery.families(site.record.items) if id not in shown]
    return templates.get_template("families.html.j2").render(site.facts() | {"plots": drawn, "missing": missing})


def cards(templates: jinja2.Environment, site: Site, links: Links) -> Iterator[tuple[str, str]]:
    """(file name, page) of each artifact, from its card where there is one."""
    by_name: dict[str, list[Item]] = {}
    for item in site.record.items:
        by_name.setdefault(item.name, []).append(item)
    template, facts = templates.get_template("card.html.j2"), site.facts()
    for found in by_name.values():
        first = min(found, key=lambda item: site.hosts.index(item.host) if item.host else 0)
        card = _card(site.record.cards, first, links)
        entry = site.record.registry.artifacts[first.name]
        yield first.page, template.render(facts | {"item": first, "entry": entry, "card": card})


def _card(folder: Path, item: Item, links: Links) -> markdown.Card | None:
    """The card in our own folder. `row.card` may be anyone's, so the name alone decides where it is."""
    file = folder / item.page.replace(".html", ".md")
    if not file.is_file() or file.is_symlink():
        return None
    return markdown.render(file.read_text(encoding="utf-8"), links)


def pages_of(items: Iterable[Item]) -> dict[str, str]:
    """Pages by the file name of the card that others link to."""
    return {item.page.replace(".html", ".md"): item.page for item in items}
