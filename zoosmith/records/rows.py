"""Rows of the registry, made of what was recorded and added to it.

The same content recorded twice makes no new version; another host's results are added to the version that they
measured.
"""

from __future__ import annotations

from collections.abc import Sequence

from zoosmith.contract.errors import ZooError
from zoosmith.records.beaten import deciding
from zoosmith.records.gates import Check
from zoosmith.records.registry import Entry, Gates, Registry, Row
from zoosmith.records.result import Percentiles, Rates, Resident, Result
from zoosmith.records.schema import BuildRecord, Measurement
from zoosmith.records.slices import sliced


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
        first=None if measured.evals == sorted(measured.quality) else measured.evals[0],
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
