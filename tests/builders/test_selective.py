"""4 bits but for sensitive layers: those that are told, and those that are measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from builders import selective
from tests.support import causal, gguf
from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Parent
from zoosmith.toolkit.pruning import depth
from zoosmith.toolkit.quantization import sensitivity

ROWS = [{"text": text} for text in causal.SENTENCES]
FP32 = {"compute_dtype": "fp32"}


def parent(folder: Path, **kind: Any) -> Parent:
    return gguf.parent(causal.tiny_llama(folder, hidden=64, layers=4, **kind), "torch")


def widths(folder: Path) -> list[Any]:
    """The type of a weight in each layer."""
    from safetensors.torch import load_file

    stored = load_file(folder / "model.safetensors")
    return [str(stored[f"model.layers.{layer}.mlp.up_proj.weight"].dtype)[6:] for layer in range(4)]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_layers_that_are_told_keep_the_checkpoints_dtype(tmp_path: Path, dtype: str) -> None:
    made = gguf.build(
        "selective", tmp_path / "made", params=FP32 | {"keep": [1, 3]}, source=parent(tmp_path / "l", dtype=dtype)
    )
    assert widths(made.out) == ["uint8", dtype, "uint8", dtype]
    assert made.facts["kept_layers"] == [1, 3] and made.facts["nf4_layers"] == 14
    assert selective.data(selective.Params(keep=(1,))) == ()


def test_the_layer_that_is_measured_as_worst_is_kept(tmp_path: Path) -> None:
    import torch
    import transformers

    source = parent(tmp_path / "l")
    model = transformers.AutoModelForCausalLM.from_pretrained(source.path, dtype="auto").eval()
    with torch.no_grad():  # one huge weight a block: NF4 takes all others of it to 0
        for name, weight in model.model.layers[2].named_parameters():
            if "norm" not in name:
                weight[:, ::64] *= 40
    model.save_pretrained(source.path)
    made = gguf.build("selective", tmp_path / "made", params=FP32, rows=ROWS, source=source)
    table = made.notes["mean_kl_of_one_layer_in_nf4"]
    assert max(table, key=table.get) == "2" and len(table) == 4
    assert made.facts["kept_layers"] == [2]
    assert widths(made.out) == ["uint8", "uint8", "float32", "uint8"]
    assert "sensitivity of layer 3" in made.texts


def test_the_table_is_of_the_rows_that_are_asked_for(tmp_path: Path) -> None:
    import transformers

    source = parent(tmp_path / "l")
    made = gguf.build("selective", tmp_path / "made", params=FP32 | {"rows": 2, "tokens": 7}, rows=ROWS, source=source)
    assert made.notes["calibration_tokens"] == 14
    model = transformers.AutoModelForCausalLM.from_pretrained(source.path, dtype="auto").eval()
    ids = [made.session.tokenize(ROWS[place]["text"])[:7] for place in (0, 4)]
    wanted = sensitivity.measured(model, depth.stack(model), ids, tmp_path / "s.json")
    np.testing.assert_allclose(list(made.notes["mean_kl_of_one_layer_in_nf4"].values()), wanted, rtol=1e-3)


def test_without_rows_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"rows of `calibration`, of which there are none; or name `keep`"):
        gguf.build("selective", tmp_path / "made", source=parent(tmp_path / "l"))


@pytest.mark.parametrize("keep", [[4], [2, 1], [0, 1, 2, 3]])
def test_layers_that_are_not_there_are_told(tmp_path: Path, keep: list[int]) -> None:
    with pytest.raises(BuildError, match="some of the layers 0 to 3 in rising order, not all"):
        gguf.build("selective", tmp_path / "made", params={"keep": keep}, source=parent(tmp_path / "l"))
