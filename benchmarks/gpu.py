"""FP32 against half precision, INT8, NF4 and QLoRA on a GPU: latency, VRAM, and where kernels really ran.

    python -m benchmarks.gpu [--parts encoders language] [--families distilbert bert-base]
                             [--shapes qwen2-0.5b tinyllama-1.1b phi-2 mistral-7b] [--seconds 360]
                             [--json benchmarks/results/gpu.json]

Encoders of the sizes of DistilBERT (66 M parameters) and BERT-base (110 M), with random weights, are trained and
quantised on the GPU by the shipped builders, each checked by a clean process as ever. Then all artifacts are opened at
once, each in a process on a processor core of its own, and answer in turns of 20 calls, end to end at batch 1. Each is
started once: the ratio to FP32 is told with the slowest and the fastest of its turns, which is no interval. VRAM is
what torch holds on the device, MiB: after load, at the peak, and what answering added; for trainings the peak. Of each
artifact one answer is traced: a layer that computes on the CPU, an idle device or memory that was never taken fails the
run.

Language models have the shapes of study C and weights that are drawn on the device: FP16, bitsandbytes INT8 and NF4
each answer ten tokens to a prompt of 128, greedy, at batch 1, and Mistral's shape is trained with QLoRA. Each case has
a process of its own, so that one failure loses only itself, and what is known is written after each; all of them
together take at most `--seconds`. `--device cpu --tiny` tries the same path without a GPU, on two small layers: its
figures say nothing. Parts that are not run keep their figures in the file.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import fmean, median
from typing import Any

from benchmarks import _gpu_language as language
from benchmarks import _gpu_zoo as zoo
from benchmarks._gpu_shapes import SHAPES
from benchmarks._report import options, report
from zoosmith.bench import residency
from zoosmith.bench.process import Opened, opened
from zoosmith.bench.speed import latency
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError
from zoosmith.execution.action import public_versions
from zoosmith.recipes.graph import Ref
from zoosmith.toolkit.torch import devices

DEVICE = "cuda"
PARTS = ENCODERS, LANGUAGE = ("encoders", "language")
TURNS, CALLS, WARM_UP = 4, 20, 30
BATCH, SECONDS = 32, 1.0
SIDE_BY_SIDE = 8
REFERENCE = "fp32"
TIMED = (REFERENCE, *zoo.QUANTISED, "qlora-r16")
PACKAGES = ("torch", "transformers", "peft", "bitsandbytes", "accelerate")
Blocks = list[list[float]]  # milliseconds of each call, by turn


def build(project: Path, families: list[str]) -> None:
    """Build all artifacts side by side and bring them out, as a user would. Raises CalledProcessError."""
    names = [f"artifact:{family}-{name}" for family in families for name in (*TIMED, *zoo.TRAINED)]
    command = [sys.executable, "-m", "doit", "-n", str(SIDE_BY_SIDE), *dict.fromkeys(names)]
    subprocess.run(command, cwd=project, check=True, stdout=sys.stderr)


def opening(workspace: Workspace, ref: Ref) -> dict[str, Any]:
    """Arguments of `Child.open` but the processors."""
    sentences = [json.loads(line) for line in (workspace.project / "data" / "test.jsonl").read_text().splitlines()]
    folder, parents = str(workspace.home(ref)), workspace.zoo.parents(ref)
    needs = json.loads((workspace.home(ref) / "manifest.json").read_bytes())["needs"]
    return {
        "folder": folder,
        "project": str(workspace.project),
        "needs": {folder: {role: str(workspace.home(parents[role])) for role in needs}},
        "threads": 1,
        "device": DEVICE,
        "inputs": [row["text"] for row in sentences],
    }


def in_turns(children: list[Opened]) -> dict[str, Blocks]:
    """Milliseconds by artifact: all answer in order, then in the reverse order, and so on."""
    for child in children:
        child.send("time", calls=WARM_UP)
    for child in children:
        child.reply()
    found: dict[str, Blocks] = {child.name: [] for child in children}
    for turn in range(TURNS):
        for child in children if turn % 2 == 0 else reversed(children):
            found[child.name].append(child.ask("time", calls=CALLS)["ms"])
    return found


def speed_against(reference: Blocks, mine: Blocks) -> dict[str, float]:
    """How many times as fast as the reference: geometric mean over turns of medians, and the turns' extremes."""
    ratios = [math.log(median(theirs) / median(own)) for theirs, own in zip(reference, mine, strict=True)]
    told = {"value": fmean(ratios), "slowest_turn": min(ratios), "fastest_turn": max(ratios)}
    return {name: round(math.exp(value), 3) for name, value in told.items()} | {"turns": len(ratios)}


def timed(blocks: dict[str, Blocks]) -> dict[str, dict[str, Any]]:
    """Latency of FAMILY/ARTIFACT, and its speed against FP32 of its family."""
    found: dict[str, dict[str, Any]] = {}
    for name, mine in blocks.items():
        family, _, artifact = name.partition("/")
        found[name] = {"latency_ms": latency([ms for block in mine for ms in block]).model_dump()}
        if artifact != REFERENCE:
            found[name]["speed_against_fp32"] = speed_against(blocks[f"{family}/{REFERENCE}"], mine)
    return found


