"""registry.json: every artifact, its versions, files with hashes, and what was measured.

Rows are sorted, so that two people's additions merge cleanly. The same content recorded twice makes no new
version; another host's results are added to the version that they measured.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from zoosmith.common.canonical import pretty
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import Model, Sha256
from zoosmith.records import history
from zoosmith.records.beaten import deciding
from zoosmith.records.gates import Check
from zoosmith.records.history import Move
from zoosmith.records.migration import migrated
from zoosmith.records.schema import BuildRecord, File, Measurement
from zoosmith.records.scores import Bounded, Difference, Metric, Versus, undiverged
from zoosmith.records.slices import sliced

INSTALL = r"^(https|git\+https|git\+ssh|file)://[A-Za-z0-9@:/._+#&=~-]+$"  # stands in a line for a shell


class Percentiles(Model):
    """Milliseconds at batch 1, end to end."""

    p50: float
    p95: float
    p99: float


class Rates(Model):
    """Tokens a second: of the prompt read, and generated."""

    prompt_per_s: float
    per_s: float


class Resident(Model):
    """MiB resident after load and at the peak."""

    load: int
    peak: int


class Result(Model):
    """What one suite measured on one host. `quality` maps EVAL.METRIC to a value with its interval.

    `versus` compares with the reference, by eval; None for the reference itself. `reference_tree` is
    the digest of what it was compared with, None in old rows. `steady` is False where the host could
    not tell a speed for sure. `suite_version` is None in old rows. `latency_of` is "token" where the milliseconds are
    of a generated token and not of a call. `slices` maps EVAL.METRIC[COLUMN=VALUE] to the one metric that slices are
    ranked by; `baselines` has by eval the metric of each baseline that decides whether it is beaten.
    """

    host: str
    suite: str
    suite_version: int | None = None
    threads: int
    device: str = "cpu"
    steady: bool = True
    quality: dict[str, Metric]
    slices: dict[str, Metric] = Field(default={}, exclude_if=lambda value: not value)
    baselines: dict[str, dict[str, Metric]] = Field(default={}, exclude_if=lambda value: not value)
    versus: dict[str, Versus] | None = None
    reference_tree: str | None = Field(default=None, exclude_if=lambda value: value is None)
    latency_ms: Percentiles
    latency_of: Literal["call", "token"] = Field(default="call", exclude_if=lambda value: value == "call")
    generation: Rates | None = Field(default=None, exclude_if=lambda value: value is None)
    speedup: Bounded | None = None
    memory_mb: Resident

    def metrics(self) -> Iterator[tuple[str, Metric]]:
        """Every metric by `EVAL.METRIC`."""
        yield from self.quality.items()

    def metric(self, name: str) -> Metric | None:
        """The metric or divergence called `EVAL.METRIC`, or None. The reference does not diverge from itself."""
        id, _, metric = name.partition(".")
        if name in self.slices:
            return self.slices[name]
        own = [told for other, told in self.quality.items() if other.startswith(f"{id}.")]
        if not own or name in self.quality:
            return self.quality.get(name)
        if self.versus is not None:
            return self.versus[id].divergence.get(metric) if id in self.versus else None
        return undiverged(metric, own)

    def change(self, name: str) -> Difference | None:
        """Artifact minus reference of `EVAL.METRIC`; a divergence is itself the change. None for the reference."""
        id, _, metric = name.partition(".")
        return self.versus[id].change(metric) if self.versus and id in self.versus else None


class Gates(Model):
    """Whether the artifact met its recipe's limits."""

    passed: bool
    checks: tuple[Check, ...]


