"""The zoo's record: `results/`, `model_cards/`, `registry.json`. Its owner keeps it in git.

A build adds its row and card only after its gates passed. Everything here is rendered from files in
`results/` and from recipes, so rendering again changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from zoosmith import plugins
from zoosmith.build import beside, family_card, lookup
from zoosmith.build.crossval import recorded as crossvals
from zoosmith.build.moved import asked_otherwise, moved
from zoosmith.build.places import Places, record_lock, template
from zoosmith.build.plotting import write_plots
from zoosmith.build.recorded import build_in, measurements_in, migrate, suites_in
from zoosmith.build.snapshot import Snapshot
from zoosmith.cards import card as cards
from zoosmith.cards.family import FamilyInput
from zoosmith.cards.kinds import words_of
from zoosmith.cards.reproduction import Step
from zoosmith.common.canonical import pretty
from zoosmith.common.names import full_name
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.graph import Ref, Zoo
from zoosmith.records import founding, gates, registry, rows
from zoosmith.records.family import Subject
from zoosmith.records.figures import rank
from zoosmith.records.rows import steady
from zoosmith.records.schema import Base, BuildRecord, Measurement
from zoosmith.store.files import write_atomic
from zoosmith.store.locks import flock


class GateMissed(ZooError):
    """An artifact that does not meet its recipe's limits; it is not registered."""


