"""Planted faults: each is caught, told in words that say what is wrong, and leaves nothing behind."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fast import write_fast_zoo
from tests.support.here import bring_up, workshop
from tests.support.job import Family
from tests.support.zoo import (
    BAD,
    GOOD,
    PLAIN,
    RECIPE,
    rows,
    write_bert,
    write_project,
    write_recipe,
    write_rows,
    write_tokenizer,
)
from zoosmith.contract import ZooError
from zoosmith.core.names import full_name
from zoosmith.core.plan import Ref
from zoosmith.engine.executor import StepFailed
from zoosmith.engine.graph import Workshop

WRAPPER = '''\
"""{sound}, with a fault planted after it."""

from pathlib import Path

from builders import {sound} as sound
from builders.{sound} import ACCEPTS, FORMAT, PRECISION, REQUIRES, Params, check
from zoosmith.lib.forward import OnnxForward

STRANGERS = Path(__file__).parents[1] / "strangers"


def zeroed(file, tensors=lambda name: True, value=0.0):
    """Set scales of one layer's weights (the product it is in) to `value`."""
    import numpy as np
    import onnx

    model = onnx.load(file)
    chosen = [one for one in model.graph.initializer if "layer.1" in one.name and one.name.endswith("weight_scale")]
    assert chosen, [one.name for one in model.graph.initializer]
    for one in chosen:
        array = np.full_like(onnx.numpy_helper.to_array(one), value)
        one.CopyFrom(onnx.numpy_helper.from_array(array, one.name))
    return model.SerializeToString()


def build(job):
    """Make it, then break it."""
    logits = sound.build(job)
    model = job.out / "model.onnx"
{fault}
    return logits
