"""Planted faults: each is caught, told in words that say what is wrong, and leaves nothing behind."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import table
from tests.support.here import bring_up, open_here
from tests.support.job import PAIR, Family, build, source
from tests.support.zoo import BAD, GOOD, PLAIN, RECIPE, rows, write_bert, write_project, write_recipe, write_rows
from tests.support.zoo import write_tokenizer as write_vocabulary
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError
from zoosmith.execution.executor import StepFailed
from zoosmith.recipes.graph import Ref

WRAPPER = '''\
"""{sound}, with a fault planted after it."""

from pathlib import Path

from builders import {sound} as sound
from builders.{sound} import ACCEPTS, FORMAT, PRECISION, REQUIRES, Params, check
from zoosmith.toolkit.onnx.onnx_forward import OnnxForward

# beside the zoo: what a builder reads of the zoo itself must be in its key
STRANGERS = Path(__file__).parents[2] / "strangers"


def with_scales(file, layer, value):
    """The model with the scales of one layer's INT8 weights set to `value`."""
    import numpy as np
    import onnx

    model = onnx.load(file)
    scales = {{one.name: one for one in model.graph.initializer if one.name.endswith("_scale")}}
    chosen = scales[f"{{layer}}.weight_scale"]
    array = np.full_like(onnx.numpy_helper.to_array(chosen), value)
    chosen.CopyFrom(onnx.numpy_helper.from_array(array, chosen.name))
    return model.SerializeToString()


def build(job):
    """Make it, then break it."""
    session = sound.build(job)
    model = job.out / "model.onnx"
{fault}
    return session
'''
SWAP = "    job.labels(job.task.spec.labels[::-1])"
NO_TOKENIZER = '    (job.out / "tokenizer.json").unlink()'
OTHER_TOKENIZER = '    (job.out / "tokenizer.json").write_bytes((STRANGERS / "tokenizer.json").read_bytes())'
ZERO_FILE = '    model.write_bytes(with_scales(model, "bert.pooler.dense", 0.0))'
ZERO_BOTH = f"{ZERO_FILE}\n    session = OnnxForward(model, 1)"
NAN_FILE = '    model.write_bytes(with_scales(model, "classifier", float("nan")))'
NAN_BOTH = f"{NAN_FILE}\n    session = OnnxForward(model, 1)"
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
def workspace(family: Family, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The toy zoo with a trained base, sound artifacts and one artifact a fault; the sound ones are built."""
    project = write_project(tmp_path_factory.mktemp("faults") / "zoo")
    write_data(project)
    shutil.copytree(family.made("finetune").out, project / "bases" / "trained")
    (project / "bases" / "trained" / "manifest.json").unlink()
    (project / "builders").mkdir()
    for name, (sound, fault, _) in FAULTS.items():
        file = project / "builders" / f"{name.replace('-', '_')}.py"
        file.write_text(WRAPPER.format(sound=sound, fault=fault), encoding="utf-8")
    write_strangers(family, project.parent / "strangers")
    artifacts = {
        "fp32": {"builder": "checkpoint", "from": "trained"},
        "onnx-fp32": {"builder": "onnx", "from": "fp32"},
        "onnx-int8": {"builder": "onnx_int8", "from": "onnx-fp32"},
    }
    for name, (sound, _, _) in FAULTS.items():
        parent = "fp32" if sound == "torch_int8" else "onnx-fp32"
        artifacts[name] = {"builder": name.replace("-", "_"), "from": parent}
    write_recipe(project, RECIPE | {"bases": {"trained": {"path": "bases/trained"}}, "artifacts": artifacts})
    opened = open_here(project)
    bring_up(opened, Ref("toy", "onnx-int8"))
    return opened


def write_data(project: Path) -> None:
    for split, count, seed in (("train", 40, 1), ("dev", 40, 2), ("test", 60, 3)):
        write_rows(project / "data" / f"{split}.jsonl", rows(count, seed))


def write_strangers(family: Family, folder: Path) -> None:
    """Files of other models: another vocabulary, other weights, one more layer."""
    folder.mkdir()
    write_vocabulary(folder, (PLAIN + GOOD + BAD)[::-1])
    shutil.copyfile(family.made("onnx_int8", PAIR).out / "model.onnx", folder / "model.onnx")
    deeper = source(write_bert(folder / "deeper", labels=("negative", "positive"), layers=3))
    checkpoint = build("checkpoint", {"from": deeper}, folder / "checkpoint").parent
    packed = build("torch_int8", {"from": checkpoint}, folder / "packed")
    shutil.copyfile(packed.out / "model.safetensors", folder / "model.safetensors")


def actions(workspace: Workspace) -> set[str]:
    return {path.name for path in (workspace.store.root / "actions").glob("*.json")}


def assert_nothing_is_left(workspace: Workspace, ref: Ref, before: set[str]) -> None:
    """No action, delivered file, card, row or result came of it."""
    assert actions(workspace) == before
    assert not workspace.home(ref).exists()
    assert not workspace.records.card_file(ref).exists()
    assert not workspace.records.folder(ref).exists()
    assert not (workspace.project / "registry.json").exists()
    with pytest.raises(ZooError):
        workspace.register(ref, "quick")


def test_the_same_without_a_fault_passes(workspace: Workspace) -> None:
    workspace.make("artifact", Ref("toy", "onnx-int8"))
    assert workspace.made("artifact", Ref("toy", "onnx-int8"))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_an_artifact_is_caught_and_told(workspace: Workspace, name: str) -> None:
    ref, before = Ref("toy", name), actions(workspace)
    with pytest.raises(StepFailed, match=FAULTS[name][2]) as told:
        workspace.make("artifact", ref)
    assert str(told.value).startswith(f"build toy-{name}: ")
    assert workspace.resolver.finished("artifact", ref) is None
    assert workspace.store.named(f"toy/{name}") is None
    assert_nothing_is_left(workspace, ref, before)


TABLE_BUILDER = '''\
"""A table made from another, with a fault that its probes do not show."""

