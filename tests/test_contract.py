"""What steps claim of the machine."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zoosmith.contract.output import Resources

sizes = st.integers(0, 10**6)


@given(sizes, sizes)
def test_claims_are_for_128_tokens(memory: int, activations: int) -> None:
    assert Resources(2, memory, activations).at(128) == Resources(2, memory + activations)


@given(sizes, sizes, st.integers(4, 4096))
def test_activations_grow_faster_than_the_text_and_nothing_else_does(memory: int, kept: int, tokens: int) -> None:
    once, twice = (Resources(1, memory, kept).at(length).memory_mb - memory for length in (tokens, 2 * tokens))
    assert 2 * once - 2 <= twice <= 4 * once + 3
    assert Resources(1, memory).at(tokens) == Resources(1, memory)


def test_attention_is_a_fifth_at_128_tokens() -> None:
    assert Resources(1, 0, 1000).at(256).memory_mb == 2 * 800 + 4 * 200
