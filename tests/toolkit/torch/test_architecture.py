"""Heads, layers and names, over several architectures."""

from __future__ import annotations

from typing import Any

import pytest

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.torch import architecture


def model(name: str) -> Any:
    import torch
    import transformers

    sizes: dict[str, Any] = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
    }
    if name == "DistilBert":
        sizes = {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64}
    config = getattr(transformers, f"{name}Config")(**sizes)
    with torch.device("meta"):
        return getattr(transformers, f"{name}ForSequenceClassification")(config)


@pytest.mark.parametrize(
    ("name", "heads"),
    [
        ("Bert", ["classifier"]),
        ("DistilBert", ["pre_classifier", "classifier"]),
        ("Roberta", ["classifier"]),
        ("Electra", ["classifier"]),
        ("DebertaV2", ["pooler", "classifier"]),
        ("MobileBert", ["classifier"]),
    ],
)
def test_the_head_is_what_lies_beside_the_body(name: str, heads: list[str]) -> None:
    assert architecture.heads(model(name)) == heads


def test_linear_layers_are_listed_in_order() -> None:
    distilbert = model("DistilBert")
    body = architecture.linears(distilbert, within="distilbert")
    assert [name.rpartition(".")[2] for name in body] == 2 * ["q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"]
    assert architecture.linears(distilbert) == [*body, "pre_classifier", "classifier"]


def test_names_mean_layers_by_their_last_parts() -> None:
    names = ["a.0.q", "a.0.out.dense", "a.1.q", "a.1.seq"]
    assert architecture.selected(["q"], names, "x") == ["a.0.q", "a.1.q"]
    assert architecture.selected(["out.dense", "a.1.q"], names, "x") == ["a.0.out.dense", "a.1.q"]


@pytest.mark.parametrize(("wanted", "hint"), [("q_lim", "q_lin"), ("xyz", "k_lin or lin1 or lin2 or out_lin")])
def test_a_name_that_means_nothing_gets_the_nearest(wanted: str, hint: str) -> None:
    names = architecture.linears(model("DistilBert"), within="distilbert")
    with pytest.raises(BuildError, match=f"x: the model has no linear layer '{wanted}'; did you mean {hint}"):
        architecture.selected([wanted], names, "x")
