"""Parts of encoders: removing what does nothing changes nothing, and what is left can be written and read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.encoders import ARCHITECTURES, encoder, logits
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.pruning import depth, structure
from zoosmith.toolkit.pruning.structure import Size

each_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)
some_heads = st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True).map(sorted)
some_neurons = st.lists(st.integers(0, 47), min_size=1, max_size=40, unique=True).map(sorted)


def silence_heads(layer: Any, heads: set[int]) -> None:
    """Let the output projection ignore these heads."""
    for head in heads:
        layer.mixed.weight.data[:, head * layer.head_size : (head + 1) * layer.head_size] = 0


@each_architecture
@settings(max_examples=8, deadline=None)
@given(kept=some_heads, index=st.integers(0, 2))
def test_removing_silent_heads_changes_no_logit(architecture: str, kept: list[int], index: int) -> None:
    import torch

    model = encoder(architecture)
    before = logits(model)
    layer = structure.layers(model)[index]
    silence_heads(layer, set(range(4)) - set(kept))
    silent = logits(model)
    structure.keep_heads(layer, kept)
    torch.testing.assert_close(logits(model), silent, atol=1e-5, rtol=1e-5)
    assert structure.sizes(model)[index] == Size(len(kept), 48)
    assert not torch.equal(silent, before), "these heads were not silent before"


@each_architecture
@settings(max_examples=8, deadline=None)
@given(kept=some_neurons, index=st.integers(0, 2))
def test_removing_silent_neurons_changes_no_logit(architecture: str, kept: list[int], index: int) -> None:
    import torch

    model = encoder(architecture)
    layer = structure.layers(model)[index]
    for neuron in set(range(48)) - set(kept):
        layer.down.weight.data[:, neuron] = 0
    silent = logits(model)
    structure.keep_neurons(layer, kept)
    torch.testing.assert_close(logits(model), silent, atol=1e-5, rtol=1e-5)
    assert structure.sizes(model)[index] == Size(4, len(kept))


@each_architecture
def test_removing_a_head_that_speaks_changes_logits(architecture: str) -> None:
    import torch

    model = encoder(architecture)
    before = logits(model)
    structure.keep_heads(structure.layers(model)[0], [0, 1, 3])
    assert float(torch.abs(logits(model) - before).max()) > 1e-3


@each_architecture
def test_layers_keep_their_order(architecture: str) -> None:
    model = encoder(architecture)
    stack = depth.stack(model)
    depth.set_layers(model, [stack[0], stack[2]])
    assert model.config.num_hidden_layers == 2
    assert depth.stack(model) == [stack[0], stack[2]]
    assert logits(model).shape == (2, 2)


def cut(architecture: str) -> Any:
    """An encoder in which each layer has a size of its own."""
    model = encoder(architecture)
    for layer, heads, neurons in zip(structure.layers(model), ([1], [0, 2, 3], [0, 1, 2, 3]), (8, 48, 20), strict=True):
        structure.keep_heads(layer, heads)
        structure.keep_neurons(layer, range(neurons))
    return model


@each_architecture
def test_what_is_left_is_written_and_read_again(architecture: str, tmp_path: Path) -> None:
    import torch

    model = cut(architecture)
    structure.write(model, tmp_path)
    model.save_pretrained(tmp_path)
    assert structure.read(tmp_path) == [Size(1, 8), Size(3, 48), Size(4, 20)]
    again, info = structure.model_class(type(model), tmp_path).from_pretrained(tmp_path, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["mismatched_keys"]
    assert torch.equal(logits(again.eval()), logits(model))
    again.save_pretrained(tmp_path / "again")
    config = json.loads((tmp_path / "again" / "config.json").read_text())
    assert config["architectures"] == [f"{architecture}ForSequenceClassification"]


@each_architecture
def test_one_width_for_all_layers_needs_no_file_and_plain_transformers(architecture: str, tmp_path: Path) -> None:
    import torch

    model = encoder(architecture)
    for layer in structure.layers(model):
        structure.keep_neurons(layer, range(16))
    structure.write(model, tmp_path)
    model.save_pretrained(tmp_path)
    assert structure.read(tmp_path) is None
    assert torch.equal(logits(type(model).from_pretrained(tmp_path).eval()), logits(model))


@each_architecture
def test_a_whole_model_needs_no_file(architecture: str, tmp_path: Path) -> None:
    model = encoder(architecture)
    structure.write(model, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert structure.model_class(type(model), tmp_path) is type(model)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read"),
        ("{}", "cannot be read"),
        ('{"layers": [{"heads": 1}]}', "cannot be read"),
        ('{"layers": [{"heads": 0, "ffn": 3}]}', "whole numbers above 0"),
        ('{"layers": [{"heads": true, "ffn": 3}]}', "whole numbers above 0"),
        ('{"layers": [{"heads": 1, "ffn": 3}]}', "describes 1 layers, config.json 3"),
        (json.dumps({"layers": [{"heads": 5, "ffn": 3}] * 3}), "gives a layer 5 heads"),
        (json.dumps({"layers": [{"heads": 4, "ffn": 49}] * 3}), "49 neurons"),
    ],
)
def test_a_damaged_file_is_told(tmp_path: Path, content: str, message: str) -> None:
    model = encoder("Bert")
    model.save_pretrained(tmp_path)
    (tmp_path / structure.FILE).write_text(content)
    with pytest.raises(BuildError, match=message):
        structure.model_class(type(model), tmp_path)(model.config)


def test_an_architecture_that_is_not_known_is_told_and_written_as_it_is(tmp_path: Path) -> None:
    import torch

    class Other(torch.nn.Module):
        base_model = torch.nn.Linear(2, 2)

    with pytest.raises(BuildError, match=r"Other is none of the encoders whose parts can be removed \(BERT"):
        structure.layers(Other())
    structure.write(Other(), tmp_path)
    assert list(tmp_path.iterdir()) == []
