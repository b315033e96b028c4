"""From an artifact to the action that measures it, on this host or on a node of a cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoosmith import plugins
from zoosmith.bench.host import device, this_host
from zoosmith.build import lookup
from zoosmith.build.codehash import closure_key
from zoosmith.build.resolve import Resolver, Unresolved
from zoosmith.common.names import full_name
from zoosmith.contract.manifest import PAYLOAD_MANIFEST
from zoosmith.contract.output import Resources
from zoosmith.execution.action import Action
from zoosmith.recipes.graph import Ref
from zoosmith.recipes.schema import Eval
from zoosmith.store.store import ActionResult

if TYPE_CHECKING:
    from zoosmith.build.machine import Machine

SUITE_VERSION = 2
# The code that the version stands for; tests/build/test_suite.py says what to do when it moves.
SUITE_CODE = "e47df7bc3398190e963a9a99d701e7ec5710003821856e9d5499c7b68114dbd3"
SUITES = ("quick", "full")
THREADS = 1
EVAL_KEY = ("kind", "fingerprint", "rows", "slices", "asked", "baselines")


def measure_action(resolver: Resolver, ref: Ref, suite: str, at: Machine | None = None) -> Action:
    """The measurement of an artifact on this host, or on the nodes of a cluster that are like `at`.

    Raises Unresolved while it, its reference or the data is missing.
    """
    reference = resolver.zoo.families[ref.recipe].reference
    mine, theirs = resolver.tree("artifact", ref), resolver.tree("artifact", reference)
    if ref == reference or mine == theirs:
        return trees_action(resolver, ref, suite, mine, mine, at=at)
    measured = _finished(resolver, measure_action(resolver, reference, suite, at)).tree
    return trees_action(resolver, ref, suite, mine, theirs, measured, at)


def trees_action(
    resolver: Resolver,
    ref: Ref,
    suite: str,
    mine: str,
    theirs: str,
    reference_measured: str | None = None,
    at: Machine | None = None,
) -> Action:
    """The measurement of the tree `mine` on the evals that ask `ref`, against the tree `theirs`.

    Both are in the store, whoever built them; where they differ, `reference_measured` is the tree of a measurement of
    `theirs`. Raises Unresolved while the data is missing.
    """
    recipe = resolver.zoo.families[ref.recipe].recipe
    reference = full_name(ref.recipe, recipe.reference)
    evals = {id: _eval(resolver, ref.recipe, id) for id in recipe.evals_of(ref.name)}
    formats = sorted({str(_manifest(resolver, tree)["format"]) for tree in (mine, theirs)})
    named = resolver.code(*_code(resolver, ref.recipe, formats, evals))
    told = {"reference_measured": reference_measured} if reference_measured else {}
    sizes = {"size_own": _size(resolver, mine), "size_total": _total(resolver, mine)}
    packages = _packages(resolver, formats)
    where = (at.host, at.device) if at else (this_host().id, device())
    return Action(
        name=f"{ref.recipe}/measured/{ref.name}-{suite}" + (f".{at.host.replace('-', '.')}" if at else ""),
        title=f"measure {full_name(ref.recipe, ref.name)}" + (f" on {at.host}" if at else ""),
        entry="zoosmith.bench.measure:run",
        inputs={
            **_asked(suite, mine, theirs, evals, where),
            "code": closure_key(named),
            "packages": at.versions(packages) if at else resolver.versions(packages),
        },
        run={
            "name": full_name(ref.recipe, ref.name),
            "reference": reference,
            "code": named,
            "evals": evals,
            **sizes,
            "reference_size_total": _total(resolver, theirs),
            **told,
        },
        resources=Resources(cpus=10**6, memory_mb=2048),
        timeout_s=3_600.0 if suite == "quick" else 14_400.0,
        exclusive=True,
        host=at.host if at else "",
    )


def _asked(
    suite: str, mine: str, theirs: str, evals: dict[str, dict[str, Any]], where: tuple[str, str]
) -> dict[str, Any]:
    """What is measured, by what, and where: host and device."""
    return {
        "schema": 1,
        "kind": "measure",
        "suite": suite,
        "version": SUITE_VERSION,
        "artifact": mine,
        "reference": theirs,
        "evals": {id: [about[name] for name in EVAL_KEY if name in about] for id, about in evals.items()},
        "host": where[0],
        "threads": THREADS,
        "device": where[1],
    }


def _code(resolver: Resolver, recipe: str, formats: list[str], evals: dict[str, dict[str, Any]]) -> list[Path]:
    """The modules that answer, encode and judge: runtimes of the formats, encoding and scoring of the evals' kinds.

    The encoding is among them because an artifact can keep its bytes while its inputs are encoded otherwise.
    """
    kinds = [kind for about in evals.values() for kind in lookup.asking(resolver.zoo, recipe, about["kind"])]
    runtimes = [plugins.find("runtimes", format, resolver.project) for format in formats]
    parts = [(kind, part) for part in ("scoring", "encoding") for kind in kinds]
    return runtimes + [plugins.part_file("tasks", kind, part, resolver.project) for kind, part in parts]


def _packages(resolver: Resolver, formats: list[str]) -> tuple[str, ...]:
    """What the runtimes of the formats require."""
    runtimes = [plugins.load("runtimes", format, resolver.project) for format in formats]
    return tuple(sorted({name for runtime in runtimes for name in runtime.REQUIRES}))


def _eval(resolver: Resolver, recipe: str, id: str) -> dict[str, Any]:
    """Kind, data, split, tree and fingerprint of an eval, and how many rows where not all. Raises Unresolved."""
    spec = resolver.zoo.families[recipe].recipe.evals[id]
    data_ref = Ref(recipe, spec.data)
    tree, data = resolver.tree("data", data_ref), resolver.zoo.data(data_ref)
    splits = resolver.data_info(tree)["splits"]
    return {
        "kind": spec.kind,
        "data": data.repo or data.builtin or spec.data,
        "split": spec.split,
        "tree": tree,
        "fingerprint": splits[spec.split]["sha256"],
    } | {name: value for name, value in _further(resolver, Ref(recipe, id), spec).items() if value}


def _further(resolver: Resolver, ref: Ref, spec: Eval) -> dict[str, Any]:
    """What few evals say; of baselines the tree with their answers."""
    baselines = resolver.tree("baselines", ref) if spec.baselines else None
    return {"rows": spec.rows, "slices": list(spec.slices), "asked": spec.asked, "baselines": baselines}


def _size(resolver: Resolver, tree: str) -> int:
    return sum(entry.size for entry in resolver.store.tree(tree) or ())


def _total(resolver: Resolver, tree: str) -> int:
    """Bytes of a tree and of all that it cannot be opened without."""
    needed = _manifest(resolver, tree)["needs"].values()
    return _size(resolver, tree) + sum(_size(resolver, other) for other in needed)


def _manifest(resolver: Resolver, tree: str) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(resolver.store.read(tree, PAYLOAD_MANIFEST))
    return manifest


def _finished(resolver: Resolver, action: Action) -> ActionResult:
    record = resolver.done(action)
    if record is None:
        raise Unresolved(f"{action.title} comes first")
    return record
