"""Rows: made of what was recorded, added to a registry in any order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import records
from tests.support.rows import EXPECTED, NAME, NAMES, book, made
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import Gate
from zoosmith.records.gates import Check, evaluate
from zoosmith.records.registry import Entry, Gates, Registry, parse, to_text
from zoosmith.records.result import Result
from zoosmith.records.rows import merged, result, row


def tree(registry: Registry, name: str = NAME) -> dict[str, str]:
    return {number: row.tree_digest for number, row in registry.artifacts[name].versions.items()}


def test_a_row_holds_what_was_built_and_measured() -> None:
    check = Check(gate="size", limit="max 30", passed=True)
    told = row(records.build(), [records.measurement()], [check], "model_cards/x.md")
    assert (told.recipe, told.artifact, told.builder, told.card) == (
        "toy",
        "onnx-int8",
        "onnx_int8",
        "model_cards/x.md",
    )
    assert told.base == ("org/encoder",)
    assert told.parents == {"from": records.sha("toy-onnx-fp32")}
    assert (told.size_own, told.size_total) == (25_000_000, 25_000_000)
    assert told.files[0].path == "model.onnx"
    assert told.gates == Gates(passed=True, checks=(check,))
    [result] = told.results
    assert (result.host, result.suite, result.threads) == ("epyc-2c", "quick", 1)
    assert sorted(result.quality) == ["toy.accuracy", "toy.macro_f1"]
    assert result.quality["toy.accuracy"].value == 0.9
    assert result.versus is not None and result.versus["toy"].divergence["agreement"].value == 0.98
    assert (result.latency_ms.p95, result.memory_mb.peak) == (3.0, 110)
    assert result.speedup is not None and result.speedup.low == 2.75


def test_a_result_says_how_it_was_measured_and_whether_the_host_was_steady() -> None:
    busy = records.measurement(load_average=2.5)
    told = result(records.measurement(suite_version=2, device="cuda"))
    assert (told.suite_version, told.device, told.steady) == (2, "cuda", True)
    assert result(busy).steady is False, "more wanted a core than there are"
    aa = {"aa": records.bounded(1.0, 0.01), "attempts": 1, "busy": 0.0}
    assert result(records.measurement(load_average=2.5, steadiness=aa | {"steady": True})).steady is True
    assert result(records.measurement(steadiness=aa | {"steady": False})).steady is False


def test_rows_from_before_these_fields_can_be_read() -> None:
    old = result(records.measurement()).model_dump()
    for key in ("suite_version", "device", "steady"):
        del old[key]
    read = Result.model_validate(old)
    assert (read.suite_version, read.device, read.steady) == (None, "cpu", True)


def test_the_reference_is_compared_with_nothing() -> None:
    [result] = row(records.build("toy-fp32"), [records.reference()], [], "").results
    assert result.versus is None
    assert result.speedup is None


def test_a_local_base_goes_by_its_name() -> None:
    base = {"name": "toy/encoder", "tree_digest": records.sha("encoder")}
    assert row(records.build(bases=[base]), [records.measurement()], [], "").base == ("toy/encoder",)


@pytest.mark.parametrize(
    ("limit", "passed"), [({"max": 30.0}, True), ({"max": 20.0}, False), ({"max": 20.0, "hosts": ("x",)}, True)]
)
def test_gates_that_do_not_apply_do_not_fail(limit: dict[str, Any], passed: bool) -> None:
    checks = evaluate({"size": Gate(**limit)}, records.measurement())
    assert row(records.build(), [records.measurement()], checks, "").gates.passed is passed


def test_measurements_of_another_tree_are_left_out() -> None:
    old = records.measurement(tree_digest=records.sha("old"), host=records.host("xeon"))
    told = row(records.build(), [old, records.measurement()], [], "")
    assert [result.host for result in told.results] == ["epyc-2c"]
    with pytest.raises(ZooError, match="toy-onnx-int8 has no measurement of its tree; run `doit build:toy-onnx-int8`"):
        row(records.build(), [old], [], "")


def test_results_are_sorted_by_host_and_suite() -> None:
    runs = [("xeon", "quick"), ("epyc-2c", "quick"), ("epyc-2c", "full")]
    measured = [records.measurement(host=records.host(host), suite=suite) for host, suite in runs]
    told = row(records.build(), measured, [], "")
    assert [(result.host, result.suite) for result in told.results] == sorted(runs)


def test_the_first_is_version_one() -> None:
    entry = book((NAME, made())).artifacts[NAME]
    assert (entry.latest, entry.aliases, list(entry.versions)) == (1, {}, ["1"])


def test_the_same_content_twice_changes_nothing() -> None:
    once = book((NAME, made()))
    twice = merged(once, NAME, made())
    assert to_text(twice) == to_text(once)


def test_a_new_tree_is_the_next_version() -> None:
    registry = book(*((NAME, made(tree=mark)) for mark in "abc"))
    assert registry.artifacts[NAME].latest == 3
    assert tree(registry) == {"1": records.sha("a"), "2": records.sha("b"), "3": records.sha("c")}


def test_an_older_tree_built_again_is_the_latest_and_overwrites_none() -> None:
    registry = book(*((NAME, made(tree=mark)) for mark in "aba"))
    assert registry.artifacts[NAME].latest == 1
    after = merged(registry, NAME, made(tree="c"))
    assert after.artifacts[NAME].latest == 3
    assert tree(after) == {"1": records.sha("a"), "2": records.sha("b"), "3": records.sha("c")}


def test_what_another_host_measured_is_kept() -> None:
    registry = book((NAME, made(hosts=["epyc-2c"], seconds=2.0)), (NAME, made(hosts=["xeon"], seconds=5.0)))
    [version] = registry.artifacts[NAME].versions.values()
    assert {result.host: result.latency_ms.p50 for result in version.results} == {"epyc-2c": 2.0, "xeon": 5.0}


def test_a_host_replaces_its_own_result() -> None:
    registry = book((NAME, made(seconds=2.0)), (NAME, made(seconds=5.0)))
    [version] = registry.artifacts[NAME].versions.values()
    assert [result.latency_ms.p50 for result in version.results] == [5.0]


def test_locations_and_aliases_outlive_a_new_measurement() -> None:
    row = made().model_copy(update={"locations": ("hub:org/toy@" + "c" * 40,)})
    entry = Entry(latest=1, aliases={"stable": 1}, versions={"1": row})
    after = merged(Registry(artifacts={NAME: entry}), NAME, made(hosts=["xeon"])).artifacts[NAME]
    assert after.aliases == {"stable": 1}
    assert after.versions["1"].locations == row.locations
    newer = merged(Registry(artifacts={NAME: entry}), NAME, made(tree="b")).artifacts[NAME]
    assert newer.aliases == {"stable": 1}
    assert newer.versions["1"] == row
    assert newer.versions["2"].locations == ()


@given(st.permutations(NAMES))
def test_the_order_of_disjoint_names_does_not_matter(names: list[str]) -> None:
    assert to_text(book(*((name, made(name)) for name in names))) == EXPECTED


@given(st.permutations(["epyc-2c", "xeon", "arm", "zen-5"]))
def test_the_order_of_hosts_does_not_matter(hosts: list[str]) -> None:
    one_by_one = book(*((NAME, made(hosts=[host])) for host in hosts))
    assert to_text(one_by_one) == to_text(book((NAME, made(hosts=sorted(hosts)))))


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=8))
def test_no_tree_is_lost_or_doubled(marks: list[str]) -> None:
    registry = book(*((NAME, made(tree=mark)) for mark in marks))
    assert sorted(tree(registry).values()) == sorted({records.sha(mark) for mark in marks})
    assert tree(registry)[str(registry.artifacts[NAME].latest)] == records.sha(marks[-1])
    assert parse(to_text(registry), "registry.json") == registry
