"""registry.json: additive, sorted, the same whatever the order."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from functools import reduce
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import records
from tests.support.zoo import ROOT
from zoosmith.common.canonical import pretty
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import Gate
from zoosmith.records import registry
from zoosmith.records.gates import Check, evaluate
from zoosmith.records.registry import Registry, Result, Row, merged, parse, result, row, to_text

NAMES = ["toy-fp32", "toy-int8", "toy-onnx-fp32", "toy-onnx-int8", "toy-10", "toy-9"]
NAME = "toy-onnx-int8"
SCHEMA = registry.json_schema()
EDITOR = jsonschema.Draft202012Validator(SCHEMA)


def made(name: str = NAME, *, tree: str = "", hosts: Sequence[str] = ("epyc-2c",), seconds: float = 2.0) -> Row:
    """A row of `name` with the tree `tree`, measured on each host."""
    digest = records.sha(tree or name)
    latency = {"p50": seconds, "p95": 3.0, "p99": 4.0, "n": 100}
    measured = [
        records.measurement(name, tree_digest=digest, host=records.host(host), latency_ms=latency) for host in hosts
    ]
    return row(records.build(name, tree_digest=digest), measured, [], f"model_cards/{name}.md")


def book(*rows: tuple[str, Row]) -> Registry:
    return reduce(lambda registry, entry: merged(registry, *entry), rows, Registry())


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
    assert told.gates == registry.Gates(passed=True, checks=(check,))
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
    entry = registry.Entry(latest=1, aliases={"stable": 1}, versions={"1": row})
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


EXPECTED = to_text(book(*((name, made(name)) for name in NAMES)))


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


def test_two_branches_that_add_neighbours_change_different_lines() -> None:
    """A merge of text is clean when what each side adds is a block of its own."""
    base = book(*((name, made(name)) for name in ("toy-a", "toy-m", "toy-z")))
    lines = to_text(base).splitlines()
    for added in ("toy-b", "toy-n"):
        longer = to_text(merged(base, added, made(added))).splitlines()
        start = next(i for i, (old, new) in enumerate(zip(lines, longer, strict=False)) if old != new)
        length = len(longer) - len(lines)
        assert longer[:start] + longer[start + length :] == lines


def test_committed_form_is_sorted_and_ends_in_one_newline() -> None:
    text = EXPECTED
    assert text.endswith("}\n") and not text.endswith("\n\n")
    assert text == pretty(json.loads(text))
    assert list(json.loads(text)["artifacts"]) == sorted(NAMES)


def test_an_empty_registry() -> None:
    assert json.loads(to_text(Registry())) == {"schema": 2, "artifacts": {}}
    assert parse(to_text(Registry()), "registry.json") == Registry()


def broken(*path: str, value: Any) -> str:
    """The text of a registry with another value at `path`."""
    data = json.loads(to_text(book((NAME, made()))))
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return json.dumps(data)


VERSION = ("artifacts", NAME, "versions", "1")
DAMAGED = [
    ("", "registry.json:1: Expecting value; was a merge left unfinished?"),
    ('{\n<<<<<<< ours\n"schema": 1}', "registry.json:2: Expecting property name"),
    ('{"schema": 1', "registry.json:1: Expecting"),
    ("[]", "registry.json: the registry: Input should be"),
    (broken("schema", value=3), "registry.json: schema: Input should be 2"),
    (broken("colour", value="blue"), "registry.json: colour: Extra inputs are not permitted"),
    (broken(*VERSION, "size_own", value="big"), f"registry.json: artifacts.{NAME}.versions.1.size_own: Input should"),
    (broken(*VERSION, value=None), f"registry.json: artifacts.{NAME}.versions.1: Input should"),
    (broken("artifacts", NAME, "latest", value=2), f"artifacts.{NAME}: latest is version 2, which is not there; was a"),
    (broken("artifacts", NAME, "aliases", value={"stable": 7}), f"{NAME}: stable is version 7, which is not there"),
    (broken("artifacts", NAME, "versions", value={"9" * 5000: json.loads(made().model_dump_json())}), "is no version"),
    (broken("artifacts", NAME, "versions", value={"one": json.loads(made().model_dump_json())}), "'one' is no version"),
]


@pytest.mark.parametrize(("text", "message"), DAMAGED, ids=[case[1][:60] for case in DAMAGED])
def test_a_damaged_file_is_told_in_one_line(text: str, message: str) -> None:
    with pytest.raises(ZooError) as error:
        parse(text, "registry.json")
    assert message in str(error.value)
    assert str(error.value).startswith("registry.json:")
    assert "\n" not in str(error.value)


def test_json_schema_is_valid_and_named() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["title"] == "Zoosmith registry"


def test_json_schema_accepts_what_is_written() -> None:
    gates = evaluate({"size": Gate(max=30), "speed": Gate(min=2, hosts=("x",))}, records.measurement())
    full = row(records.build(needs={"base": records.sha("base")}), [records.measurement()], gates, "")
    alone = row(records.build("toy-fp32"), [records.reference()], [], "")
    for written in (Registry(), book((NAME, full), ("toy-fp32", alone), (NAME, made(tree="b")))):
        EDITOR.validate(json.loads(to_text(written)))


BAD: list[tuple[tuple[str, ...], Any]] = [
    (("schema",), 3),
    (("colour",), "blue"),
    (("artifacts", NAME, "latest"), "1"),
    ((*VERSION, "colour"), "blue"),
    ((*VERSION, "files"), {}),
    ((*VERSION, "size_own"), 1.5),
    ((*VERSION, "gates"), {"passed": "yes", "checks": []}),
    (("artifacts", NAME, "aliases"), {"stable": "v1"}),
]


@pytest.mark.parametrize(("path", "value"), BAD, ids=[".".join(case[0]) for case in BAD])
def test_json_schema_refuses(path: tuple[str, ...], value: Any) -> None:
    assert not EDITOR.is_valid(json.loads(broken(*path, value=value)))


@pytest.mark.parametrize("key", ["tree_digest", "files", "results", "license", "gates", "card"])
def test_json_schema_misses(key: str) -> None:
    data = json.loads(to_text(book((NAME, made()))))
    changed = copy.deepcopy(data)
    del changed["artifacts"][NAME]["versions"]["1"][key]
    EDITOR.validate(data)
    assert not EDITOR.is_valid(changed)


def test_committed_json_schema_is_what_the_code_generates() -> None:
    committed = (ROOT / "docs" / "registry.schema.json").read_text(encoding="utf-8")
    assert committed == pretty(SCHEMA), "generate docs/registry.schema.json again: `zoosmith schema registry`"


@pytest.mark.parametrize(
    ("source", "good"),
    [
        ("git+https://example.org/zoosmith.git@v1", True),
        ("https://example.org/zoosmith-0.1.0-py3-none-any.whl", True),
        ("zoosmith", False),
        ("https://example.org/x' && rm -rf '~", False),
        ("https://example.org/x\nrm", False),
    ],
)
def test_where_zoosmith_comes_from_is_an_address_that_ends_no_line_for_a_shell(source: str, good: bool) -> None:
    text = json.dumps(json.loads(to_text(book((NAME, made())))) | {"install": source})
    if good:
        kept = merged(parse(text, "registry.json"), NAME, made())
        assert parse(to_text(kept), "registry.json").install == source
    else:
        with pytest.raises(ZooError, match="install"):
            parse(text, "registry.json")
    assert "install" not in to_text(book((NAME, made())))
