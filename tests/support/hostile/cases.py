"""Published artifacts with a few things spoilt."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.support.hostile.case import NAME, Case, honest_pointer, honest_row
from tests.support.hostile.spoilers import SPOILERS
from tests.support.hostile.values import WORDS
from tests.support.published import manifest


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A published artifact with one to three things spoilt."""
    content = {"model.onnx": draw(st.binary(max_size=300)), "tokenizer.json": b"{}"}
    paths = draw(st.lists(WORDS, max_size=2)) if draw(st.booleans()) else []
    content |= dict.fromkeys(paths, b"evil")
    content = {
        "manifest.json": manifest({path: data for path, data in content.items() if path != "manifest.json"}),
        **content,
    }
    row = honest_row(content)
    case = Case({}, honest_pointer(content, row), content, {}, [], NAME)
    case.committed = draw(st.booleans())
    case.registry = {
        "schema": draw(st.sampled_from([1, 2])),
        "artifacts": {NAME: {"latest": 1, "aliases": {}, "versions": {"1": row}}},
    }
    for _ in range(draw(st.integers(0, 2))):
        draw(st.sampled_from(SPOILERS))(draw, case)
    return case
