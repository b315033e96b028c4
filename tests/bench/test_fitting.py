"""Memory of opened artifacts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zoosmith.bench.fitting import fit, needed_mb


@given(st.lists(st.integers(0, 2**36), min_size=1, max_size=3), st.integers(0, 2**16))
def test_what_fits_together_fits_alone_and_in_more(sizes: list[int], memory_mb: int) -> None:
    if fit(sizes, memory_mb):
        assert all(fit([size], memory_mb) for size in sizes)
        assert fit(sizes, memory_mb + 1)
    assert not fit([*sizes, memory_mb * 2**20], memory_mb)


def test_two_models_of_seven_billion_in_fp32_and_bf16_do_not_fit_into_32_gib() -> None:
    assert needed_mb(14 * 10**9) < 2**15 and needed_mb(28 * 10**9) < 2**15
    assert not fit([14 * 10**9, 28 * 10**9], 2**15)
