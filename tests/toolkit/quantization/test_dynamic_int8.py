"""INT8 Linear layers to tensors and back."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.quantization import dynamic_int8


def net(seed: int = 0, width: int = 16, extra: bool = False) -> Any:
    """Linear layers with and without bias, one with a single output, and a layer that stays in FP32."""
    import torch

    torch.manual_seed(seed)
    layers = {
        "norm": torch.nn.LayerNorm(8),
        "wide": torch.nn.Linear(8, width),
        "narrow": torch.nn.Linear(width, 4, bias=False),
        "single": torch.nn.Linear(4, 1),
    }
    if extra:
        layers["more"] = torch.nn.Linear(1, 1)
    return torch.nn.Sequential(*layers.values()).eval()


def packed(file: Path, per_channel: bool = True, **kind: Any) -> tuple[Any, dict[str, Any]]:
    from safetensors.torch import load_file, save_file

    quantized = dynamic_int8.quantize(net(**kind), per_channel=per_channel)
    save_file(dynamic_int8.pack(quantized), file)
    return quantized, load_file(file)


@pytest.mark.parametrize("per_channel", [True, False])
def test_what_is_packed_computes_the_same_when_unpacked(tmp_path: Path, per_channel: bool) -> None:
    import torch

    quantized, tensors = packed(tmp_path / "m.safetensors", per_channel)
    again = dynamic_int8.unpack(net(seed=99), tensors)
    given = torch.randn(5, 8)
    assert torch.equal(again(given), quantized(given))
    assert not torch.equal(again(given), net()(given)), "it is quantised indeed"


def test_weights_are_int8_and_the_rest_is_as_it_was(tmp_path: Path) -> None:
    import torch

    _, tensors = packed(tmp_path / "m.safetensors")
    assert {name for name, value in tensors.items() if value.dtype == torch.int8} == {
        "1.weight",
        "2.weight",
        "3.weight",
    }
    assert "2.bias" not in tensors
    assert torch.equal(tensors["0.weight"], net()[0].weight)
    assert tensors["1.weight_scale"].shape == (16,)


def test_quantising_leaves_the_model_as_it_was() -> None:
    import torch

    model = net()
    dynamic_int8.quantize(model, per_channel=True)
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(model.parameters(), net().parameters(), strict=True))


@pytest.mark.parametrize("per_channel", [True, False])
def test_in_place_gives_the_same_weights_and_keeps_no_copy_of_them(per_channel: bool) -> None:
    import torch

    model = net()
    quantized = dynamic_int8.quantize(model, per_channel=per_channel, in_place=True)
    copied = dynamic_int8.pack(dynamic_int8.quantize(net(), per_channel=per_channel))
    assert quantized is model
    assert not any(isinstance(module, torch.nn.Linear) for module in model.modules())
    packed = dynamic_int8.pack(quantized)
    assert packed.keys() == copied.keys()
    assert all(torch.equal(packed[name], copied[name]) for name in copied)


@pytest.mark.parametrize(
    ("stored", "opened", "message"),
    [
        ({"width": 16}, {"width": 12}, r"layer 1 is \(12, 8\) in the model and \(16, 8\) in the file"),
        ({}, {"extra": True}, r"missing \['4\.weight', '4\.bias'\], unexpected \[\]"),
        ({"extra": True}, {}, r"missing \[\], unexpected \['4'\]"),
    ],
)
def test_a_file_of_another_model_is_refused(
    tmp_path: Path, stored: dict[str, Any], opened: dict[str, Any], message: str
) -> None:
    _, tensors = packed(tmp_path / "m.safetensors", **stored)
    with pytest.raises(BuildError, match=message):
        dynamic_int8.unpack(net(**opened), tensors)


def test_plain_tensors_of_another_size_are_refused(tmp_path: Path) -> None:
    import torch

    _, tensors = packed(tmp_path / "m.safetensors")
    tensors["0.weight"] = torch.ones(9)
    with pytest.raises(BuildError, match=r"the tensors fit another model: size mismatch for 0\.weight"):
        dynamic_int8.unpack(net(), tensors)


def test_a_model_without_linear_layers_is_refused() -> None:
    import torch

    with pytest.raises(BuildError, match=r"no torch\.nn\.Linear layer to quantise"):
        dynamic_int8.pack(torch.nn.Sequential(torch.nn.LayerNorm(4)))


@pytest.mark.parametrize("per_channel", [True, False])
def test_rounded_weights_are_those_that_are_packed(per_channel: bool) -> None:
    """To the bit: also for ties, for a row of zeros, and where the largest weight is negative or positive."""
    import torch

    model = net(width=301)
    weight = model[1].weight.data
    weight[0] = 0
    weight[1], weight[2] = torch.arange(8) / 255 - 0.5, 0.5 - torch.arange(8) / 255
    quantized = dynamic_int8.quantize(model, per_channel=per_channel)
    found = dynamic_int8.rounded_weight(weight, per_channel=per_channel)
    assert torch.equal(found, quantized[1].weight().dequantize())
    assert not torch.equal(found, dynamic_int8.rounded_weight(weight, per_channel=not per_channel))


@pytest.mark.parametrize("per_channel", [True, False])
def test_rounding_layers_compute_what_int8_ones_do_meanwhile(per_channel: bool) -> None:
    import torch

    model, given = net(), torch.randn(5, 8)
    quantized = dynamic_int8.quantize(model, per_channel=per_channel)
    with torch.inference_mode(), dynamic_int8.rounding(model, ["1", "2", "3"], per_channel=per_channel):
        torch.testing.assert_close(model(given), quantized(given), atol=1e-6, rtol=0)
        assert not torch.allclose(net()(given), quantized(given), atol=1e-4), "rounding shows"
    assert torch.equal(model(given), net()(given)), "afterwards they are plain again"


def test_gradients_pass_the_rounding_unchanged() -> None:
    """Those of FP32 layers with the rounded weights and inputs: the largest weights, which clip, have theirs too.

    Each layer has those of its own weights, though all are rounded in one place.
    """
    import torch

    model, plain, given, names = net(), net(), torch.randn(5, 8), ["1", "2", "3"]
    with dynamic_int8.rounding(model, names, per_channel=True):
        model(given).square().sum().backward()
    for layer in map(plain.get_submodule, names):
        layer.weight.data = dynamic_int8.rounded_weight(layer.weight.data, per_channel=True)
        layer.register_forward_pre_hook(dynamic_int8._round_inputs)
    plain(given).square().sum().backward()
    assert len({layer.weight.shape for layer in map(plain.get_submodule, names)}) > 1
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.grad, plain.get_parameter(name).grad)
    assert bool((model.get_submodule("1").weight.grad != 0).all())


def test_training_through_the_rounding_finds_what_it_leaves() -> None:
    """One scale a tensor takes the small weights of an FP32 optimum away, and FP32 training sees nothing to mend."""
    import torch

    given = torch.randn(256, 4, generator=torch.Generator().manual_seed(0))
    wanted = given * torch.tensor([1, 0.3, 0.3, 0.3])

    def left(*, through_rounding: bool) -> float:
        model = torch.nn.Sequential(torch.nn.Linear(4, 4, bias=False), torch.nn.Linear(4, 4, bias=False))
        model[0].weight.data = torch.diag(torch.tensor([100, 0.3, 0.3, 0.3]))
        model[1].weight.data = torch.diag(torch.tensor([0.01, 1, 1, 1]))
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        rounding = dynamic_int8.rounding(model, ["0"], per_channel=False)
        with rounding if through_rounding else nullcontext():
            for _ in range(200):
                optimizer.zero_grad()
                torch.nn.functional.mse_loss(model(given), wanted).backward()
                optimizer.step()
        quantized = dynamic_int8.quantize(model, per_channel=False, only=["0"])
        return float(torch.nn.functional.mse_loss(quantized(given), wanted))

    assert left(through_rounding=False) > 0.05
    assert left(through_rounding=True) < 0.01
