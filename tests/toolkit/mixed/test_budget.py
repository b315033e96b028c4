"""Bytes that a mix may take, told of a real file, and budgets that nothing has."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import census, header, placement, quantize
from zoosmith.toolkit.mixed import budget
from zoosmith.toolkit.mixed.budget import Budget, Ends, Plain


@pytest.mark.parametrize("kind", ["q4_0", "q4_k_m", "q8_0"])
def test_a_plain_file_is_foretold_to_the_byte(llama_f16: Path, tmp_path: Path, kind: str) -> None:
    tensors = header.read(llama_f16).tensors
    plain = budget.plain(llama_f16, kind, tmp_path, 1)
    quantize.quantize(llama_f16, tmp_path / "q.gguf", kind)
    assert plain.head + budget.stored(tensors, plain.types) == (tmp_path / "q.gguf").stat().st_size
    assert budget.allowed(Budget(like=kind), tensors, plain) == budget.stored(tensors, plain.types)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"plain-{kind}.json", "q.gguf"]


def test_it_is_quantised_once(llama_f16: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = budget.plain(llama_f16, "q4_0", tmp_path, 1)
    monkeypatch.setattr(quantize, "quantize", lambda *_, **__: pytest.fail("it was quantised again"))
    assert budget.plain(llama_f16, "q4_0", tmp_path, 1) == first


def test_bits_count_all_weights_as_the_census_does(llama_f16: Path) -> None:
    tensors = header.read(llama_f16).tensors
    bits = census.census(tensors)["bits_per_weight"]
    allowed = budget.allowed(Budget(bits_per_weight=bits), tensors, Plain({}, 0))
    assert allowed == pytest.approx(budget.stored(tensors, {}), rel=1e-4)


def test_a_ratio_is_of_the_whole_file(llama_f16: Path, tmp_path: Path) -> None:
    tensors = header.read(llama_f16).tensors
    plain = budget.plain(llama_f16, "q8_0", tmp_path, 1)
    whole = plain.head + budget.stored(tensors, plain.types)
    assert plain.head + budget.allowed(Budget(like="q8_0", ratio=0.75), tensors, plain) == int(0.75 * whole)


def test_what_is_out_of_range_is_told_with_the_range() -> None:
    tensors, plain = [header.Tensor("blk.0.attn_q.weight", "F16", (256, 1000), 0, 512_000)], Plain({}, 1000)
    ends = Ends(144_000, 272_000)
    with pytest.raises(BuildError, match=r"bits_per_weight is 3: less than the smallest mix .* 4\.5 to 8\.5 \(files"):
        budget.check(Budget(bits_per_weight=3), 96_000, ends, tensors, plain)
    with pytest.raises(
        BuildError, match=r"2 times q4_k_m is 1\.03 MB: more than the largest .* a `ratio` of 0\.283 to"
    ):
        budget.check(Budget(ratio=2), 1_025_000, ends, tensors, plain)
    budget.check(Budget(bits_per_weight=4.5), 144_000, ends, tensors, plain)
    budget.check(Budget(bits_per_weight=8.5), 272_000, ends, tensors, plain)


def test_one_budget_is_given() -> None:
    with pytest.raises(ValidationError, match="not both"):
        Budget(bits_per_weight=5, like="q4_0")
    with pytest.raises(ValidationError, match="did you mean 'q4_k_m'"):
        Budget(like="Q4-K-M")
    with pytest.raises(ValidationError, match="iq2_xs is made with an importance matrix alone; give `bits_per_weight`"):
        Budget(like="iq2_xs")
    assert Budget(**Budget(bits_per_weight=5).model_dump()).bits_per_weight == 5


def test_groups_hold_what_gets_one_type(llama_f16: Path) -> None:
    from zoosmith.toolkit.mixed import matrices

    found = placement.matrices(header.read(llama_f16).tensors)
    sizes = {kind: len(matrices.groups(found, kind)) for kind in ("tensor", "part", "layer")}
    assert sizes == {"tensor": 15, "part": 5, "layer": 3}
    assert [one.name for one in matrices.groups(found, "part")["blk.0.attn"]] == [
        one.name for one in found if one.name.startswith("blk.0.attn")
    ]
