"""Types chosen by measurement: within the budget to the byte, no worse than a plain type, and resumed after a kill."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from builders import mixed_bits
from tests.support import causal, gguf
from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Parent
from zoosmith.tasks._language.scoring import divergence
from zoosmith.toolkit.gguf import census, header
from zoosmith.toolkit.gguf.probes import PROBES
from zoosmith.toolkit.gguf.session import GgufCausal
from zoosmith.toolkit.mixed.sensitivity import Sensitivity

ROWS = [{"text": text} for text in PROBES[:24] if text]
TYPES = ["q8_0", "q5_0", "q4_0", "q3_k"]
ORIGIN = {"file": "x.gguf", "types": {"Q4_1": 210}, "bits_per_weight": 5.7}
Parents = Mapping[str, Parent]


@pytest.fixture(scope="module")
def parents(tmp_path_factory: pytest.TempPathFactory) -> Parents:
    """A tiny Llama, and it as an F16 GGUF."""
    folder = tmp_path_factory.mktemp("llama")
    checkpoint = gguf.parent(causal.tiny_llama(folder / "torch"), "torch", origin=ORIGIN)
    made = gguf.build("gguf", folder / "gguf", source=checkpoint)
    return {"source": gguf.parent(made.out, "gguf", **made.facts), "checkpoint": checkpoint}


def build(parents: Parents, folder: Path, **params: Any) -> Any:
    resumed = {name: params.pop(name) for name in ("resumed", "progress") if name in params}
    return gguf.build("mixed_bits", folder, params={"types": TYPES} | params, rows=ROWS, **resumed, **parents)


@pytest.fixture(scope="module")
def made(parents: Parents, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """At the size of Q4_K_M."""
    return build(parents, tmp_path_factory.mktemp("mixed") / "made", like="q4_k_m")


def test_the_file_is_within_the_budget_and_of_the_size_told(made: Any) -> None:
    told = made.facts["mixed_bits"]
    assert made.file.stat().st_size == told["file_bytes"] <= told["allowed_bytes"]
    assert told["file_bytes"] > 0.97 * told["allowed_bytes"], "what is left over would have bought a wider type"


def test_each_tensor_has_the_type_that_was_chosen(made: Any) -> None:
    stored = {one.name: one.type.lower() for one in header.read(made.file).tensors}
    assert len(made.facts["types_by_tensor"]) == 15
    assert all(stored[name] == kind for name, kind in made.facts["types_by_tensor"].items())
    assert made.facts["origin"] == ORIGIN
    assert made.facts["token_texts"] == len(PROBES)


def test_every_tensor_was_measured_in_every_type(made: Any) -> None:
    table = made.facts["sensitivity"]
    assert set(table) == set(made.facts["types_by_tensor"])
    assert all(list(losses) == TYPES for losses in table.values())
    assert all(losses["q8_0"] < losses["q4_0"] < losses["q3_k"] for losses in table.values())
    assert any("what q3_k costs blk.1.ffn_down.weight" in text for text in made.texts)


def test_it_loses_no_more_than_any_plain_type_that_fits(made: Any) -> None:
    told = made.facts["mixed_bits"]
    assert set(told["together"]) >= {"mixed", "q4_0", "q3_k", "q4_k_m, as llama.cpp mixes it"}
    assert "q8_0" not in told["together"], "that does not fit"
    assert told["together"][told["chosen"]]["kl"] == min(one["kl"] for one in told["together"].values())
    assert told["calibration_tokens"] > 100


def test_the_file_diverges_as_was_foretold(made: Any, parents: Parents) -> None:
    whole = GgufCausal(parents["source"].path / "model.gguf", kv_type="f32")
    mine = GgufCausal(made.file, kv_type="f32")
    ids = [whole.tokenize(row["text"])[:256] for row in ROWS]
    ids = [one for one in ids if 1 < len(one) <= whole.context]
    pairs = zip(whole.next_logprobs(ids), mine.next_logprobs(ids), strict=True)
    shown = float(np.concatenate([divergence(one, other) for one, other in pairs]).mean())
    told = made.facts["mixed_bits"]
    assert shown == pytest.approx(told["together"][told["chosen"]]["kl"], rel=0.1)


def test_bits_per_weight_are_kept(parents: Parents, tmp_path: Path) -> None:
    found = build(parents, tmp_path / "a", bits_per_weight=5.25, group="part")
    assert 5.0 < census.of(found.file)["bits_per_weight"] <= 5.25
    assert len(found.facts["sensitivity"]) == 5
    layer = {name: kind for name, kind in found.facts["types_by_tensor"].items() if name.startswith("blk.0.ffn")}
    assert len(layer) == 3 and len(set(layer.values())) == 1


def test_a_killed_search_goes_on_where_it_was(
    parents: Parents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Any
) -> None:
    def kill(text: str) -> None:
        if text == "what q4_0 costs blk.1.attn_k.weight":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(parents, tmp_path / "a", like="q4_k_m", progress=kill)
    known = json.loads((tmp_path / "a" / "scratch" / "losses.json").read_text(encoding="utf-8"))
    assert 20 < len(known) < 60
    asked: list[str] = []
    measure = Sensitivity.divergence

    def counted(self: Sensitivity, types: Mapping[str, str]) -> float:
        asked.append(" ".join(f"{name}={kind}" for name, kind in sorted(types.items())))
        return measure(self, types)

    monkeypatch.setattr(Sensitivity, "divergence", counted)
    again = build(parents, tmp_path / "a", like="q4_k_m", resumed=True)
    assert not set(asked) & set(known)
    assert again.facts == made.facts
    assert again.file.read_bytes() == made.file.read_bytes()
    assert sorted(path.name for path in again.out.iterdir()) == ["Modelfile", "model.gguf"]


@pytest.mark.parametrize(
    ("params", "told"),
    [
        (
            {"bits_per_weight": 3.0},
            r"bits_per_weight is 3: less than the smallest mix .* possible is 3\.\d+ to 8\.\d+ \(",
        ),
        (
            {"bits_per_weight": 12.0},
            r"bits_per_weight is 12: more than the largest mix .* possible is 3\.\d+ to 8\.\d+",
        ),
        (
            {"ratio": 0.3},
            r"0\.3 times q4_k_m is 0\.\d+ MB: less than the smallest mix .* a `ratio` of 0\.\d+ to 1\.\d+",
        ),
    ],
)
def test_a_budget_out_of_range_is_told_with_the_range_before_anything_is_measured(
    parents: Parents, tmp_path: Path, params: dict[str, Any], told: str
) -> None:
    with pytest.raises(BuildError, match=told):
        build(parents, tmp_path / "a", **params)
    assert not (tmp_path / "a" / "scratch" / "losses.json").exists()
    assert list((tmp_path / "a" / "out").iterdir()) == []


def test_types_that_rows_do_not_fit(tmp_path: Path) -> None:
    checkpoint = gguf.parent(causal.tiny_llama(tmp_path / "narrow", hidden=64), "torch")
    made = gguf.build("gguf", tmp_path / "f16", source=checkpoint)
    both = {"source": gguf.parent(made.out, "gguf"), "checkpoint": checkpoint}
    with pytest.raises(BuildError, match=r"rows of 64, which are no multiple of q4_k's block of 256"):
        build(both, tmp_path / "a", types=["q8_0", "q4_k"], bits_per_weight=6)
    found = build(both, tmp_path / "b", types=[], bits_per_weight=6)
    assert set(next(iter(found.facts["sensitivity"].values()))) == {"f16", "q8_0", "q5_1", "q5_0", "q4_1", "iq4_nl"}


def test_parents_and_rows_that_are_missing(parents: Parents, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="name it as `checkpoint:`"):
        build({"source": parents["source"]}, tmp_path / "a")
    with pytest.raises(BuildError, match="calibration rows, of which none has two tokens"):
        gguf.build("mixed_bits", tmp_path / "b", params={"types": TYPES}, rows=[], **parents)


def test_params_are_checked_when_the_recipe_is_read() -> None:
    with pytest.raises(ValidationError, match="no type 'q4_k_m'; did you mean 'q4_k'"):
        mixed_bits.Params(types=["q4_k_m"])
    with pytest.raises(ValidationError, match="not both"):
        mixed_bits.Params(bits_per_weight=5, like="q4_0")
    assert mixed_bits.Params(types=["q8_0", "q8_0"]).types == ("q8_0",)
    claims = [mixed_bits.check(mixed_bits.Params(types=[kind])).mean_kl for kind in ("q8_0", "q4_0", "q3_k")]
    assert claims == [0.05, 1.5, 4.0]
