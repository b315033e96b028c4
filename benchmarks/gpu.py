"""FP32 against half precision, INT8, NF4 and QLoRA on a GPU: latency, VRAM, and where kernels really ran.

    python -m benchmarks.gpu [--families distilbert bert-base] [--json benchmarks/results/gpu.json]

Encoders of the sizes of DistilBERT (66 M parameters) and BERT-base (110 M), with random weights, are trained and
quantised on the GPU by the shipped builders, each checked by a clean process as ever. Of each artifact one answer is
traced: a layer that computes on the CPU, an idle device or memory that was never taken fails the run. Then all of a
family are timed at once, in turns, end to end at batch 1, over several process starts; and each alone at batch 32.
VRAM is what torch holds on the device, MiB: after load, at the peak, and what answering added; for trainings the peak.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import _gpu_zoo as zoo
from benchmarks._report import options, report
from zoosmith.bench import residency, speed
from zoosmith.bench.measure import latency
from zoosmith.bench.process import Opened, opened
from zoosmith.contract import ZooError
from zoosmith.core.plan import Ref
from zoosmith.engine.action import public_versions
from zoosmith.engine.graph import Workshop
from zoosmith.lib import devices

DEVICE = "cuda"
PLAN = speed.Plan(starts=4, turns=6, block_s=0.2)
SIDE_BY_SIDE = 8
BATCH, SECONDS = 32, 1.0
TIMED = ("fp32", *zoo.QUANTISED, "qlora-r16")
PACKAGES = ("torch", "transformers", "peft", "bitsandbytes", "accelerate")


def build(project: Path, families: list[str]) -> None:
    """Build all artifacts side by side and bring them out, as a user would. Raises CalledProcessError."""
    names = [f"artifact:{family}-{name}" for family in families for name in ("fp32", *zoo.QUANTISED, *zoo.TRAINED)]
    command = [sys.executable, "-m", "doit", "-n", str(SIDE_BY_SIDE), *names]
    subprocess.run(command, cwd=project, check=True, stdout=sys.stderr)


def opening(shop: Workshop, family: str) -> dict[str, Any]:
    """Arguments of `Child.open` for any artifact of the family."""
    sentences = [json.loads(line) for line in (shop.project / "data" / "test.jsonl").read_text().splitlines()]
    needs = {}
    for name in TIMED:
        ref = Ref(family, name)
        roles = json.loads((shop.home(ref) / "manifest.json").read_bytes())["needs"]
        parents = shop.zoo.parents(ref)
        needs[str(shop.home(ref))] = {role: str(shop.home(parents[role])) for role in roles}
    return {
        "project": str(shop.project),
        "needs": needs,
        "threads": 1,
        "cpus": speed.measuring_cpus(1),
        "device": DEVICE,
        "inputs": [row["text"] for row in sentences],
    }


def all_seen(folders: dict[str, Path], arguments: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What `seen` tells of each; opened side by side, looked at one after the other."""
    with opened(*folders) as children:
        for child in children:
            child.send("open", folder=str(folders[child.name]), **arguments)
        for child in children:
            child.reply()
        return {child.name: seen(child, folders[child.name]) for child in children}


def seen(child: Opened, folder: Path) -> dict[str, Any]:
    """Residency, VRAM and throughput of one artifact. Raises ZooError where the device does not do the work."""
    file = folder.parent / f"{folder.name}.trace"
    child.ask("trace", file=str(file))
    first = child.ask("memory")
    batch = child.ask("sweep", kind="at_batch", batch=BATCH, seconds=SECONDS)["ms"]
    found = residency.residency(json.loads(file.read_bytes()))
    residency.check(DEVICE, found, first["vram_before"], first["vram"])
    return {
        "size_own_mb": round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6, 1),
        "vram_mb": {"before": first["vram_before"], **first["vram"]},
        "resident_mb": first["memory"],
        "residency": {
            "layers_at_work": len(found.layers),
            "kernels": sum(layer.kernels for layer in found.layers),
            "kernel_ms": round(sum(layer.device_us for layer in found.layers) / 1000, 3),
            "busy": round(found.busy, 4),
            "on_cpu": sum(len(layer.on_cpu) for layer in found.layers),
        },
        "examples_per_second_at_32": round(1000 * BATCH * len(batch) / sum(batch), 1),
    }


def timed(folders: dict[str, Path], arguments: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Latency of each in milliseconds, and how many times as fast as FP32 it is."""
    sides = {speed.ARTIFACT if name == "fp32" else name: folder for name, folder in folders.items()}
    timings = speed.compare(sides, arguments, PLAN, lambda *_: None)
    found: dict[str, dict[str, Any]] = {}
    for name in folders:
        found[name] = {"latency_ms": latency(timings.ms[speed.ARTIFACT if name == "fp32" else name]).model_dump()}
        if name != "fp32":
            slower = timings.ratio(name)  # how many times as fast as it FP32 is
            ratio = {"value": 1 / slower.value, "low": 1 / slower.high, "high": 1 / slower.low}
            found[name]["speed_against_fp32"] = {k: round(v, 4) for k, v in ratio.items()} | {"starts": slower.n}
    return found


def training(shop: Workshop, ref: Ref) -> dict[str, Any]:
    """What a training took, from its provenance: minutes, peak of the device in MiB, steps a second."""
    record = shop.resolver.finished("artifact", ref)
    assert record is not None
    notes = record.provenance["notes"]["training"]
    manifest = json.loads((shop.home(ref) / "manifest.json").read_bytes())
    return {
        "minutes": notes["minutes"],
        "peak_vram_mb": notes["peak_memory_mb"],
        "trainable_parameters": manifest["facts"]["trainable_parameters"],
        "parameters": manifest["facts"]["parameters"],
        "rows": manifest["facts"]["train_examples"],
        "loss_first_last": [notes["loss"][0], notes["loss"][-1]],
    }


def measure(project: Path, family: str) -> dict[str, Any]:
    """All figures of a family."""
    shop = Workshop(project)
    arguments = opening(shop, family)
    folders = {name: shop.home(Ref(family, name)) for name in TIMED}
    found = all_seen(folders, arguments)
    say(f"{family}: traced\n{json.dumps(found)}")
    for name, told in timed(folders, arguments).items():
        found[name] |= told
    say(f"{family}: timed")
    trained = {name: training(shop, Ref(family, name)) for name in zoo.TRAINED}
    told = {"artifacts": found, "trainings": trained}
    say(json.dumps(told))
    return told


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Exit code 1 where a device did not do its work, 2 where there is none."""
    parser = options(__doc__)
    parser.add_argument("--families", nargs="+", choices=zoo.QUERY_VALUE, default=list(zoo.QUERY_VALUE))
    given = parser.parse_args()
    try:
        devices.require(DEVICE)
    except ZooError as error:
        say(str(error))
        return 2
    os.environ["ZOOSMITH_BUILD_DEVICE"] = DEVICE
    with tempfile.TemporaryDirectory(prefix="gpu-") as folder:
        zoo.write_zoo(Path(folder), given.families)
        build(Path(folder), given.families)
        found = {family: measure(Path(folder), family) for family in given.families}
    settings = {"plan": PLAN.__dict__, "batch": BATCH, "packages": public_versions(PACKAGES)}
    report({"settings": settings, "families": found}, given.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
