"""What a zoo's record keeps beside a new measurement, and which siblings stand beside it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.records.test_migration import older
from tests.support import records
from tests.support.table import write_table
from zoosmith.build.record_store import RecordStore, best
from zoosmith.build.workspace import Workspace
from zoosmith.recipes.graph import Ref
from zoosmith.records.registry import parse
from zoosmith.records.schema import Measurement

PLAIN, DOUBLE = Ref("toy", "plain"), Ref("toy", "double")
OLD_REFERENCE = records.sha("old reference")


@pytest.fixture
def book(tmp_path: Path) -> RecordStore:
    return Workspace(write_table(tmp_path)).records


def measured(ref: Ref, suite: str = "full", **changed: Any) -> Measurement:
    about = {"suite": suite, "suite_version": 2, "reference": "toy-plain", "reference_digest": records.sha("toy-plain")}
    return records.measurement(f"toy-{ref.name}", **about | changed)


def register(book: RecordStore, ref: Ref, *measurements: Measurement) -> None:
    build = records.build(f"toy-{ref.name}", format="table", parents={}, bases=[])
    for measurement in measurements:
        book.register(ref, build, measurement)


def kept(book: RecordStore) -> list[tuple[str, str]]:
    """Host and suite of what the record holds of toy-double; the registry must hold the same."""
    found = [(m.host.id, m.suite) for m in book.measurements(DOUBLE)]
    row = parse((book.root / "registry.json").read_text(), "registry.json").artifacts["toy-double"].versions["1"]
    assert sorted((result.host, result.suite) for result in row.results) == sorted(found)
    return found


def test_both_suites_of_one_version_are_kept(book: RecordStore) -> None:
    register(book, DOUBLE, measured(DOUBLE, "quick"), measured(DOUBLE))
    assert kept(book) == [("epyc-2c", "full"), ("epyc-2c", "quick")]


@pytest.mark.parametrize(
    "changed", [{"suite_version": 1}, {"reference_digest": OLD_REFERENCE}], ids=lambda c: next(iter(c))
)
def test_a_suite_of_another_version_or_reference_goes(book: RecordStore, changed: dict[str, Any]) -> None:
    elsewhere = measured(DOUBLE, "quick", host=records.host("elsewhere"), **changed)
    register(book, DOUBLE, elsewhere, measured(DOUBLE, "quick", **changed), measured(DOUBLE))
    assert kept(book) == [("elsewhere", "quick"), ("epyc-2c", "full")]


SHAKEN = {"aa": records.bounded(1.1, 0.2, 12), "attempts": 3, "steady": False, "busy": 0.4}
BUSY = {"steadiness": SHAKEN, "latency_ms": {"p50": 28.4, "p95": 40.0, "p99": 50.0, "n": 100}}


@pytest.mark.parametrize("suite", ["quick", "full"])
def test_a_busy_measurement_stands_beside_the_steady_one_and_is_not_shown(book: RecordStore, suite: str) -> None:
    register(book, DOUBLE, measured(DOUBLE, suite), measured(DOUBLE, suite, measured="2026-09-09", **BUSY))
    assert kept(book) == [("epyc-2c", suite)] * 2, "both can be asked for"
    assert best(book.measurements(DOUBLE)) == measured(DOUBLE, suite)
    card = book.card_file(DOUBLE).read_text()
    row = next(line for line in card.splitlines() if line.startswith("| **toy-double** "))
    assert " | 0.8900 (0.8700 to 0.9100) | −0.4 points" in row
    assert "not steady" not in row
    assert "| 28.40 | 3.00x (2.75 to 3.25), host not steady |" in card.partition("## On other hosts")[2]


def test_a_steady_measurement_takes_the_place_of_a_busy_one(book: RecordStore) -> None:
    register(book, DOUBLE, measured(DOUBLE, **BUSY), measured(DOUBLE, **BUSY), measured(DOUBLE))
    assert kept(book) == [("epyc-2c", "full")]
    assert book.measurements(DOUBLE) == [measured(DOUBLE)]


def test_a_quick_suite_against_a_new_reference_drops_no_full_one_nor_its_siblings(book: RecordStore) -> None:
    """As a family is built again for a try: its reference is trained anew, and only quick suites are run."""
    for ref in (PLAIN, DOUBLE):
        register(book, ref, measured(ref))
    register(book, DOUBLE, measured(DOUBLE, "quick", reference_digest=records.sha("new reference")))
    assert kept(book) == [("epyc-2c", "full"), ("epyc-2c", "quick")]
    card = book.card_file(DOUBLE).read_text()
    assert ", suite `full` 2, on " in card and "[toy-plain](toy-plain.md)" in card
    assert f"| `epyc-2c` | quick | `{records.sha('new reference')[:12]}` |" in card


def test_of_another_tree_the_better_founded_is_kept_until_one_as_good_comes(book: RecordStore) -> None:
    register(book, DOUBLE, measured(DOUBLE))
    build = records.build("toy-double", format="table", parents={}, bases=[], tree_digest=records.sha("new tree"))
    book.register(DOUBLE, build, measured(DOUBLE, "quick", tree_digest=records.sha("new tree")))
    assert [(m.suite, m.tree_digest) for m in book.measurements(DOUBLE)] == [
        ("full", records.sha("toy-double")), ("quick", records.sha("new tree")),
    ]  # fmt: skip
    assert (found := book.current(DOUBLE)) and [m.suite for m in found[1]] == ["quick"]
    earlier = f"An earlier tree, `{records.sha('toy-double')[:12]}`, was measured by suite `full` 2"
    assert earlier in book.card_file(DOUBLE).read_text()
    book.register(DOUBLE, build, measured(DOUBLE, "full", tree_digest=records.sha("new tree")))
    assert {m.tree_digest for m in book.measurements(DOUBLE)} == {records.sha("new tree")}
    assert earlier not in book.card_file(DOUBLE).read_text()


def test_what_was_taken_out_of_the_record_leaves_the_registry_too(book: RecordStore) -> None:
    register(book, DOUBLE, measured(DOUBLE, "quick"), measured(DOUBLE))
    file = book.folder(DOUBLE) / "epyc-2c.json"
    file.unlink()
    book._add(file, measured(DOUBLE))
    book.render_all()
    assert kept(book) == [("epyc-2c", "full")]


def test_siblings_were_measured_alike(book: RecordStore) -> None:
    register(book, PLAIN, measured(PLAIN))
    register(book, DOUBLE, measured(DOUBLE))
    assert [subject.build.name for subject in book.snapshot().family("toy", measured(DOUBLE))] == [
        "toy-plain",
        "toy-double",
    ]


@pytest.mark.parametrize(
    "changed", [{"suite_version": 1}, {"reference_digest": OLD_REFERENCE}], ids=lambda c: next(iter(c))
)
def test_a_sibling_measured_against_another_tree_or_otherwise_is_no_sibling(
    book: RecordStore, changed: dict[str, Any]
) -> None:
    register(book, PLAIN, measured(PLAIN))
    register(book, DOUBLE, measured(DOUBLE, **changed))
    assert [subject.build.name for subject in book.snapshot().family("toy", measured(PLAIN))] == ["toy-plain"]


CHOSE = {"notes": {"training": {"minutes": 1.0, "peak_memory_mb": 9, "dev_accuracy": [0.8, 0.9], "best_epoch": 2}}}


@pytest.mark.parametrize("learner", ["toy-plain", "toy-triple"])
@pytest.mark.parametrize("since", ["as it was", "built anew"])
def test_a_card_tells_who_chose_by_what_a_parent_had_learnt(book: RecordStore, learner: str, since: str) -> None:
    """Double was made from plain; not from triple, nor from what plain has become since."""
    digest = records.sha("toy-plain" if since == "as it was" else "an earlier plain")
    for ref in (PLAIN, Ref("toy", "triple"), DOUBLE):
        name, made_from = f"toy-{ref.name}", {"from": {"name": "toy/plain", "digest": digest}}
        told: dict[str, Any] = {"params": {"train_on_dev": name == learner}, "bases": []}
        told["parents"], told["provenance"] = (made_from, CHOSE) if ref == DOUBLE else ({}, {})
        book.register(ref, records.build(name, format="table", **told), measured(ref))
    text = (book.root / "model_cards" / "toy-double.md").read_text()
    expected = learner == "toy-plain" and since == "as it was"
    assert ("toy-double chose what did best on `dev`, which toy-plain had learnt from" in text) == expected
    assert "toy-triple had learnt" not in text


def test_rendering_reads_each_record_once_however_many_artifacts_show_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linear in artifacts: before, each card read each sibling anew, and each sibling's lineage."""
    reads = Counter[str]()
    original = Path.read_bytes

    def counting(file: Path) -> bytes:
        if "results" in file.parts:
            reads[str(file.relative_to(tmp_path))] += 1
        return original(file)

    made = Workspace(write_table(tmp_path)).records
    refs = [Ref("toy", name) for name in ("plain", "double", "triple", "sextuple")]
    for ref in refs:
        register(made, ref, measured(ref))
    monkeypatch.setattr(Path, "read_bytes", counting)
    records_ = made.snapshot()
    made._render("toy", records_)
    assert reads == {f"results/toy/{ref.name}/{file}": 1 for ref in refs for file in ("build.json", "epyc-2c.json")}
    reads.clear()
    made.render_all()
    assert set(reads.values()) <= {2}, "once to see its schema, once to render"