def seen(child: Opened, folder: Path) -> dict[str, Any]:
    """VRAM, residency and throughput of one artifact. Raises ZooError where the device does not do the work."""
    file = folder.parent / f"{folder.name}.trace"
    memory = child.ask("memory")
    child.ask("trace", file=str(file))
    batch = child.ask("sweep", kind="at_batch", batch=BATCH, seconds=SECONDS)["ms"]
    found = residency.residency(json.loads(file.read_bytes()))
    residency.check(DEVICE, found, memory["vram_before"], memory["vram"])
    return {
        "size_own_mb": round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6, 1),
        "vram_mb": {"before": memory["vram_before"], **memory["vram"]},
        "residency": {
            "layers_at_work": len(found.layers),
            "kernels": sum(layer.kernels for layer in found.layers),
            "kernel_ms": round(sum(layer.device_us for layer in found.layers) / 1000, 3),
            "busy": round(found.busy, 4),
            "on_cpu": sum(len(layer.on_cpu) for layer in found.layers),
        },
        "examples_per_second_at_32": round(1000 * BATCH * len(batch) / sum(batch), 1),
    }


def training(workspace: Workspace, ref: Ref) -> dict[str, Any]:
    """What a training took, from its provenance: minutes, and the peak of the device in MiB."""
    record = workspace.resolver.finished("artifact", ref)
    assert record is not None
    notes = record.provenance["notes"]["training"]
    facts = json.loads((workspace.home(ref) / "manifest.json").read_bytes())["facts"]
    return {
        "minutes": notes["minutes"],
        "peak_vram_mb": notes["peak_memory_mb"],
        "trainable_parameters": facts["trainable_parameters"],
        "parameters": facts["parameters"],
        "rows": facts["train_examples"],
        "loss_first_last": [notes["loss"][0], notes["loss"][-1]],
    }


def measure(workspace: Workspace, families: list[str]) -> dict[str, dict[str, Any]]:
    """Figures of FAMILY/ARTIFACT."""
    refs = {f"{family}/{name}": Ref(family, name) for family in families for name in TIMED}
    cores = sorted(os.sched_getaffinity(0))
    with opened(*refs) as children:
        for i, child in enumerate(children):
            child.send("open", **opening(workspace, refs[child.name]), cpus=[cores[i % len(cores)]])
        for child in children:
            child.reply()
        found = timed(in_turns(children))
        for child in children:
            found[child.name] |= seen(child, workspace.home(refs[child.name]))
    return found


def encoders(families: list[str]) -> dict[str, Any]:
    """Figures of the encoders. Raises ZooError where the device did not do the work."""
    os.environ["ZOOSMITH_BUILD_DEVICE"] = DEVICE
    with tempfile.TemporaryDirectory(prefix="gpu-") as folder:
        zoo.write_zoo(Path(folder), families)
        build(Path(folder), families)
        workspace = Workspace(Path(folder))
        told = measure(workspace, families)
        trained = {
            f"{family}/{name}": training(workspace, Ref(family, name)) for family in families for name in zoo.TRAINED
        }
    return {"packages": public_versions(PACKAGES), "artifacts": told, "trainings": trained}


def kept(file: Path | None) -> dict[str, Any]:
    """What an earlier run wrote, which the parts of this one replace."""
    return json.loads(file.read_text(encoding="utf-8")) if file and file.is_file() else {}


def write(told: dict[str, Any], file: Path | None) -> None:
    """Put parts into the file beside what it has."""
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(kept(file) | told, indent=2) + "\n", encoding="utf-8")


def arguments() -> Any:
    """Those of the command line."""
    parser = options(__doc__, seconds=360)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--families", nargs="+", choices=zoo.QUERY_VALUE, default=list(zoo.QUERY_VALUE))
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--device", default=DEVICE, help="of the language models")
    parser.add_argument("--tiny", action="store_true", help="small layers in place of the shapes' own")
    return parser.parse_args()


def main() -> int:
    """Exit code 1 where a language model has no figures, 2 where there is no GPU.

    Raises ZooError where the GPU did not do the work of an encoder.
    """
    given, missed = arguments(), []
    try:
        devices.require(given.device if given.parts == [LANGUAGE] else DEVICE)
    except ZooError as error:
        print(error, file=sys.stderr)
        return 2
    if LANGUAGE in given.parts:
        asked = language.cases(given.shapes, given.device, tiny=given.tiny)
        told = language.measure(asked, given.seconds, lambda told: write({LANGUAGE: told}, given.json))
        missed = language.failed(told)
    if ENCODERS in given.parts:
        earlier = {name: part for name, part in kept(given.json).items() if name == LANGUAGE}
        report({**encoders(given.families), **earlier}, given.json)
    print("\n".join(missed), file=sys.stderr)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
