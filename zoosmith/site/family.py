"""A family as the gallery shows it: the host that leads, a line for each artifact, and what to take for which wish."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from zoosmith.records import verdicts, words
from zoosmith.records.figures import Figures, of_result
from zoosmith.records.recommended import Recommended, recommended
from zoosmith.records.verdicts import Verdict
from zoosmith.site import gallery
from zoosmith.site.gallery import Compared, Group, Item


@dataclass(frozen=True)
class Pick:
    """What one kind of user should take: `wish` names the kind, `mark` in one word, `rule` says how it was found.

    item: None where nothing measured qualifies; of: how many artifacts it was found among, on `host`.
    """

    wish: str
    rule: str
    mark: str
    host: str
    of: int
    item: Item | None


@dataclass(frozen=True)
class Family:
    """Artifacts of one recipe. `items` has one line for each, the recommended first; `elsewhere` holds other hosts'.

    host: the one that measured most of them, whose figures lead; "" where nobody has measured any.
    """

    id: str
    host: str
    items: list[Item]
    elsewhere: list[Item]
    picks: list[Pick]

    @property
    def page(self) -> str:
        """File name of its page."""
        return gallery.page_of(self.id)

    @property
    def recommended(self) -> Item | None:
        """The one to take unless something else is wished for."""
        return self.picks[0].item if self.picks else None

    @property
    def reference(self) -> Item | None:
        """What the others are compared with, where it is there."""
        return next((item for item in self.items if item.is_reference), None)

    @cached_property
    def wishes(self) -> dict[str, list[str]]:
        """By artifact the marks of what it is the first choice for; other hosts' choices are not among it."""
        found: dict[str, list[str]] = {}
        for pick in self.picks:
            if pick.item and pick.host == self.host:
                found.setdefault(pick.item.name, []).append(pick.mark)
        return found

    @cached_property
    def groups(self) -> list[Group]:
        """What may be drawn in one plot, on the host that leads; the most artifacts first."""
        found = gallery.groups(item for item in self.items if item.host == self.host)
        return sorted(found, key=lambda group: -len(group.items))

    @property
    def compared(self) -> Compared | None:
        """The metric that most of them share."""
        return _shared([item for item in self.items if item.host == self.host])


def families(items: Sequence[Item]) -> dict[str, Family]:
    """All families by recipe, sorted."""
    return {id: _family(id, own) for id, own in gallery.families(items).items()}


def arranged(items: Sequence[Item]) -> list[Item]:
    """The items by recommendation: the first choice of each family, then the rest family by family; indexes anew."""
    known = families(items)
    places = {id: {item.name: place for place, item in enumerate(one.items)} for id, one in known.items()}

    def key(item: Item) -> tuple[bool, str, int, bool, str]:
        family = known[item.row.recipe]
        rest = family.recommended is None or item.name != family.recommended.name
        return rest, family.id, places[family.id][item.name], item.host != family.host, item.host

    return [replace(item, index=index) for index, item in enumerate(sorted(items, key=key))]


def judged(item: Item) -> Verdict | None:
    """The verdict on its headline metric against the reference; None where there is nothing to judge."""
    figure, change, result = item.quality, item.change, item.result
    if figure is None or change is None or result is None or item.compared is None:
        return None
    id, _, metric = item.compared.metric.partition(".")
    versus = (result.versus or {})[id]
    if metric not in versus.delta:
        return verdicts.apart(figure)
    return verdicts.verdict(change, figure, change.n, versus.discordant)


def _family(id: str, own: Sequence[Item]) -> Family:
    hosts = gallery.hosts(own)
    host = hosts[0] if hosts else ""
    led = {item.name: item for item in sorted(own, key=lambda item: (item.host == host, item.host))}
    choices = {name: choice for name in hosts if (choice := _choice([item for item in own if item.host == name]))}
    ranked = choices[host].ranked if host in choices else ()
    place = {name: number for number, name in enumerate(ranked)}
    items = sorted(led.values(), key=lambda item: (place.get(item.name, len(place)), item.name))
    shown = {(item.name, item.host) for item in items}
    elsewhere = sorted((i for i in own if (i.name, i.host) not in shown), key=lambda item: (item.host, item.name))
    picks = list(_picks(choices[host], own, choices)) if host in choices else []
    return Family(id, host, items, elsewhere, picks)


def _choice(here: Sequence[Item]) -> Recommended | None:
    """The choice among one host's rows that share a metric, a device and a number of threads."""
    compared = _shared(here)
    rows = [_figures(item) for item in here if compared and item.compared == compared]
    if compared is None or not rows:
        return None
    [(way, _)] = Counter((row.device, row.threads) for row in rows).most_common(1)
    return recommended([row for row in rows if (row.device, row.threads) == way], compared.metric)


def _figures(item: Item) -> Figures:
    assert item.result is not None
    return of_result(item.name, item.row, item.result)


def _shared(items: Sequence[Item]) -> Compared | None:
    counted = Counter(item.compared for item in items if item.compared)
    return min(counted, key=lambda one: (-counted[one], one.metric, one.data), default=None)


def _picks(choice: Recommended, own: Sequence[Item], choices: dict[str, Recommended]) -> Iterator[Pick]:
    """For the three wishes on the host that leads, then the fastest on each other host that compared some."""
    here = {item.name: item for item in own if item.host == choice.host}
    limit = _margin(here[choice.ranked[0]])
    close, sure = f"value at most {limit} worse than the reference's", f"loss over {limit} excluded"
    if not limit:
        close, sure = "value no worse than the reference's", "a loss excluded"
    within = f" within {limit}" if limit else ""
    told = (
        (f"Fastest{within}", f"the fastest with a {close}", choice.fastest),
        (f"Smallest{within}", f"the smallest with a {close}", choice.smallest),
        ("Safest", f"the fastest with {'a ' if limit else ''}{sure}", choice.safest),
    )
    for wish, rule, name in told:
        yield Pick(wish, rule, wish.partition(" ")[0].lower(), choice.host, choice.of, here[name] if name else None)
    for host, other in choices.items():
        if host != choice.host and other.of > 1 and other.fastest:
            there = {item.name: item for item in own if item.host == host}
            rule = f"the fastest there with a {close}"
            yield Pick(f"Fastest{within} on {host}", rule, "fastest", host, other.of, there[other.fastest])


def _margin(item: Item) -> str:
    """The loss that matters, in words; "" where nobody said."""
    matters = item.quality.matters if item.quality else None
    return words.exactly(matters, item.quality.unit) if matters and item.quality else ""
