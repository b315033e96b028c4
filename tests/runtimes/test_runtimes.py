"""What every runtime module has, and the same artifact opened by each format's own."""

from __future__ import annotations

import importlib.util
import inspect
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.builders.test_language_contract import OPTIONAL
from tests.support.gpu import gpus
from tests.support.job import Family, probe_logits
from tests.support.zoo import ROOT
from zoosmith import plugins
from zoosmith.contract.errors import BuildError, ZooError
from zoosmith.execution.action import public_versions
from zoosmith.predictor import open_artifact

NAMES = plugins.known("runtimes", ROOT)
MADE_BY = {"torch": "finetune", "torch_int8": "torch_int8", "onnx": "onnx", "bnb": "bnb_nf4", "adapter": "qlora"}
CAPABILITIES = {
    "classify", "loglikelihood", "loglikelihood_rolling", "next_logprobs", "last_logprobs", "generate",
    "generate_from_images",
}  # fmt: skip
WRITERS = {"gguf", "techniques", "trimmed", "autoround", "vision"}
"""Of text alone: test_gguf.py, test_vision.py and tests of builders open their trees."""
each_runtime = pytest.mark.parametrize("name", NAMES)


def packages(extras: dict[str, list[str]], extra: str) -> set[str]:
    """What an extra installs, extras that it names included."""
    found: set[str] = set()
    for requirement in extras[extra]:
        own, _, named = requirement.removesuffix("]").partition("[")
        found |= packages(extras, named) if own == "zoosmith" else {re.split("[=>]", requirement)[0]}
    return found


def test_all_runtimes_are_seen() -> None:
    assert set(NAMES) == set(MADE_BY) | WRITERS


@each_runtime
def test_facts_are_there(name: str) -> None:
    module: Any = plugins.load("runtimes", name, ROOT)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert module.EXTRA in extras
    installed = packages(extras, module.EXTRA)
    assert set(module.REQUIRES) <= installed, "the extra that an error names must bring all that is missing"
    if name not in OPTIONAL or importlib.util.find_spec(OPTIONAL[name]):
        assert public_versions(module.REQUIRES)
    assert set(module.CAPABILITIES) <= CAPABILITIES
    assert module.LIBRARY
    parameters = inspect.signature(module.open).parameters
    assert list(parameters) == ["path", "manifest", "threads", "device", "needs"]


@each_runtime
def test_what_answers_on_a_gpu_can_be_waited_for_and_weighed_there(name: str) -> None:
    module: Any = plugins.load("runtimes", name, ROOT)
    devices = getattr(module, "DEVICES", ("cpu",))
    assert ("cuda" in devices) == (name in ("torch", "bnb", "adapter", "techniques", "trimmed", "vision"))
    if devices != ("cpu",):
        assert callable(module.synchronize)
        assert callable(module.device_memory_mb)


@pytest.mark.skipif(gpus() > 0, reason="this machine has a GPU")
@pytest.mark.parametrize("name", ["torch_half", "bnb_nf4", "qlora"])
def test_a_gpu_that_is_not_there_is_told_and_nothing_falls_back(family: Family, name: str) -> None:
    made = family.made(name)
    with pytest.raises(ZooError, match=r"cuda is asked for, but (torch .* for CPUs alone|PyTorch finds 0 GPUs)"):
        open_artifact(made.out, project=ROOT, device="cuda", needs=made.needs)


@each_runtime
def test_importing_it_pulls_in_nothing_heavy(name: str) -> None:
    heavy = ("torch", "transformers", "onnxruntime", "numpy", "safetensors", "tokenizers")
    code = f"import sys, zoosmith.runtimes.{name}; print(*[name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_onnx_opens_without_torch_and_transformers(family: Family) -> None:
    code = (
        "import sys; from pathlib import Path; from zoosmith.predictor import open_artifact\n"
        "opened = open_artifact(Path(sys.argv[1]), project=Path(sys.argv[1]))\n"
        "opened.predict(['a good film'])\n"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, str(family.made("onnx").out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", MADE_BY)
def test_a_tree_is_opened_from_its_files_alone(family: Family, tmp_path: Path, name: str, threads: int) -> None:
    made = family.made(MADE_BY[name])
    moved = shutil.copytree(made.out, tmp_path / "moved")
    session = plugins.load("runtimes", name, ROOT).open(moved, made.manifest, threads=threads, needs=made.needs)
    found = [session.classify(made.job.task.encode([probe]))[0] for probe in made.job.task.probes()]
    np.testing.assert_allclose(found, probe_logits(made), atol=1e-5)


@pytest.mark.parametrize("attribute", ["BertForPalmistry", "AutoModel", "pipeline", "BertConfig", "Trainer", "logging"])
@pytest.mark.parametrize("name", ["torch", "torch_int8"])
def test_an_architecture_is_a_model_class_of_transformers(
    family: Family, tmp_path: Path, name: str, attribute: str
) -> None:
    made = family.made(MADE_BY[name])
    moved = shutil.copytree(made.out, tmp_path / "moved")
    config = json.loads((moved / "config.json").read_text()) | {"architectures": [attribute]}
    (moved / "config.json").write_text(json.dumps(config))
    with pytest.raises(BuildError, match=rf"architectures: '{attribute}' is none of the model classes of"):
        plugins.load("runtimes", name, ROOT).open(moved, made.manifest, threads=1)


@pytest.mark.parametrize(("layers", "told"), [(1, "has no place for"), (3, "lacks")])
def test_a_checkpoint_that_is_not_all_of_its_config_is_damaged(
    family: Family, tmp_path: Path, layers: int, told: str
) -> None:
    made = family.made("finetune")
    moved = shutil.copytree(made.out, tmp_path / "moved")
    config = json.loads((moved / "config.json").read_text()) | {"num_hidden_layers": layers}
    (moved / "config.json").write_text(json.dumps(config))
    with pytest.raises(BuildError, match=rf"is damaged: .* it {told} bert\.encoder\.layer\.[12]\..*pull or build"):
        plugins.load("runtimes", "torch", ROOT).open(moved, made.manifest, threads=1)


@pytest.mark.parametrize("name", ["torch", "bnb"])
def test_a_model_does_not_follow_an_adapter(family: Family, tmp_path: Path, name: str) -> None:
    made = family.made(MADE_BY[name])
    moved = shutil.copytree(made.out, tmp_path / "moved")
    (moved / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(made.out)}))
    with pytest.raises(ZooError, match=r"adapter_config\.json: transformers follows it"):
        plugins.load("runtimes", name, ROOT).open(moved, made.manifest, threads=1)


def test_formats_of_one_model_store_and_multiply_as_much(family: Family) -> None:
    counted = []
    for name in ("torch", "torch_int8", "onnx"):
        made = family.made(MADE_BY[name])
        runtime = plugins.load("runtimes", name, ROOT)
        encoded = made.job.task.encode(made.job.task.probes()[:1])
        counted.append(runtime.weights(made.out, runtime.open(made.out, made.manifest, threads=1), encoded))
    assert all(found["nonzero"] <= found["parameters"] for found in counted)
    assert len({(found["parameters"], found["multiply_adds"]) for found in counted}) == 1