import json
import shutil

import numpy as np

from zoosmith.contract.params import Params as Params

FORMAT = "table"
PRECISION = "fp32"
ACCEPTS = {"from": ("table",)}


def build(job):
    """Copy, and plant."""
    weights = json.loads((job.parent.path / "table.json").read_text())
    FAULT
    shutil.copytree(job.parent.path, job.out, dirs_exist_ok=True, ignore=shutil.ignore_patterns("manifest.json"))
    (job.out / "table.json").write_text(json.dumps(weights))
    return Table(weights)


class Table:
    """The model in memory."""

    def __init__(self, weights):
        self.weights = np.array(weights, dtype=np.float32)

    def classify(self, encoded):
        return self.weights[encoded["input_ids"]].sum(axis=1)
'''
SWAP_QUIETLY = "job.labels(job.task.spec.labels[::-1])"
NAN_FOR_A_WORD = 'weights[job.task.tokenizer.token_to_id("superb")][0] = float("nan")'


def planted(tmp_path: Path, fault: str) -> Workspace:
    """The table zoo with an artifact `faulty` made from `plain`."""
    project = table.write_table(tmp_path)
    (project / "builders" / "faulty.py").write_text(TABLE_BUILDER.replace("FAULT", fault), encoding="utf-8")
    artifacts = table.RECIPE["artifacts"] | {"faulty": {"builder": "faulty", "from": "plain"}}
    write_recipe(project, table.RECIPE | {"reference": "faulty", "artifacts": artifacts})
    return open_here(project)


def assert_measuring_fails(workspace: Workspace, ref: Ref, message: str) -> None:
    """The artifact passes the checks of its build; measuring finds the fault."""
    bring_up(workspace, ref)
    workspace.make("artifact", ref)
    before = actions(workspace)
    with pytest.raises(StepFailed, match=message):
        workspace.measure(ref, "quick")
    assert not workspace.measured(ref, "quick")
    assert_nothing_is_left(workspace, ref, before)


def test_labels_swapped_by_a_technique_without_parity_are_caught(tmp_path: Path) -> None:
    message = r"toy-faulty on toy: accuracy 0\.\d+ is worse than guessing.*the labels of the data or of the model"
    assert_measuring_fails(planted(tmp_path, SWAP_QUIETLY), Ref("toy", "faulty"), message)


def test_a_nan_logit_for_a_word_that_only_eval_has_is_caught(tmp_path: Path) -> None:
    workspace = planted(tmp_path, NAN_FOR_A_WORD)
    write_rows(tmp_path / "data" / "dev.jsonl", [row for row in rows(20, 2) if "superb" not in row["text"]])
    message = r"toy-faulty on toy: NaN or infinite logits for \d of 40 examples"
    assert_measuring_fails(workspace, Ref("toy", "faulty"), message)


def test_labels_swapped_in_the_eval_split_are_caught(tmp_path: Path) -> None:
    workspace, ref = open_here(table.write_table(tmp_path)), Ref("toy", "plain")
    other = {"positive": "negative", "negative": "positive"}
    write_rows(tmp_path / "data" / "test.jsonl", [row | {"label": other[row["label"]]} for row in rows(40, 3)])
    assert_measuring_fails(
        workspace, ref, r"negative is really positive.*: the labels of the data or of the model are swapped"
    )


def test_an_empty_eval_split_is_caught_before_anything_is_built(tmp_path: Path) -> None:
    workspace = open_here(table.write_table(tmp_path))
    (tmp_path / "data" / "test.jsonl").write_text("")
    with pytest.raises(StepFailed, match="split eval: 'test' is empty; test has 0 rows"):
        bring_up(workspace, Ref("toy", "plain"))
    assert_nothing_is_left(workspace, Ref("toy", "plain"), set())


def test_a_builder_that_declares_eval_is_refused_before_anything_runs(tmp_path: Path) -> None:
    project = table.write_table(tmp_path)
    table.edit(project / "builders" / "table.py", 'DATA = ("train",)', 'DATA = ("train", "eval")')
    with pytest.raises(ZooError, match=r"table\.py: DATA names 'eval'; builders may read \('train', 'dev'"):
        _ = open_here(project).zoo
    assert not (project / "artifacts").exists()


def test_a_worker_tells_the_same_and_leaves_its_log(tmp_path: Path) -> None:
    """The real process, once: the message crosses the pipe, the traceback stays in the log."""
    workspace, ref = planted(tmp_path, 'job.rows("eval")'), Ref("toy", "faulty")
    bring_up(workspace, ref)
    before = actions(workspace)
    with pytest.raises(StepFailed, match=r"asked for the split 'eval' but declares none in DATA") as told:
        Workspace(workspace.project).make("artifact", ref)
    assert "Traceback" not in str(told.value)
    log = Path(str(told.value).rpartition("log: ")[2])
    assert "Traceback" in log.read_text(encoding="utf-8")
    assert_nothing_is_left(workspace, ref, before)
