"""Prompts of a chosen length."""

from __future__ import annotations

import pytest

from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.prompts import prompt_ids


def tokenize(text: str) -> list[int]:
    return [ord(letter) for letter in text]


@pytest.mark.parametrize("tokens", [1, 2, 3, 5, 6, 7, 100])
def test_a_prompt_has_exactly_so_many_tokens_of_the_texts_in_their_order(tokens: int) -> None:
    assert prompt_ids(tokenize, ["abc", "", "de"], tokens) == tokenize("abcde" * 20)[:tokens]


@pytest.mark.parametrize("texts", [[], ["", ""]])
def test_texts_without_a_token_make_no_prompt(texts: list[str]) -> None:
    with pytest.raises(ZooError, match="texts of the eval are empty"):
        prompt_ids(tokenize, texts, 32)