'''
SWAP = "    job.labels(job.task.spec.labels[::-1])"
NO_TOKENIZER = '    (job.out / "tokenizer.json").unlink()'
OTHER_TOKENIZER = '    (job.out / "tokenizer.json").write_bytes((STRANGERS / "tokenizer.json").read_bytes())'
ZERO_FILE = "    model.write_bytes(zeroed(model))"
ZERO_BOTH = f"{ZERO_FILE}\n    logits = OnnxForward(model.read_bytes(), 1).logits"
NAN_FILE = "    model.write_bytes(zeroed(model, value=float('nan')))"
NAN_BOTH = f"{NAN_FILE}\n    logits = OnnxForward(model.read_bytes(), 1).logits"
OTHER_ONNX = '    model.write_bytes((STRANGERS / "model.onnx").read_bytes())'
OTHER_TORCH = '    (job.out / "model.safetensors").write_bytes((STRANGERS / "model.safetensors").read_bytes())'
READS_EVAL = '    job.rows("eval")'

COMPUTES_ELSE = r"opened from its files and given text, the artifact computes something else .* tokenizer, labels"
NOT_THE_PARENT = r"parity: \d+\.\d% of \d+ probes get the parent's label.* The weights, the label order or the parent"
FAULTS = {
    "labels-swapped": ("onnx_int8", SWAP, NOT_THE_PARENT),
    "tokenizer-missing": ("onnx_int8", NO_TOKENIZER, r"no tokenizer\.json in out: the artifact cannot read text"),
    "tokenizer-of-another-model": ("onnx_int8", OTHER_TOKENIZER, COMPUTES_ELSE),
    "layer-zeroed-in-the-file": ("onnx_int8", ZERO_FILE, COMPUTES_ELSE),
    "layer-zeroed-by-the-technique": ("onnx_int8", ZERO_BOTH, NOT_THE_PARENT),
    "nan-in-the-file": ("onnx_int8", NAN_FILE, r"the finished tree gives NaN or infinite logits for \d+ of \d+ probes"),
    "nan-in-the-model": ("onnx_int8", NAN_BOTH, r"the builder's model gives NaN or infinite logits for \d+ of \d+"),
    "int8-of-another-model": ("onnx_int8", OTHER_ONNX, COMPUTES_ELSE),
    "int8-of-another-architecture": (
        "torch_int8", OTHER_TORCH, r"does not open .*: the tensors fit another model: .*unexpected \['bert\.encoder",
    ),
    "eval-read-by-a-builder": (
        "onnx_int8", READS_EVAL, r"asked for the split 'eval' but declares none in DATA; 'eval' is for measuring only",
    ),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def own_lock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The host's measuring lock, for these tests alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("locks")))
        yield


@pytest.fixture(scope="module")
def shop(family: Family, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """The toy zoo with a trained base, sound artifacts and one artifact a fault; the sound ones are built."""
    project = write_project(tmp_path_factory.mktemp("zoo"))
    write_data(project)
    shutil.copytree(family.made("finetune").out, project / "bases" / "trained")
    (project / "bases" / "trained" / "manifest.json").unlink()
    (project / "builders").mkdir()
    for name, (sound, fault, _) in FAULTS.items():
        file = project / "builders" / f"{name.replace('-', '_')}.py"
        file.write_text(WRAPPER.format(sound=sound, fault=fault), encoding="utf-8")
    write_strangers(family, project / "strangers")
    artifacts = {
        "fp32": {"builder": "checkpoint", "from": "trained"},
        "onnx-fp32": {"builder": "onnx", "from": "fp32"},
        "onnx-int8": {"builder": "onnx_int8", "from": "onnx-fp32"},
    }
    for name, (sound, _, _) in FAULTS.items():
        parent = "fp32" if sound == "torch_int8" else "onnx-fp32"
        artifacts[name] = {"builder": name.replace("-", "_"), "from": parent}
    write_recipe(project, RECIPE | {"bases": {"trained": {"path": "bases/trained"}}, "artifacts": artifacts})
    opened = workshop(project)
    bring_up(opened, Ref("toy", "onnx-int8"))
    return opened


def write_data(project: Path) -> None:
    for split, count, seed in (("train", 40, 1), ("dev", 40, 2), ("test", 60, 3)):
        write_rows(project / "data" / f"{split}.jsonl", rows(count, seed))


def write_strangers(family: Family, folder: Path) -> None:
    """Files of other models: same architecture and other weights, other vocabulary, more layers."""
    folder.mkdir()
    write_tokenizer(folder, (PLAIN + GOOD + BAD)[::-1])
    again = family.again("finetune", folder / "seed", seed=7).parent
    exported = build_from("onnx", again, folder / "exported")
    shutil.copyfile(build_from("onnx_int8", exported, folder / "quantised").path / "model.onnx", folder / "model.onnx")
    deeper = source(write_bert(folder / "deeper", labels=("negative", "positive"), layers=3))
    checkpoint = build_from("checkpoint", deeper, folder / "checkpoint")
    quantised = build_from("torch_int8", checkpoint, folder / "packed")
    shutil.copyfile(quantised.path / "model.safetensors", folder / "model.safetensors")


def build_from(name: str, parent: Parent, folder: Path) -> Parent:
    return build(name, {"from": parent}, folder).parent


def actions(shop: Workshop) -> set[str]:
    return {path.name for path in (shop.store.root / "actions").glob("*.json")}


def assert_nothing_is_left(shop: Workshop, ref: Ref, before: set[str]) -> None:
    """No action, name, delivered file, card, row or result of a failed artifact."""
    assert actions(shop) == before
    assert shop.resolver.finished("artifact", ref) is None or not shop.measured(ref, "quick")
    assert not shop.home(ref).exists()
    assert not shop.book.card_file(ref).exists()
    assert not shop.book.folder(ref).exists()
    assert not (shop.project / "registry.json").exists()
    with pytest.raises(ZooError):
        shop.register(ref, "quick")


def test_the_same_without_a_fault_passes(shop: Workshop) -> None:
    shop.make("artifact", Ref("toy", "onnx-int8"))
    assert shop.made("artifact", Ref("toy", "onnx-int8"))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_an_artifact_is_caught_and_told(shop: Workshop, name: str) -> None:
    ref, before = Ref("toy", name), actions(shop)
    with pytest.raises(StepFailed, match=FAULTS[name][2]) as told:
        shop.make("artifact", ref)
    assert str(told.value).startswith(f"build toy-{name}: ")
    assert "Traceback" not in str(told.value)
    assert shop.resolver.finished("artifact", ref) is None
    assert shop.store.named(f"toy/{name}") is None
    assert_nothing_is_left(shop, ref, before)