def test_rendering_writes_records_of_schema_1_anew(book: RecordStore) -> None:
    register(book, PLAIN, measured(PLAIN, versus=None, speedup=None))
    register(book, DOUBLE, measured(DOUBLE))
    file = book.folder(DOUBLE) / "epyc-2c.json"
    new = file.read_text()
    card = book.card_file(DOUBLE).read_text()
    suites = {name: older(one) for name, one in json.loads(new)["suites"].items()}
    file.write_text(json.dumps({"schema": 1, "suites": suites}))
    assert book.measurements(DOUBLE) == [measured(DOUBLE)], "it can be read as it is"
    assert book.render_all() == [file]
    assert (file.read_text(), book.card_file(DOUBLE).read_text()) == (new, card)
    assert book.render_all() == []


def test_the_tree_compared_with_is_named_and_another_one_is_said_to_be_that(book: RecordStore) -> None:
    register(book, PLAIN, measured(PLAIN, versus=None, speedup=None))
    register(book, DOUBLE, measured(DOUBLE))
    own, top = (
        f"; against toy-plain of tree `{records.sha('toy-plain')[:12]}`.",
        "> **Compared with another toy-plain",
    )
    assert own in book.card_file(DOUBLE).read_text() and top not in book.card_file(DOUBLE).read_text()
    assert "Not beside it" not in book.card_file(DOUBLE).read_text()
    build = records.build("toy-plain", format="table", parents={}, bases=[], tree_digest=records.sha("anew"))
    anew = {"tree_digest": records.sha("anew"), "reference_digest": records.sha("anew")}
    book.register(PLAIN, build, measured(PLAIN, versus=None, speedup=None, **anew))
    text = book.card_file(DOUBLE).read_text()
    assert own in text and "[toy-plain](toy-plain.md)" not in text, "what cannot be compared is not"
    trees = f"with tree `{records.sha('toy-plain')[:12]}`, not `{records.sha('anew')[:12]}`"
    assert f"{top} than is recorded now**: {trees}" in text
    assert "being of another suite, host or tree of the reference: 1</summary>\n\ntoy-plain.\n" in text
    row = parse((book.root / "registry.json").read_text(), "registry.json").artifacts["toy-double"].versions["1"]
    assert [result.reference_tree for result in row.results] == [records.sha("toy-plain")]


