"""AutoRound by the package auto-round: what its quantiser is given, and what of its output goes into an artifact."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.torch import architecture
from zoosmith.toolkit.training.train import fast_autocast

REQUIRES = ("torch", "transformers", "tokenizers", "safetensors", "accelerate", "auto-round")
LAYOUTS = {"gptq": "auto_gptq", "auto_round": "auto_round"}
"""How weights are packed, and what auto-round calls it. Its AWQ has no kernel for CPUs without another package."""


def check_rows(model: Any, group_size: int) -> None:
    """Raise BuildError unless the rows of all linear layers of the body are multiples of a group.

    auto-round would quantise others too, and then no kernel opens them.
    """
    heads = architecture.heads(model)
    names = [name for name in architecture.linears(model) if not architecture.is_under(name, heads)]
    for name in names:
        rows = model.get_submodule(name).in_features
        if rows % group_size:
            every = [model.get_submodule(each).in_features for each in names]
            fit = [size for size in (128, 64, 32, 16) if not any(row % size for row in every)]
            raise BuildError(
                f"group_size: {name} has rows of {rows}, which is no multiple of {group_size}; "
                f"{f'all rows are multiples of {fit[0]}' if fit else 'no usual size divides all rows'}"
            )


def pieces(sequences: Sequence[Sequence[int]], tokens: int, most: int) -> list[Any]:
    """Token ids joined and cut into pieces of one length, tensors (1, tokens), at most `most`; the rest is left out.

    auto-round drops what is shorter. Raises BuildError where there is not one.
    """
    import torch

    joined = [token for one in sequences for token in one]
    found = [joined[at : at + tokens] for at in range(0, len(joined) - tokens + 1, tokens)][:most]
    if not found:
        raise BuildError(
            f"tokens: a piece has {tokens}, and all rows of `calibration` together {len(joined)}; ask for fewer"
        )
    return [torch.tensor([piece]) for piece in found]


def quantise(model: Any, source: Path, data: Sequence[Any], folder: Path, seed: int, **options: Any) -> Path:
    """Learn roundings in `model`, in place, pack it, and save it below `folder`; where it lies.

    source: where its tokenizer lies, without which auto-round starts nothing. data: pieces of one length. options:
    bits, group_size, iterations, step_pieces and layout, as the builder has them.
    """
    import torch
    import transformers
    from auto_round import AutoRound, SignRoundConfig

    for name in ("autoround", "auto_round"):
        logging.getLogger(name).setLevel(logging.ERROR)
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
    torch.manual_seed(seed)
    config = SignRoundConfig(bits=options["bits"], group_size=options["group_size"], iters=options["iterations"])
    tokenizer = transformers.AutoTokenizer.from_pretrained(source, local_files_only=True, trust_remote_code=False)
    made = AutoRound(
        model, tokenizer, alg_configs=config, dataset=list(data), seqlen=data[0].shape[1], nsamples=len(data),
        batch_size=min(options["step_pieces"], len(data)), device_map="cpu", enable_torch_compile=False, seed=seed,
        amp=fast_autocast() == "bf16",
    )  # fmt: skip
    _, saved = made.quantize_and_save(str(folder), format=LAYOUTS[options["layout"]])
    return Path(saved if isinstance(saved, str) else saved[0])


def take(folder: Path, out: Path) -> None:
    """Move the weights in `folder` to `out`, with a config.json that tells nothing of where it was made."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config.pop("_name_or_path", None)
    text = json.dumps(config, indent=2, sort_keys=True)
    (out / "config.json").write_text(f"{text}\n", encoding="utf-8")
    for file in sorted(folder.glob("*.safetensors*")):
        shutil.move(file, out / file.name)
