"""Rows of published versions: locations, other hosts' results, and what never changes."""

from __future__ import annotations

import pytest

from tests.records.test_registry import NAME, book, made
from zoosmith.contract.errors import ZooError
from zoosmith.records.registry import Registry, parse, to_text
from zoosmith.records.versions import add_location, published_versions

WHERE = f"{NAME}/v1/"


def test_a_location_is_added_once_and_others_are_kept() -> None:
    registry, tree = book((NAME, made())), made().tree_digest
    for where in ("file:///a/", "hf://org/x@1", "file:///a/"):
        registry = add_location(registry, NAME, 1, tree, where)
    assert registry.artifacts[NAME].versions["1"].locations == ("file:///a/", "hf://org/x@1")


@pytest.mark.parametrize(("name", "version"), [("toy-fp32", 1), (NAME, 2)])
def test_a_version_that_is_not_there_gets_no_location(name: str, version: int) -> None:
    with pytest.raises(ZooError, match="no longer has it"):
        add_location(book((NAME, made())), name, version, made().tree_digest, "file:///a/")


def test_a_location_is_for_one_tree_only() -> None:
    with pytest.raises(ZooError, match="no longer has it"):
        add_location(book((NAME, made())), NAME, 1, "0" * 64, "file:///a/")


def test_a_first_row_is_listed_with_its_card_beside_the_files() -> None:
    found = published_versions(Registry(), NAME, 1, made().model_copy(update={"locations": ("hf://org/x@1",)}), WHERE)
    row = found.artifacts[NAME].versions["1"]
    assert (row.locations, row.card, found.artifacts[NAME].latest) == ((WHERE,), f"{WHERE}README.md", 1)
    assert parse(to_text(found), "registry.json") == found


def test_the_same_row_again_changes_nothing_and_another_hosts_results_are_added() -> None:
    once = published_versions(Registry(), NAME, 1, made(), WHERE)
    assert published_versions(once, NAME, 1, made(), WHERE) == once
    both = published_versions(once, NAME, 1, made(hosts=["zen-5"]), WHERE).artifacts[NAME].versions["1"]
    assert len(both.results) == 2
    assert both.locations == (WHERE,)


def test_another_tree_under_a_version_is_refused_with_the_next_number() -> None:
    once = published_versions(Registry(), NAME, 1, made(), WHERE)
    once = published_versions(once, NAME, 4, made(tree="later"), f"{NAME}/v4/")
    with pytest.raises(ZooError, match="never changes; v5 is next"):
        published_versions(once, NAME, 1, made(tree="other"), WHERE)


def test_latest_only_grows_whoever_publishes_last() -> None:
    two = published_versions(Registry(), NAME, 2, made(tree="later"), f"{NAME}/v2/")
    both = published_versions(two, NAME, 1, made(), WHERE)
    assert both.artifacts[NAME].latest == 2
    assert sorted(both.artifacts[NAME].versions) == ["1", "2"]
    assert published_versions(both, NAME, 3, made(tree="last"), f"{NAME}/v3/").artifacts[NAME].latest == 3
