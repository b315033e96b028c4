"""One case of a language model on a device, in a process of its own: python -m benchmarks._gpu_case CASE, as JSON.

    {"shape": NAME, "kind": "fp16" | "bnb-int8" | "bnb-nf4" | "qlora", "device": DEVICE, "tiny": BOOL}

The last line that it prints is what it found, as JSON. Memory is what torch holds on the device, in MiB; on a CPU,
which has no such counter, it is what the tensors of the model take (the small shapes: 0).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks import _gpu_weights as weights
from benchmarks._gpu_shapes import SHAPES, Shape, tiny

QLORA = "qlora"
PROMPT, NEW, WARM_UP, CALLS = 128, 10, 3, 7
RANK, ALPHA, ROWS, TOKENS, STEPS = 16, 32, 1, 512, 5


def found(case: dict[str, Any]) -> dict[str, Any]:
    """Figures of a case. Raises ZooError where the device is not there."""
    from zoosmith.toolkit.quantization import bnb
    from zoosmith.toolkit.torch import devices

    devices.require(case["device"])
    bnb.quiet()
    shape = SHAPES[case["shape"]]
    shape = tiny(shape) if case["tiny"] else shape
    return trained(shape, case["device"]) if case["kind"] == QLORA else answered(shape, case["kind"], case["device"])


def answered(shape: Shape, kind: str, device: str) -> dict[str, Any]:
    """Memory after load and at the peak, milliseconds of ten new tokens after a prompt, greedy, one at a time."""
    import torch

    start = time.perf_counter()
    model = weights.drawn(shape, kind, device)
    seconds, held = time.perf_counter() - start, memory(model, device)
    prompt = torch.arange(PROMPT, device=device)[None] % (model.config.vocab_size - 3) + 3
    asked = {"max_new_tokens": NEW, "min_new_tokens": NEW, "do_sample": False}

    def answer() -> None:
        written = model.generate(prompt, attention_mask=torch.ones_like(prompt), **asked)
        assert written.shape[1] == PROMPT + NEW, "it stopped early"

    with torch.inference_mode():
        took = [milliseconds(answer, device) for _ in range(WARM_UP + CALLS)][WARM_UP:]
    return {
        "weights": parameters(model),
        "load_s": round(seconds, 2),
        "memory_mb": {"load": held["now"], "peak": memory(model, device)["peak"]},
        "ms_of_ten_tokens": {"median": median(took), "low": min(took), "high": max(took), "n": len(took)},
    }


def trained(shape: Shape, device: str) -> dict[str, Any]:
    """Memory and time of a step of QLoRA: NF4 below adapters on queries and values, activations computed again."""
    import peft
    import torch

    model = weights.drawn(shape, weights.NF4, device, "bfloat16")
    loaded = memory(model, device)
    model.activation_checkpointing_enable()
    model.enable_input_require_grads()
    about = peft.LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
    model = peft.get_peft_model(model, about).train()
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=2e-4)
    length = min(TOKENS, model.config.max_position_embeddings)
    rows = torch.arange(ROWS * length, device=device).reshape(ROWS, length) % (model.config.vocab_size - 3) + 3
    losses: list[float] = []

    def step() -> None:
        with torch.autocast(device.partition(":")[0], torch.bfloat16):
            loss = model(input_ids=rows, labels=rows, use_cache=False).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(float(loss.detach()))

    took = [milliseconds(step, device) for _ in range(WARM_UP + STEPS)][WARM_UP:]
    return {
        "weights": parameters(model) - sum(parameter.numel() for parameter in learning),
        "trainable": sum(parameter.numel() for parameter in learning),
        "rows": ROWS,
        "tokens": length,
        "memory_mb": {"load": loaded["now"], "peak": memory(model, device)["peak"]},
        "step_ms": {"median": median(took), "low": min(took), "high": max(took), "n": len(took)},
        "loss_first_last": [losses[0], losses[-1]],
    }


def milliseconds(call: Callable[[], None], device: str) -> float:
    """Wall time of a call, until the device has done it."""
    start = time.perf_counter()
    call()
    _wait(device)
    return round((time.perf_counter() - start) * 1e3, 3)


def _wait(device: str) -> None:
    if device != "cpu":
        from zoosmith.runtimes.torch import synchronize

        synchronize(device)


def memory(model: Any, device: str) -> dict[str, int]:
    """MiB now and at the peak since this was asked before."""
    if device != "cpu":
        from zoosmith.runtimes.torch import device_memory_mb

        return device_memory_mb(device)
    held = sum(one.numel() * one.element_size() for one in (*model.parameters(), *model.buffers())) // 2**20
    return {"now": held, "peak": held}


def parameters(model: Any) -> int:
    """Weights, counted before they were packed."""
    from zoosmith.toolkit.quantization import bnb

    return bnb.parameters(model)


if __name__ == "__main__":
    print(json.dumps(found(json.loads(sys.argv[1]))))
