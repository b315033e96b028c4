"""Names and hints."""

from __future__ import annotations

import pytest

from zoosmith.common.names import IDENTIFIER, folded, full_name, index_of, nearest, places_in


@pytest.mark.parametrize("name", ["fp32", "onnx-int8", "torch_int8", "v1.5", "0", "a-b_c.d"])
def test_identifiers(name: str) -> None:
    assert IDENTIFIER.fullmatch(name)


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a--b", "a b", "a/b", "..", "é", "a\n"])
def test_not_identifiers(name: str) -> None:
    assert not IDENTIFIER.fullmatch(name)


def test_nearest_is_suggested() -> None:
    assert nearest("evla", ["eval", "train", "dev"]) == "; did you mean 'eval'?"


def test_without_a_near_one_the_known_are_listed_once_and_sorted() -> None:
    assert nearest("zzz", ["train", "dev", "train"]) == "; known: dev, train"


def test_a_long_list_is_cut() -> None:
    hint = nearest("zzz", [f"name{i:02}" for i in range(20)])
    assert hint.endswith("name11, ...")
    assert "name12" not in hint
    assert nearest("zzz", [f"name{i:02}" for i in range(12)]).endswith("name11")


def test_nothing_known_gives_no_hint() -> None:
    assert nearest("x", []) == ""


def test_full_name() -> None:
    assert full_name("distilbert-sst2", "onnx-int8") == "distilbert-sst2-onnx-int8"


def test_labels_match_exactly_and_whatever_their_case_only_where_one_does() -> None:
    assert index_of("US", ["us", "US", "other"]) == 1
    assert index_of("Other", ["us", "US", "other"]) == 2
    assert index_of("Us", ["us", "US", "other"]) is None
    assert places_in(["us", "US", "other"], ["OTHER", "US", "us"]) == [2, 1, 0]
    assert places_in(["no", "yes"], ["YES", "NO"]) == [1, 0]


@pytest.mark.parametrize(
    "wanted", [["no"], ["no", "no"], ["no", "maybe"], ["no", "yes", "maybe"], ["no", "yes", "YES"]]
)
def test_other_names_have_no_places(wanted: list[str]) -> None:
    assert places_in(["no", "yes"], wanted) is None


def test_names_that_differ_by_case_alone_are_not_folded() -> None:
    assert folded(["No", "YES"]) == ["no", "yes"]
    assert folded(["us", "US", "Other"]) == ["us", "US", "Other"]
