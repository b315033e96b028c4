"""A tiny LLaVA that tests make: random weights, a processor for pictures, a tokenizer with a token for a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.causal import VOCABULARY, write_tokenizer
from tests.support.job import Made, build, source
from zoosmith.contract.job import Parent
from zoosmith.contract.manifest import TaskSpec

IMAGE = "<image>"
SIDE, PATCH = 24, 8
TASK = TaskSpec(kind="vqa", inputs=("image", "question"), max_length=128)


def tiny_llava(folder: Path, *, hidden: int = 64, seed: int = 0, dtype: str = "float32") -> Path:
    """Write an ordinary checkpoint of LLaVA's architecture and return its folder."""
    import torch
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    write_tokenizer(folder, chat=False)
    _add_image_token(folder)
    vision = transformers.CLIPVisionConfig(
        hidden_size=hidden, intermediate_size=2 * hidden, num_hidden_layers=2, num_attention_heads=4, image_size=SIDE,
        patch_size=PATCH,
    )  # fmt: skip
    text = transformers.LlamaConfig(
        vocab_size=VOCABULARY + 1, hidden_size=hidden, intermediate_size=2 * hidden, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=1024, bos_token_id=1, eos_token_id=3,
        pad_token_id=0,
    )  # fmt: skip
    config = transformers.LlavaConfig(
        vision_config=vision, text_config=text, image_token_id=VOCABULARY, vision_feature_layer=-2,
        vision_feature_select_strategy="default",
    )  # fmt: skip
    torch.manual_seed(seed)
    model = transformers.LlavaForConditionalGeneration(config).to(getattr(torch, dtype)).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(4.0 if weight.dim() > 1 else 1.0)
    model.save_pretrained(folder)
    _write_processor(folder)
    return folder


def _add_image_token(folder: Path) -> None:
    from tokenizers import AddedToken, Tokenizer

    file = folder / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.add_special_tokens([AddedToken(IMAGE, special=True, normalized=False)])
    tokenizer.save(str(file))


def _write_processor(folder: Path) -> None:
    size = {"height": SIDE, "width": SIDE}
    pictures: dict[str, Any] = {
        "image_processor_type": "CLIPImageProcessor", "do_resize": True, "size": {"shortest_edge": SIDE},
        "do_center_crop": True, "crop_size": size, "do_rescale": True, "rescale_factor": 1 / 255,
        "do_normalize": True, "image_mean": [0.5] * 3, "image_std": [0.25] * 3, "do_convert_rgb": True,
    }  # fmt: skip
    (folder / "preprocessor_config.json").write_text(json.dumps(pictures), encoding="utf-8")
    about = {
        "processor_class": "LlavaProcessor", "patch_size": PATCH, "vision_feature_select_strategy": "default",
        "image_token": IMAGE, "num_additional_image_tokens": 1,
    }  # fmt: skip
    (folder / "processor_config.json").write_text(json.dumps(about), encoding="utf-8")


def base(folder: Path, **changes: Any) -> Parent:
    """It as a fetched base."""
    return source(tiny_llava(folder, **changes))


def checkpoint(folder: Path, **params: Any) -> Made:
    """What `vision_checkpoint` makes of it, in FP32 unless told otherwise."""
    given = {"dtype": "fp32"} | params
    return build("vision_checkpoint", {"from": base(folder / "base")}, folder, task=TASK, params=given)
