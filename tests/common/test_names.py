"""Names and hints."""

from __future__ import annotations

import pytest

from zoosmith.common.names import IDENTIFIER, full_name, nearest


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