class Row(Model):
    """One version of one artifact. Where `locations` is empty, `doit build:NAME` makes it.

    signed_by: ids of the keys whose signatures lie beside its files; only those who trust one can say what it is worth.
    """

    recipe: str
    artifact: str
    builder: str
    format: str
    precision: str
    task: str
    license: str
    base: tuple[str, ...]
    parents: dict[str, str]
    reference: str
    needs: dict[str, str]
    tree_digest: str
    files: tuple[File, ...]
    size_own: int
    size_total: int
    action_key: str
    packages: dict[str, str]
    results: tuple[Result, ...]
    gates: Gates
    card: str
    locations: tuple[str, ...] = ()
    signed_by: tuple[Sha256, ...] = Field(default=(), exclude_if=lambda value: not value)


class Entry(Model):
    """All versions of one artifact by number; aliases name a number.

    yanked: by number, why a version is to be had by its number alone. history: every change of aliases and of `yanked`.
    """

    latest: int
    aliases: dict[str, int] = {}
    yanked: dict[str, str] = Field(default={}, exclude_if=lambda value: not value)
    history: tuple[Move, ...] = Field(default=(), exclude_if=lambda value: not value)
    versions: dict[str, Row]

    @property
    def newest(self) -> int | None:
        """What NAME alone means: `latest`, or the highest that is not yanked; None where all are."""
        return newest(self.latest, self.versions, self.yanked)

    @model_validator(mode="after")
    def _numbered(self) -> Entry:
        for key in self.versions:
            if not re.fullmatch("[1-9][0-9]{0,8}", key):
                raise ValueError(f"{key!r} is no version; versions are numbers from 1")
        for name, number in {"latest": self.latest, **self.aliases}.items():
            if str(number) not in self.versions:
                raise ValueError(f"{name} is version {number}, which is not there; was a merge left unfinished?")
        return self

    @model_validator(mode="after")
    def _followed(self) -> Entry:
        if fault := history.fault(self.history, self.aliases, self.yanked, self.versions):
            raise ValueError(f"{fault}; take the registry from its history, or from another copy, and compare")
        return self


def newest(latest: int, versions: Iterable[str], yanked: Container[str]) -> int | None:
    """As `Entry.newest`, of an entry's parts."""
    if str(latest) not in yanked:
        return latest
    return max((int(number) for number in versions if number not in yanked), default=None)


class Registry(Model):
    """The whole file. One of schema 1 is read as well; what is written is of schema 2.

    install: where pip gets zoosmith from, a wheel's address or `git+https://...`, which cards repeat; None where those
    who use the zoo have a checkout. Its owner writes it. Source: PEP 508, direct references.
    """

    schema_: Literal[2] = Field(default=2, alias="schema")
    install: str | None = Field(default=None, pattern=INSTALL, exclude_if=lambda value: value is None)
    artifacts: dict[str, Entry] = {}

    @model_validator(mode="before")
    @classmethod
    def _of_schema_2(cls, told: Any) -> Any:
        try:
            return migrated(told) if isinstance(told, dict) and told.get("schema") == 1 else told
        except (KeyError, TypeError, AttributeError, StopIteration) as error:
            raise ValueError(f"is of schema 1, and damaged: {type(error).__name__} {error}") from None


def parse(text: str, file: str) -> Registry:
    """The registry in `text`. Raises ZooError naming the first thing that is wrong."""
    try:
        return Registry.model_validate(json.loads(text))
    except json.JSONDecodeError as error:
        raise ZooError(f"{file}:{error.lineno}: {error.msg}; was a merge left unfinished?") from None
    except ValidationError as error:
        raise ZooError(f"{fault(error, file)}; restore the file from its history (`git restore`)") from None


