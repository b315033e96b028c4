"""What tests of builders that prune share: bases of several architectures, chains of builders, what opens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.support.encoders import write_encoder
from tests.support.job import TELLING, Made, build, probe_logits, source, spec
from tests.support.zoo import ROOT
from zoosmith.contract.job import Parent
from zoosmith.predictor import open_artifact

RECOVERY = {"epochs": 2, "learning_rate": 3e-3, "batch_size": 16, "autocast": "none"}


def taken(folder: Path, architecture: str, **kind: Any) -> Parent:
    """A checkpoint of an architecture, taken by `checkpoint`."""
    base = source(write_encoder(folder / "base", architecture, **kind))
    return build("checkpoint", {"from": base}, folder / "taken", task=spec()).parent


def model_of(made: Made) -> Any:
    """The builder's in-memory torch model."""
    return made.model


def assert_opens(made: Made) -> None:
    """The tree, opened from its files and given text, answers as the builder's model."""
    opened = open_artifact(made.out, project=ROOT, threads=1)
    found = [opened.session.classify(opened.task.encode([opened.task.unlabelled(text)]))[0] for text in TELLING]
    np.testing.assert_allclose(found, probe_logits(made, TELLING), atol=1e-5)


def converted(made: Made, folder: Path) -> dict[str, Made]:
    """The artifact after every conversion that takes a torch checkpoint, each opened and compared."""
    chain = {"torch_int8": build("torch_int8", {"from": made.parent}, folder / "torch_int8")}
    chain["onnx"] = build("onnx", {"from": made.parent}, folder / "onnx")
    for name in ("onnx_int8", "onnx_fp16"):
        chain[name] = build(name, {"from": chain["onnx"].parent}, folder / name)
    for one in chain.values():
        assert_opens(one)
    assert gap(chain["onnx"], made) < 1e-4
    assert 0 < gap(chain["onnx_fp16"], made) < 0.05
    return chain


def gap(one: Made, other: Made) -> float:
    """The largest difference of a logit on texts that tell their label."""
    return float(np.abs(probe_logits(one, TELLING) - probe_logits(other, TELLING)).max())


def size(made: Made) -> int:
    """Bytes of the weights."""
    return sum(path.stat().st_size for path in (*made.out.glob("*.safetensors"), *made.out.glob("*.onnx")))
