"""Language models that cannot be built from: each is told in one sentence with file and tensor, and leaves nothing."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import causal
from tests.support.gguf_file import write_gguf
from tests.support.here import open_here
from tests.support.sparse import write_sparse
from tests.support.zoo import doit, write_project, write_recipe
from tests.test_faults import actions, assert_nothing_is_left, own_lock
from zoosmith.build.workspace import Workspace
from zoosmith.execution.executor import Executor, StepFailed
from zoosmith.recipes.graph import Ref

__all__ = ["own_lock"]  # a fixture for every test here

RECIPE: dict[str, Any] = {
    "schema": 1,
    "summary": "A toy language model.",
    "license": "apache-2.0",
    "bases": {"base": {"path": "bases/base"}},
    "data": {"founding": {"builtin": "founding_texts"}},
    "task": {"kind": "text-generation", "data": "founding", "max_length": 64},
    "evals": {"founding": {"kind": "perplexity", "data": "founding", "rows": 1}},
    "reference": "fp32",
    "artifacts": {
        "fp32": {"builder": "checkpoint", "from": "base"},
        "half": {"builder": "checkpoint", "from": "base", "params": {"dtype": "fp16"}},
        "cast": {"builder": "torch_half", "from": "fp32", "params": {"dtype": "fp16"}},
        "f16": {"builder": "gguf", "from": "fp32"},
        "read": {"builder": "from_gguf", "from": "base"},
    },
}
LAYER = "model.layers.1.mlp.up_proj.weight"


def without_tokenizer(base: Path) -> None:
    (base / "tokenizer.json").unlink()


def larger_tokenizer(base: Path) -> None:
    causal.tiny_llama(base, vocabulary=352, hidden=64, tied=False)
    causal.write_tokenizer(base, vocabulary=384)


def with_weights(base: Path, change: Callable[[dict[str, Any]], None]) -> None:
    from safetensors.torch import load_file, save_file

    file = base / "model.safetensors"
    weights = load_file(file)
    change(weights)
    save_file({name: one.contiguous() for name, one in weights.items()}, file, metadata={"format": "pt"})


def fewer_outputs(base: Path) -> None:
    with_weights(base, lambda weights: weights.update({"lm_head.weight": weights["lm_head.weight"][:352]}))


def fewer_embeddings(base: Path) -> None:
    name = "model.embed_tokens.weight"
    with_weights(base, lambda weights: weights.update({name: weights[name][:352]}))


def other_vocabulary_in_config(base: Path) -> None:
    with_config(base, vocab_size=400)


def with_config(base: Path, **changes: Any) -> None:
    file = base / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def with_value(value: float) -> Callable[[Path], None]:
    def plant(base: Path) -> None:
        with_weights(base, lambda weights: weights[LAYER].__setitem__((3, 5), value))

    return plant


def quantised(base: Path) -> None:
    with_config(base, quantization_config={"quant_method": "gptq", "bits": 4, "group_size": 128})


def sharded(base: Path) -> None:
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(base)
    (base / "model.safetensors").unlink()
    model.save_pretrained(base, max_shard_size="200kB")
    assert len(list(base.glob("model-*.safetensors"))) > 1


def cut_shard(base: Path) -> None:
    sharded(base)
    shard = max(base.glob("model-*.safetensors"))
    shard.write_bytes(shard.read_bytes()[:-100])


def cut_header(base: Path) -> None:
    sharded(base)
    shard = max(base.glob("model-*.safetensors"))
    shard.write_bytes(shard.read_bytes()[:40])


def strange_shard(base: Path) -> None:
    sharded(base)
    first, last = min(base.glob("model-*.safetensors")), max(base.glob("model-*.safetensors"))
    last.write_bytes(first.read_bytes())


def unknown_gguf(base: Path) -> None:
    file = write_gguf(base, base / "tiny.gguf")
    raw = bytearray(file.read_bytes())
    raw[4:8] = struct.pack("<I", 9)
    file.write_bytes(raw)


def cut_gguf(base: Path) -> None:
    file = write_gguf(base, base / "tiny.gguf")
    file.write_bytes(file.read_bytes()[:-1000])


FAULTS = {
    "tokenizer-missing": (without_tokenizer, "fp32", "there is no tokenizer beside the weights: .*add its files"),
    "tokenizer-larger": (larger_tokenizer, "fp32", "the tokenizer knows 384 tokens, the model embeds 352"),
    "lm-head-smaller": (fewer_outputs, "fp32", r"lm_head.weight is \(352, 64\), by config.json it should be \(384, 64"),
    "embedding-smaller": (fewer_embeddings, "fp32", r"embed_tokens.weight is \(352, 64\), by config.json it should be"),
    "config-larger": (other_vocabulary_in_config, "fp32", r"is \(384, 64\), by config.json it should be \(400, 64\)"),
    "nan": (with_value(float("nan")), "fp32", rf"toy/base: model.safetensors: {LAYER} holds NaN: .*another checkpoint"),
    "infinity": (with_value(float("-inf")), "fp32", rf"toy/base: model.safetensors: {LAYER} holds infinity"),
    "beyond-fp16": (with_value(-7e4), "half", rf"{LAYER} holds \|w\| = 70000, which FP16 cannot.*keep it in bf16"),
    "beyond-fp16-later": (with_value(1e6), "cast", rf"toy/fp32: model.safetensors: {LAYER} holds \|w\| = 1e\+06"),
    "beyond-f16-in-gguf": (with_value(7e4), "f16", r"holds \|w\| = 70000, which F16 cannot .*set `type: bf16`"),
    "quantised-already": (quantised, "fp32", r"quantization_config: the weights are quantised already \(gptq, 4 bits"),
    "shard-cut-off": (cut_shard, "fp32", r"toy/base: model-\d+-of-\d+.safetensors is cut off: its tensors take [\d,]+"),
    "shard-cut-in-header": (cut_header, "fp32", r"model-\d+-of-\d+.safetensors ends within its header, after 40 bytes"),
    "shard-of-another": (
        strange_shard,
        "fp32",
        r"index.json says that model-\d+-of-\d+.safetensors has .*fetch them all",
    ),
    "gguf-version": (unknown_gguf, "read", "toy/base: tiny.gguf: GGUF version 9 is not known here; versions 2 and 3"),
    "gguf-cut-off": (cut_gguf, "read", "toy/base: tiny.gguf is truncated: its tensors take .*fetch it again"),
}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    folder = write_project(tmp_path / "zoo")
    causal.tiny_llama(folder / "bases" / "base", hidden=64, tied=False)
    write_recipe(folder, RECIPE)
    yield folder


def parents_of(workspace: Workspace, ref: Ref) -> None:
    workspace.make("data", Ref("toy", "founding"))
    for node in workspace.zoo.lineage(ref):
        workspace.make("artifact" if workspace.zoo.base(node) is None else "base", node)


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_told_and_nothing_is_left(project: Path, name: str) -> None:
    plant, artifact, told = FAULTS[name]
    plant(project / "bases" / "base")
    workspace, ref = open_here(project), Ref("toy", artifact)
    parents_of(workspace, ref)
    before = actions(workspace)
    with pytest.raises(StepFailed, match=told) as found:
        workspace.make("artifact", ref)
    assert str(found.value).startswith(f"build toy-{artifact}: ")
    assert str(project) not in str(found.value).partition("\n  log: ")[0]
    assert_nothing_is_left(workspace, ref, before)
    assert list((workspace.store.root / "work").glob("*")) == []


COMMAND = (
    "tokenizer-missing", "tokenizer-larger", "nan", "beyond-fp16", "quantised-already", "shard-cut-off", "gguf-version",
)  # fmt: skip
"""One fault of each kind, for the command that users give."""


@pytest.mark.slow
def test_doit_tells_each_in_one_line_and_goes_on_with_the_next(tmp_path: Path) -> None:
    project = write_project(tmp_path / "zoo")
    for name in COMMAND:
        base = causal.tiny_llama(project / "bases" / name, hidden=64, tied=False)
        FAULTS[name][0](base)
        write_recipe(project, RECIPE | {"bases": {"base": {"path": f"bases/{name}"}}}, name)
    wanted = [f"artifact:{name}-{FAULTS[name][1]}" for name in COMMAND]
    done = doit(project, "run", "--continue", *wanted, TMPDIR=str(tmp_path))
    assert done.returncode == 2  # of doit: a task ended in an error
    said = done.stdout + done.stderr
    for name in COMMAND:
        _, artifact, told = FAULTS[name]
        of_it = [line for line in said.splitlines() if f"build {name}-{artifact}: " in line]
        lines = [line for line in of_it if ": failed (" not in line]
        assert lines and all(re.search(told.replace("toy/", f"{name}/"), line) for line in lines), lines
    assert "Traceback" not in said
    left = {path.name for path in (project / "artifacts").iterdir() if not path.name.startswith(".")}
    assert not left & {f"{name}-{FAULTS[name][1]}" for name in COMMAND}
    assert not (project / "registry.json").exists()
    assert list((project / "artifacts" / ".store" / "work").glob("*")) == []


def test_what_this_machine_has_no_room_for_is_refused_unread(project: Path, tmp_path: Path) -> None:
    write_sparse(project / "bases" / "base" / "model.safetensors", 10**12)
    done = doit(project, "run", "--continue", "artifact:toy-fp32", "artifact:toy-f16", TMPDIR=str(tmp_path))
    assert done.returncode == 1
    said = (done.stdout + done.stderr).splitlines()
    assert re.match(r"ERROR: the disk is short: about [\d,.]+ GB are needed and .*`doit gc`", said[0])
    assert re.match(r"  memory is short: build toy-f(p32|16) takes up to [\d,]+ MiB and this machine has", said[1])
    assert said[2:] == ["  `doit run --anyway ...` builds all the same"]
    assert not (project / "registry.json").exists()
    assert {path.name for path in (project / "artifacts").iterdir()} <= {".checked", ".store"}  # what saves work
    assert {path.name for path in (project / "artifacts").glob(".store/*")} <= {"kept"}


def test_the_same_without_a_fault_is_built(project: Path) -> None:
    workspace = open_here(project)
    for artifact in ("fp32", "half", "cast", "f16"):
        parents_of(workspace, Ref("toy", artifact))
        workspace.make("artifact", Ref("toy", artifact))


def test_what_a_killed_step_had_done_is_kept_and_the_rest_is_not(project: Path) -> None:
    workspace, ref = open_here(project), Ref("toy", "fp32")
    parents_of(workspace, ref)
    action = workspace.resolver.artifact(ref)

    class Dies(Executor):
        def run(self, action: Any, lock: int, progress: Any) -> Any:
            for name in ("out", "parents", "scratch"):
                (workspace.store.root / "work" / action.key / name).mkdir(parents=True)
                (workspace.store.root / "work" / action.key / name / "step-7").write_bytes(b"x" * 1000)
            raise StepFailed("killed")

    workspace.runner.executor = Dies()
    with pytest.raises(StepFailed, match="killed"):
        workspace.runner.run(action)
    assert [path.name for path in (workspace.store.root / "work" / action.key).iterdir()] == ["scratch"]