def fault(error: ValidationError, file: str) -> str:
    """The first thing that is wrong in a registry, and where."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the registry"
    return f"{file}: {where}: {first['msg'].removeprefix('Value error, ')}"


def to_text(registry: Registry) -> str:
    """The committed form: keys sorted as text, one final newline."""
    return pretty(registry.model_dump(mode="json", by_alias=True))


def row(build: BuildRecord, measurements: Sequence[Measurement], checks: Sequence[Check], card: str) -> Row:
    """The row of a build with the measurements of its tree. Raises ZooError where there is none."""
    own = [m for m in measurements if m.tree_digest == build.tree_digest]
    if not own:
        raise ZooError(f"{build.name} has no measurement of its tree; run `doit build:{build.name}`")
    failed = any(check.passed is False for check in checks)
    return Row(
        recipe=build.recipe,
        artifact=build.artifact,
        builder=build.builder,
        format=build.format,
        precision=build.precision,
        task=build.task,
        license=build.license,
        base=tuple(base.repo or base.name for base in build.bases),
        parents={role: parent["digest"] for role, parent in build.parents.items()},
        reference=own[0].reference,
        needs=build.needs,
        tree_digest=build.tree_digest,
        files=build.files,
        size_own=build.size_own,
        size_total=build.size_total,
        action_key=build.action_key,
        packages=build.packages,
        results=tuple(sorted((result(m) for m in own), key=lambda r: (r.host, r.suite))),
        gates=Gates(passed=not failed, checks=tuple(checks)),
        card=card,
    )


def result(measured: Measurement) -> Result:
    """A measurement in the registry's short form."""
    latency, memory, generation = measured.latency_ms, measured.memory_mb, measured.generation
    return Result(
        host=measured.host.id,
        suite=measured.suite,
        suite_version=measured.suite_version,
        threads=measured.threads,
        device=measured.device,
        steady=steady(measured),
        quality=dict(measured.metrics()),
        slices=sliced(measured.quality),
        baselines=deciding(measured.quality),
        versus=measured.versus
        and {id: told.model_copy(update={"answers": None}) for id, told in measured.versus.items()},
        reference_tree=measured.reference_digest,
        latency_ms=Percentiles(p50=latency.p50, p95=latency.p95, p99=latency.p99),
        latency_of=measured.latency_of,
        generation=generation and Rates(prompt_per_s=generation.prompt_per_s, per_s=generation.per_s),
        speedup=measured.speedup,
        memory_mb=Resident(load=memory.load, peak=memory.peak),
    )


def _short(versus: Versus) -> Versus:
    """Without the reference's answers."""
    return versus.model_copy(update={"answers": None}) if versus.answers else versus


def steady(measured: Measurement) -> bool:
    """As the suite found it; without that, whether the host had a core for everything that wanted one."""
    if measured.steadiness is not None:
        return measured.steadiness.steady
    return measured.load_average <= measured.host.cores


def merged(registry: Registry, name: str, new: Row) -> Registry:
    """The registry with `new` as the latest version of `name`, or folded into it if the tree is the same."""
    entry = registry.artifacts.get(name)
    if entry is None:
        entry = Entry(latest=1, versions={"1": new})
    else:
        same = next((n for n, old in entry.versions.items() if old.tree_digest == new.tree_digest), None)
        number = same or str(max(map(int, entry.versions)) + 1)  # latest may be an older one, built again
        folded = _folded(entry.versions[same], new) if same else new
        entry = entry.model_copy(update={"latest": int(number), "versions": entry.versions | {number: folded}})
    return registry.model_copy(update={"artifacts": registry.artifacts | {name: entry}})


def _folded(old: Row, new: Row) -> Row:
    """The new row with the results of other hosts, the locations and the signatures that the old one had.

    A host that the new row knows is there with all its suites: what its record no longer holds goes.
    """
    fresh = {result.host for result in new.results}
    kept = [result for result in old.results if result.host not in fresh]
    results = sorted([*kept, *new.results], key=lambda r: (r.host, r.suite))
    signers = tuple(dict.fromkeys((*old.signed_by, *new.signed_by)))
    return new.model_copy(update={"results": tuple(results), "locations": old.locations, "signed_by": signers})


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of registry.json: `zoosmith schema registry`."""
    schema = Registry.model_json_schema(by_alias=True, mode="serialization")
    return schema | {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Zoosmith registry"}
