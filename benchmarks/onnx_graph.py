"""What the shape of an ONNX graph costs: attention as it is exported, and a fusion of ONNX Runtime's that is left out.

    python -m benchmarks.onnx_graph --json benchmarks/results/onnx_graph.json

Checkpoints of minilm-sst2 are exported with torch's `sdpa` and with `eager` attention, in FP32 and in INT8 as
`onnx_int8` makes it, and opened with and without the optimizer that adds and normalises at once. These four ways of a
checkpoint in a precision take turns in one process, one row, one thread, random words; time is processor time of the
process, a ratio that of a round's medians to what we ship (eager, not fused), its interval over rounds. Exit code 1
where another way is faster with its whole interval.

The artifacts must be built: `doit run build:minilm-sst2-fp32 build:minilm-sst2-structured`.
"""

from __future__ import annotations

import itertools
import math
import random
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks._report import options, report
from zoosmith.build.workspace import Workspace
from zoosmith.execution.action import public_versions
from zoosmith.predictor import open_artifact
from zoosmith.recipes.graph import Ref
from zoosmith.stats.intervals import ratio_from_logs
from zoosmith.toolkit.onnx import onnx_file
from zoosmith.toolkit.onnx.onnx_forward import SLOWER_FUSED

FAMILY, CHECKPOINTS = "minilm-sst2", ("fp32", "structured")
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
TOKENS = (19, 128)
WORDS = range(1000, 20_000)
OPSET = 20
SHIPPED = ("eager", "apart")
ATTENTION, FUSION = ("sdpa", "eager"), {"fused": (), "apart": SLOWER_FUSED}
PACKAGES = ("torch", "transformers", "onnx", "onnxscript", "onnxruntime")

Ways = dict[tuple[str, str], Callable[[], Any]]


def exported(model: Any, attention: str, file: Path) -> Path:
    """The graph of a transformers model with that attention."""
    import torch

    model.set_attn_implementation(attention)
    given = {name: torch.ones(2, 9, dtype=torch.int64) for name in INPUTS}
    sizes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("sequence", max=max(TOKENS))}
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, (), kwargs=given, dynamo=True, opset_version=OPSET, input_names=list(INPUTS), verbose=False,
            output_names=["logits"], dynamic_shapes=dict.fromkeys(INPUTS, sizes),
        ).save(file)  # fmt: skip
    return file


def in_int8(file: Path, folder: Path) -> Path:
    """The graph in dynamic INT8."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    folder.mkdir()
    source, made = onnx_file.apart(file, folder), folder / "int8.onnx"
    quantize_dynamic(source, made, per_channel=True, weight_type=QuantType.QInt8, use_external_data_format=True)
    return made


def opened(file: Path, left_out: tuple[str, ...]) -> Any:
    """A session of one thread."""
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    settings.log_severity_level = 3
    providers = ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(file, settings, providers=providers, disabled_optimizers=left_out)


def row(tokens: int) -> dict[str, Any]:
    """A row of random words, as long as `tokens`."""
    ids = np.array([random.Random(tokens).choices(WORDS, k=tokens)], dtype=np.int64)
    return dict(zip(INPUTS, (ids, np.ones_like(ids), np.zeros_like(ids)), strict=True))


def graphs(folder: Path) -> Iterator[tuple[str, dict[str, Path]]]:
    """Each checkpoint and precision with its file by attention."""
    workspace = Workspace(Path.cwd())
    for name in CHECKPOINTS:
        model = open_artifact(workspace.home(Ref(FAMILY, name)), project=Path.cwd()).session.model
        whole = {one: exported(model, one, folder / f"{name}-{one}.onnx") for one in ATTENTION}
        yield f"{name} in FP32", whole
        yield f"{name} in INT8", {one: in_int8(file, folder / f"{name}-{one}-int8") for one, file in whole.items()}


def milliseconds(call: Callable[[], Any], calls: int) -> float:
    """Median processor time of a call."""
    took = []
    for _ in range(calls):
        start = time.process_time_ns()
        call()
        took.append((time.process_time_ns() - start) / 1e6)
    return median(took)


def measured(ways: Ways, rounds: int, calls: int) -> dict[str, Any]:
    """Milliseconds of each way, and how many times as long as what we ship it takes."""
    took: dict[tuple[str, str], list[float]] = {way: [] for way in ways}
    order = random.Random(0)
    for call in ways.values():
        milliseconds(call, max(1, calls // 4))
    for _ in range(rounds):
        for way in order.sample(list(ways), len(ways)):
            took[way].append(milliseconds(ways[way], calls))
    return {" ".join(way): told(values, took[SHIPPED]) for way, values in took.items()}


def told(mine: list[float], shipped: list[float]) -> dict[str, Any]:
    """Its median, and its ratio with an interval."""
    found = ratio_from_logs([math.log(a / b) for a, b in zip(mine, shipped, strict=True)])
    return {"ms": round(median(mine), 4)} | {
        name: round(getattr(found, name), 3) for name in ("value", "low", "high")
    } | {"n": found.n}  # fmt: skip


def main() -> int:
    """Exit code 1 where what we do not ship is faster."""
    given = options(__doc__, rounds=10, calls=40).parse_args()
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, files in graphs(Path(folder)):
            sessions = {
                (one, kind): opened(files[one], FUSION[kind]) for one, kind in itertools.product(ATTENTION, FUSION)
            }
            for tokens in TOKENS:
                ways = {way: _call(session, row(tokens)) for way, session in sessions.items()}
                found[f"{name}, {tokens} tokens"] = measured(ways, given.rounds, given.calls)
                print(f"{name}, {tokens} tokens: measured", file=sys.stderr, flush=True)
    settings = {"rounds": given.rounds, "calls": given.calls, "threads": 1, "packages": public_versions(PACKAGES)}
    faster = [f"{case}: {way}" for case, ways in found.items() for way, told in ways.items() if told["high"] < 1.0]
    report({"settings": settings, "times_what_is_shipped": found, "missed": faster}, given.json)
    return bool(faster)


def _call(session: Any, given: dict[str, Any]) -> Callable[[], Any]:
    return lambda: session.run(["logits"], given)


if __name__ == "__main__":
    sys.exit(main())