def lineage_of(book: RecordStore, **changed: Any) -> dict[str, str]:
    """Trees by step on the card of toy-double."""
    build = records.build("toy-double", format="table", **({"parents": {}, "bases": []} | changed))
    book.register(DOUBLE, build, measured(DOUBLE))
    card = book.card_file(DOUBLE).read_text(encoding="utf-8").partition("the steps from its base")[2]
    assert "unknown" not in card
    rows = [line.split(" | ") for line in card.splitlines() if line.startswith("| ")]
    return {row[0].removeprefix("| "): row[2].strip("`| ") for row in rows if len(row[2].strip("`| ")) == 64}


def test_the_lineage_is_that_of_what_was_built_whatever_was_built_by_name(book: RecordStore) -> None:
    """`plain` has no record of its own: it was built on the way, and the record of `double` has its tree."""
    plain, old = records.sha("plain"), records.sha("old")
    found = lineage_of(book, ancestors={"toy/plain": plain, "toy/dropped": old})
    assert found == {"toy/dropped": old, "toy-plain": plain, "toy-double": records.sha("toy-double")}


def test_a_record_without_its_ancestors_shows_the_steps_that_it_knows(book: RecordStore) -> None:
    assert lineage_of(book) == {"toy-double": records.sha("toy-double")}
    assert "further trees are not in it (2)." in book.card_file(DOUBLE).read_text(encoding="utf-8")


def test_the_card_installs_from_where_the_registry_says(book: RecordStore) -> None:
    register(book, DOUBLE, measured(DOUBLE))
    rows = book.root / "registry.json"
    source = "git+https://example.org/zoosmith.git"
    rows.write_text(json.dumps(json.loads(rows.read_text()) | {"install": source}))
    register(book, DOUBLE, measured(DOUBLE))
    assert f"pip install 'zoosmith[onnx] @ {source}'" in book.card_file(DOUBLE).read_text(encoding="utf-8")
    assert json.loads(rows.read_text())["install"] == source
