"""The zoo's record: `results/`, `model_cards/`, `registry.json`. Its owner keeps it in git.

A build adds its row and card only after its gates passed. Everything here is rendered from files in
`results/` and from recipes, so rendering again changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zoosmith import plugins
from zoosmith.contract import ZooError
from zoosmith.core import card as cards
from zoosmith.core import gates, registry
from zoosmith.core.canonical import digest, pretty
from zoosmith.core.names import full_name
from zoosmith.core.plan import Ref, Zoo
from zoosmith.core.records import BuildRecord, Measurement
from zoosmith.engine import zoo as zoos
from zoosmith.engine.files import write_atomic
from zoosmith.engine.locks import flock


class GateMissed(ZooError):
    """An artifact that does not meet its recipe's limits; it is not registered."""


class Book:
    """Reads and writes the record below one folder: the project, or the scratch folder."""

    def __init__(self, project: Path, zoo: Zoo, root: Path) -> None:
        """Keep the record of `zoo` below `root`."""
        self.project = project
        self.zoo = zoo
        self.root = root

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one writer at a time, on this host."""
        with flock(self.project / "artifacts" / ".store" / "locks" / f"record-{digest(str(self.root))[:8]}.lock"):
            yield

    def folder(self, ref: Ref) -> Path:
        """Where the records of an artifact are."""
        return self.root / "results" / ref.recipe / ref.name

    def card_file(self, ref: Ref) -> Path:
        """The artifact's card."""
        return self.root / "model_cards" / f"{full_name(ref.recipe, ref.name)}.md"

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
            self._render(ref.recipe)
        return checks

    def _add(self, file: Path, measured: Measurement) -> None:
        """One file a host, with the latest run of each suite; those of another tree are dropped."""
        kept = [m for m in _suites(file) if m.suite != measured.suite and m.tree_digest == measured.tree_digest]
        body = {m.suite: m.model_dump(mode="json", by_alias=True) for m in [*kept, measured]}
        write_atomic(file, pretty({"schema": 1, "suites": body}).encode())

    def build(self, ref: Ref) -> BuildRecord | None:
        """The recorded build of an artifact."""
        file = self.folder(ref) / "build.json"
        return BuildRecord.model_validate(json.loads(file.read_bytes())) if file.is_file() else None

    def measurements(self, ref: Ref) -> list[Measurement]:
        """All recorded measurements of an artifact, by host and suite."""
        files = sorted(self.folder(ref).glob("*.json"))
        return [m for file in files if file.name != "build.json" for m in _suites(file)]

    def current(self, ref: Ref) -> tuple[BuildRecord, list[Measurement]] | None:
        """The recorded build with the measurements of its tree, if there are any."""
        build = self.build(ref)
        own = [m for m in self.measurements(ref) if build and m.tree_digest == build.tree_digest]
        return (build, own) if build and own else None

    def render_all(self) -> list[Path]:
        """Render every card and row that has records; return the files that changed."""
        with self.locked():
            return [path for recipe in self.zoo.families for path in self._render(recipe)]

    def _render(self, recipe: str) -> list[Path]:
        changed = []
        rows = self.root / "registry.json"
        book = registry.parse(rows.read_text(encoding="utf-8"), str(rows)) if rows.is_file() else registry.Registry()
        for name in self.zoo.families[recipe].recipe.artifacts:
            ref = Ref(recipe, name)
            found = self.current(ref)
            if found is None:
                continue
            build, measured = found
            checks = gates.evaluate(self.zoo.artifact(ref).gates, best(measured))
            path = self.card_file(ref)
            changed += _write_changed(path, self.card(ref, build, measured, checks))
            row = registry.row(build, measured, checks, path.relative_to(self.root).as_posix())
            book = registry.merged(book, build.name, row)
        if book.artifacts:
            changed += _write_changed(rows, registry.to_text(book))
        return changed

    def card(self, ref: Ref, build: BuildRecord, measured: list[Measurement], checks: list[gates.Check]) -> str:
        """The artifact's card as text."""
        chosen = best(measured)
        runtime = plugins.load("runtimes", build.format, self.project)
        task = plugins.load("tasks", build.task, self.project)
        given = cards.CardInput(
            recipe=self.zoo.families[ref.recipe].recipe,
            subject=cards.Subject(build, chosen),
            siblings=self.family(ref.recipe, chosen),
            others=[m for m in measured if m is not chosen and m.host.id != chosen.host.id],
            checks=checks,
            lineage=self._lineage(ref),
            relation=self._relation(ref),
            library=runtime.LIBRARY,
            pipeline_tag=task.PIPELINE_TAG,
            extra=runtime.EXTRA,
        )
        return cards.render(template(self.project), given)

    def family(self, recipe: str, like: Measurement) -> list[cards.Subject]:
        """The family's artifacts as measured by the same suite on the same host, in the recipe's order."""
        found = []
        for name in self.zoo.families[recipe].recipe.artifacts:
            current = self.current(Ref(recipe, name))
            same = [m for m in current[1] if (m.host.id, m.suite) == (like.host.id, like.suite)] if current else []
            if current and same:
                found.append(cards.Subject(current[0], same[0]))
        return found

    def _lineage(self, ref: Ref) -> list[tuple[str, str, str]]:
        """(name, made by, digest) from the bases down to the artifact itself."""
        rows = []
        for node in [*self.zoo.lineage(ref), ref]:
            base = self.zoo.base(node)
            build = None if base else self.build(node)
            if base:
                where = f"{base.repo}@{base.revision[:12]}" if base.repo and base.revision else node.name
                rows.append((str(node), where, self._base_digest(ref, node)))
            elif build:
                rows.append((build.name, f"builder {build.builder}", build.tree_digest))
        return rows

    def _base_digest(self, ref: Ref, node: Ref) -> str:
        build = self.build(ref)
        return next((base.tree_digest for base in build.bases if base.name == str(node)), "-" * 12) if build else ""

    def _relation(self, ref: Ref) -> str | None:
        """base_model_relation of the hub, where exactly one of its values is true of the whole lineage."""
        nodes = [node for node in [*self.zoo.lineage(ref), ref] if self.zoo.base(node) is None]
        relations = {zoos.output(self.zoo, node, self.project).relation for node in nodes} - {None}
        return relations.pop() if len(relations) == 1 else None


def best(measured: list[Measurement]) -> Measurement:
    """The measurement that a card shows: suite full before quick, then the latest."""
    return max(measured, key=lambda m: (m.suite == "full", m.measured, m.host.id))


def template(project: Path) -> str:
    """The card template: the project's own, or the shipped one."""
    own = project / "model_cards" / "template.md.j2"
    return (own if own.is_file() else plugins.shipped("model_cards/template.md.j2")).read_text(encoding="utf-8")


def _suites(file: Path) -> list[Measurement]:
    if not file.is_file():
        return []
    suites: dict[str, Any] = json.loads(file.read_bytes())["suites"]
    return [Measurement.model_validate(body) for _, body in sorted(suites.items())]


def _text(build: BuildRecord) -> bytes:
    return pretty(build.model_dump(mode="json", by_alias=True)).encode()


def _write_changed(path: Path, text: str) -> list[Path]:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return []
    write_atomic(path, text.encode())
    return [path]