class RecordStore(Places):
    """Reads and writes the record below one folder: the project, or the scratch folder."""

    def __init__(self, project: Path, zoo: Zoo, root: Path) -> None:
        """Keep the record of `zoo` below `root`."""
        super().__init__(root)
        self.project = project
        self.zoo = zoo

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one writer at a time, on this host."""
        with flock(record_lock(self.project, self.root)):
            yield

    def register(self, ref: Ref, build: BuildRecord, measured: Measurement) -> list[gates.Check]:
        """Hold gates; then record, render the family's cards and the row. Raises GateMissed."""
        checks = gates.evaluate(self.zoo.artifact(ref).gates, measured)
        if any(check.passed is False for check in checks):
            raise GateMissed(
                f"{build.name} misses a gate on {measured.host.id} and is not registered:\n{gates.table(checks)}\n"
                "Mend the recipe or the technique, or change the limit if it asks too much; "
                f"the artifact itself is in the store: `doit artifact:{build.name}`"
            )
        with self.locked():
            folder = self.folder(ref)
            write_atomic(folder / "build.json", _text(build))
            self._add(folder / f"{measured.host.id}.json", measured)
            for recipe in (ref.recipe, *beside.beside_whom(self.zoo, ref.recipe)):  # their cards name it
                self._render(recipe)
        return checks

    def _add(self, file: Path, measured: Measurement) -> None:
        """One file a host, with the latest run of each suite; what is better founded than `measured` stays."""
        kept = founding.by_key(founding.with_new(suites_in(file), measured))
        body = {key: m.model_dump(mode="json", by_alias=True) for key, m in kept.items()}
        write_atomic(file, pretty({"schema": 2, "suites": body}).encode())

    def build(self, ref: Ref) -> BuildRecord | None:
        """The recorded build of an artifact."""
        return build_in(self.folder(ref))

    def measurements(self, ref: Ref) -> list[Measurement]:
        """All recorded measurements of an artifact, by host and suite."""
        return measurements_in(self.folder(ref))

    def current(self, ref: Ref) -> tuple[BuildRecord, list[Measurement]] | None:
        """The recorded build with the measurements of its tree, if there are any."""
        return self.snapshot().current(ref)

    def moved(self, ref: Ref, records: Snapshot) -> list[str]:
        """Why an artifact's card is not of what would be made and asked now; [] where it is, or there is none."""
        found = records.current(ref)
        asked = asked_otherwise(self.zoo, ref, best(found[1])) if found else []
        return [*moved(self.zoo, self.project, records, ref), *asked]

    def snapshot(self) -> Snapshot:
        """The record as it is now: what is read once is not read again."""
        return Snapshot(self.zoo, self.folder)

    def render_all(self) -> list[Path]:
        """Render every card and row that has records; return the files that changed.

        Records of an older schema are written anew first.
        """
        with self.locked():
            changed = migrate(self.root, {id: family.reference.name for id, family in self.zoo.families.items()})
            records = self.snapshot()
            return changed + [path for recipe in self.zoo.families for path in self._render(recipe, records)]

    def _render(self, recipe: str, records: Snapshot | None = None) -> list[Path]:
        changed, records = [], records or self.snapshot()
        book = self.book()
        for name in self.zoo.families[recipe].recipe.artifacts:
            ref = Ref(recipe, name)
            found = records.current(ref)
            if found is None:
                continue
            build, measured = found
            checks = gates.evaluate(self.zoo.artifact(ref).gates, best(measured))
            changed += self.write_card(ref, build, measured, checks, records)
            new = rows.row(build, measured, checks, self.card_file(ref).relative_to(self.root).as_posix())
            book = rows.merged(book, build.name, new)
        if book.artifacts:
            changed += _write_changed(self.root / "registry.json", registry.to_text(book))
        return changed + family_card.write(self.root / "model_cards", self.family(recipe, records))

    def family(self, recipe: str, records: Snapshot | None = None) -> FamilyInput | None:
        """What the card of a family is made from; None while its reference is not recorded."""
        family, records = self.zoo.families[recipe], records or self.snapshot()
        build = records.build(family.reference)
        if build is None:
            return None
        headline = words_of(reporting_of(build.task, self.project), build).headline
        return family_card.given_of(family, records, headline)

    def write_card(
        self,
        ref: Ref,
        build: BuildRecord,
        measured: list[Measurement],
        checks: list[gates.Check],
        records: Snapshot | None = None,
    ) -> list[Path]:
        """Write an artifact's plots, then its card; return the files that changed."""
        given = self._given(ref, build, measured, checks, records or self.snapshot())
        plots = write_plots(self.plots_folder(ref), cards.plots(given))
        return plots + _write_changed(self.card_file(ref), cards.render(template(self.project), given))

    def _given(
        self, ref: Ref, build: BuildRecord, measured: list[Measurement], checks: list[gates.Check], records: Snapshot
    ) -> cards.CardInput:
        """All that the artifact's card is made from."""
        chosen = best(measured)
        siblings, reference = records.family(ref.recipe, chosen), self.zoo.families[ref.recipe].reference
        sizes = self._sizes(ref.recipe, records)
        runtime = plugins.load("runtimes", build.format, self.project)
        reporting = reporting_of(build.task, self.project)
        return cards.CardInput(
            recipe=self.zoo.families[ref.recipe].recipe,
            subject=Subject(build, chosen),
            siblings=siblings,
            reference_tree=recorded.tree_digest if (recorded := records.build(reference)) else None,
            left_out=[name for name in sizes if name not in {s.build.name for s in siblings}],
            sizes=sizes,
            install=self._install(),
            others=[m for m in measured if m is not chosen],
            moved=moved(self.zoo, self.project, records, ref),
            asked=asked_otherwise(self.zoo, ref, chosen),
            earlier=founding.earlier(records.measurements(ref), build.tree_digest),
            checks=checks,
            lineage=self._lineage(ref, build, records),
            relation=self._relation(ref),
            library=runtime.LIBRARY,
            pipeline_tag=reporting.PIPELINE_TAG,
            extra=runtime.EXTRA,
            dev_spent=list(self._dev_spent(ref, records)),
            words=words_of(reporting, build),
            crossval=crossvals.of_build(self.folder(ref), build),
            peers=records.peers(ref.recipe, chosen),
        )

    def _sizes(self, recipe: str, records: Snapshot) -> dict[str, int]:
        """Bytes of every recorded artifact of the family with what it needs, by full name in the recipe's order."""
        names = self.zoo.families[recipe].recipe.artifacts
        found = (current for name in names if (current := records.current(Ref(recipe, name))))
        return {build.name: build.size_total for build, _ in found}

    def _install(self) -> str | None:
        """What pip installs zoosmith from, as the registry names it."""
        return self.book().install

    def book(self) -> registry.Registry:
        """The registry as it is; an empty one where there is none yet."""
        file = self.root / "registry.json"
        return registry.parse(file.read_text(encoding="utf-8"), str(file)) if file.is_file() else registry.Registry()

    def _lineage(self, ref: Ref, build: BuildRecord, records: Snapshot) -> list[Step]:
        """The steps from the bases down to the artifact, with the digests that it was made from.

        From the build's own list of ancestors, whatever the recipe says now. Records of before have none: there the
        digests are those that its parents' records name, and a step that none names has "".
        """
        digests = {base.name: base.tree_digest for base in build.bases} | build.ancestors
        digests[str(ref)] = build.tree_digest
        nodes = [*self.zoo.lineage(ref), ref]
        for node in reversed(nodes):
            record = self._built(node, records)
            if record and record.tree_digest == digests.get(str(node)):
                digests |= {parent["name"]: parent["digest"] for parent in record.parents.values()}
        pinned = {base.name: base for base in build.bases}
        made_of = [node for node in nodes if not build.ancestors or str(node) in digests]
        gone = [Step(name, "a step that the recipe no longer has", digests[name]) for name in build.ancestors
                if name not in map(str, nodes)]  # fmt: skip
        return gone + [self._step(node, digests.get(str(node), ""), pinned.get(str(node))) for node in made_of]

    def _dev_spent(self, ref: Ref, records: Snapshot) -> Iterator[tuple[str, str]]:
        """Names of the steps that chose by `dev`, each with one that it was made from and that had learnt from it.

        What lies between need not be recorded. A parent that was built anew since is not what it was made from.
        """
        for node in [*self.zoo.lineage(ref), ref]:
            record = self._built(node, records)
            if record and record.chose_on_dev:
                parents = {parent["name"]: parent["digest"] for parent in record.parents.values()}
                for before in self.zoo.lineage(node):
                    other = self._built(before, records)
                    if other and other.learnt_dev and parents.get(str(before), other.tree_digest) == other.tree_digest:
                        yield record.name, other.name

    def _built(self, node: Ref, records: Snapshot) -> BuildRecord | None:
        """The recorded build of an artifact; None for a base."""
        return None if self.zoo.base(node) else records.build(node)

    def _step(self, node: Ref, digest: str, pinned: Base | None) -> Step:
        base = self.zoo.base(node)
        if base is None:
            builder = lookup.builder(self.zoo, node, self.project)
            made_by = f"builder {self.zoo.artifact(node).builder}"
            return Step(full_name(node.recipe, node.name), made_by, digest, getattr(builder, "REPRODUCES", "bytes"))
        known = pinned or base
        made_by = f"{known.repo}@{known.revision}" if known.repo and known.revision else str(node)
        return Step(str(node), made_by, digest)

    def _relation(self, ref: Ref) -> str | None:
        """base_model_relation of the hub, where exactly one of its values is true of the whole lineage."""
        nodes = [node for node in [*self.zoo.lineage(ref), ref] if self.zoo.base(node) is None]
        relations = {lookup.output(self.zoo, node, self.project).relation for node in nodes} - {None}
        return relations.pop() if len(relations) == 1 else None


def best(measured: Sequence[Measurement], host: str = "") -> Measurement:
    """The measurement that a card shows: suite full before quick, then of a steady host, then the latest.

    Of `host` if there is one.
    """
    return max(measured, key=lambda m: (m.host.id == host, *rank(m.suite, steady(m), m.measured, m.host.id)))


def usual_host(family: Iterable[Sequence[Measurement]]) -> str:
    """The host on which most artifacts of a family were measured, so that a table can keep to one; "" for none."""
    hosts = Counter(host for measured in family for host in {m.host.id for m in measured})
    return max(hosts, key=lambda host: (hosts[host], host), default="")


def reporting_of(kind: str, project: Path) -> ModuleType:
    """The module with a task's words for cards."""
    return plugins.load_part("tasks", kind, "reporting", project)


def _text(build: BuildRecord) -> bytes:
    return pretty(build.model_dump(mode="json", by_alias=True)).encode()


def _write_changed(path: Path, text: str) -> list[Path]:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return []
    write_atomic(path, text.encode())
    return [path]
