"""Pages of the site from templates, all text escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from zoosmith.records.figures import rank
from zoosmith.site import gallery, markdown, plots, texts, wide
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
    made.filters.update(texts.FILTERS)
    made.tests.update(apart=plots.apart)
    return made


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
            "families": self.record.families,
            "summaries": self.record.summaries,
        }


def index(templates: jinja2.Environment, site: Site) -> str:
    """The table with its filters, and a pair of plots for each group. What is counted are artifacts."""
    families, items = site.record.families, site.record.items
    leading = {(item.name, item.host) for one in families.values() for item in one.items}
    rows = [item.row for one in families.values() for item in one.items]
    facets = {
        "task": Counter(row.task for row in rows),
        "format": Counter(row.format for row in rows),
        "base": Counter(base for row in rows for base in dict.fromkeys(row.base)),
        "family": Counter(row.recipe for row in rows),
        "host": Counter(item.host for item in items if item.host),
    }
    drawn = [(group, [plots.plot(group, by) for by in plots.X]) for group in site.groups]
    more = {"facets": facets, "plots": drawn, "leading": leading}
    return templates.get_template("index.html.j2").render(site.facts() | more)


def families(templates: jinja2.Environment, site: Site) -> str:
    """Families as small multiples, each with what to take of it; what may be compared is on one scale."""
    measured = [one for one in site.record.families.values() if one.groups]
    measured.sort(key=lambda one: (one.items[0].row.task, one.id))
    drawn = list(zip(measured, plots.minis([one.groups[0] for one in measured]), strict=True))
    missing = [one for one in site.record.families.values() if not one.groups]
    return templates.get_template("families.html.j2").render(site.facts() | {"plots": drawn, "missing": missing})


def family_pages(templates: jinja2.Environment, site: Site) -> Iterator[tuple[str, str]]:
    """(file name, page) of each family."""
    template, facts = templates.get_template("family.html.j2"), site.facts()
    for one in site.record.families.values():
        drawn = [wide.wide(one, group, by) for group in one.groups for by in plots.X]
        yield one.page, template.render(facts | {"family": one, "plots": drawn})


def cards(templates: jinja2.Environment, site: Site, links: Links) -> Iterator[tuple[str, str]]:
    """(file name, page) of each artifact: its card where there is one, below figures of the card's own measurement."""
    by_name: dict[str, list[Item]] = {}
    for item in site.record.items:
        by_name.setdefault(item.name, []).append(item)
    template, facts = templates.get_template("card.html.j2"), site.facts()
    for found in by_name.values():
        first = max(found, key=lambda item: _rank(item, site.record.dates))
        card = _card(site.record.cards, first, links)
        entry = site.record.registry.artifacts[first.name]
        yield first.page, template.render(facts | {"item": first, "entry": entry, "card": card})


def _rank(item: Item, dates: Mapping[gallery.Key, str]) -> tuple[bool, bool, str, str]:
    """The greatest is of the measurement that the artifact's card shows."""
    if item.result is None:
        return rank("", False, None, "")
    key = (item.name, item.row.tree_digest, item.host, item.result.suite)
    return rank(item.result.suite, item.result.steady, dates.get(key), item.host)


def _card(folder: Path, item: Item, links: Links) -> markdown.Card | None:
    """The card in our own folder. `row.card` may be anyone's, so the name alone decides where it is."""
    file = folder / item.page.replace(".html", ".md")
    if not file.is_file() or file.is_symlink():
        return None
    return markdown.render(file.read_text(encoding="utf-8"), links)


def pages_of(items: Iterable[Item]) -> dict[str, str]:
    """Pages by the file name of the card that others link to."""
    items = list(items)
    families = {item.row.recipe for item in items}
    pages = {f"families/{id}.md": f"../families/{gallery.page_of(id)}" for id in families}
    return pages | {item.page.replace(".html", ".md"): item.page for item in items}
