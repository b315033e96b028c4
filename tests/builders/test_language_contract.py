"""What every builder of language models keeps to; a new one joins with a line in PARENTS."""

from __future__ import annotations

import importlib.util
import pickletools
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support import causal, gguf
from tests.support.job import digest
from tests.support.zoo import ROOT
from zoosmith import plugins
from zoosmith.contract.job import Parent
from zoosmith.contract.manifest import Manifest
from zoosmith.store.files import payload
from zoosmith.toolkit.gguf import quantize

PICKLES = {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".npy", ".npz", ".h5"}
PARENTS = {
    "from_gguf": "base", "gguf": "checkpoint", "gguf_quantize": "f16", "gguf_mixed": "f16", "mixed_bits": "f16",
    "act_quant": "checkpoint", "trim": "checkpoint",
    "layerwise": "deep", "selective": "deep", "combined": "deep", "autoround": "checkpoint",
}  # fmt: skip
MEASURED = ("mixed_bits",)
OPTIONAL = {"autoround": "auto_round"}
"""Builders whose package is an extra of its own, and the module that it brings."""
WIDTHS = {"early": 1, "late": 1, "compute_dtype": "fp32"}
PARAMS: dict[str, dict[str, Any]] = {
    "layerwise": WIDTHS,
    "selective": {"compute_dtype": "fp32"},
    "combined": {"layerwise": WIDTHS},
    "autoround": {"group_size": 64, "iterations": 1, "pieces": 2, "tokens": 16},
    "mixed_bits": {"types": ("q8_0", "q4_k", "q4_0"), "bits_per_weight": 7.0},
}
"""What is quick: `mixed_bits` would round every matrix to each of ten types, as tests/toolkit/mixed does."""
ROWS = [{"text": text} for text in causal.SENTENCES]
LANGUAGE = tuple(PARENTS)
HERE = tuple(name for name in LANGUAGE if name not in OPTIONAL or importlib.util.find_spec(OPTIONAL[name]))
TEXTS = ["Once upon a time there was a little girl.", "a"]

each_builder = pytest.mark.parametrize("name", HERE)


@pytest.fixture(scope="module")
def parents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Parent]:
    """A tiny Llama as a checkpoint, as GGUF in F16, and as a base in Q4_1; one of four layers."""
    folder = tmp_path_factory.mktemp("language")
    checkpoint = gguf.parent(causal.tiny_llama(folder / "llama"), "torch")
    f16 = gguf.build("gguf", folder / "gguf", source=checkpoint)
    (folder / "base").mkdir()
    quantize.quantize(f16.file, folder / "base" / "tiny.gguf", "q4_1")
    return {
        "base": gguf.parent(folder / "base", "source"),
        "checkpoint": checkpoint,
        "deep": gguf.parent(causal.tiny_llama(folder / "deep", hidden=64, layers=4), "torch"),
        "f16": gguf.parent(f16.out, "gguf", **f16.facts),
    }


class Trees(dict[str, Any]):
    """What each builder makes of its parent, made when it is first asked for."""

    def __init__(self, root: Path, parents: Mapping[str, Parent]) -> None:
        super().__init__()
        self.root, self.parents = root, parents

    def __missing__(self, name: str) -> Any:
        self[name] = built(name, self.root / name, self.parents)
        return self[name]


@pytest.fixture(scope="module")
def trees(parents: Mapping[str, Parent], tmp_path_factory: pytest.TempPathFactory) -> Trees:
    return Trees(tmp_path_factory.mktemp("made"), parents)


def built(name: str, folder: Path, parents: Mapping[str, Parent], **params: Any) -> Any:
    """What a builder makes with parameters that fit a tiny model; with the checkpoint where it measures something."""
    measured = {"checkpoint": parents["checkpoint"]} if name in MEASURED else {}
    told = PARAMS.get(name, {}) | params
    return gguf.build(name, folder, params=told, rows=ROWS, source=parents[PARENTS[name]], **measured)


def opened(made: Any, name: str) -> Any:
    runtime = plugins.load("runtimes", gguf.FORMATS[name], ROOT)
    return runtime.open(made.out, Manifest(format=gguf.FORMATS[name], precision="fp32", facts=made.facts), threads=1)


def logprobs(session: Any) -> list[Any]:
    return list(session.next_logprobs([session.tokenize(text) for text in TEXTS]))


@each_builder
def test_it_opens_from_its_tree_and_gives_a_distribution_after_every_token(trees: Trees, name: str) -> None:
    session = opened(trees[name], name)
    for text, rows in zip(TEXTS, logprobs(session), strict=True):
        assert rows.shape == (len(session.tokenize(text)), session.vocabulary)
        np.testing.assert_allclose(np.exp(rows.astype(np.float64)).sum(axis=1), 1.0, atol=1e-4)


@each_builder
def test_the_tree_answers_like_the_session_that_was_handed_back(trees: Trees, name: str) -> None:
    made = trees[name]
    if made.session is not None:
        for mine, theirs in zip(logprobs(opened(made, name)), logprobs(made.session), strict=True):
            np.testing.assert_allclose(mine, theirs, atol=1e-5)


@each_builder
def test_facts_that_a_card_needs_are_stated(trees: Trees, name: str) -> None:
    assert trees[name].facts["parameters"] > 0
    if "gguf" in name:
        assert trees[name].facts["token_texts"] >= 100


@each_builder
def test_the_tree_holds_no_pickle_and_no_path_of_the_building_machine(trees: Trees, name: str, tmp_path: Path) -> None:
    for path in trees[name].out.rglob("*"):
        data = path.read_bytes()
        assert path.suffix not in PICKLES
        assert not zipfile.is_zipfile(path)
        assert not is_pickle(data), path
        assert not [machine for machine in machines(tmp_path.parents[1]) if str(machine).encode() in data], path


def is_pickle(data: bytes) -> bool:
    """Whether it can be read as one."""
    try:
        return any(opcode.name == "STOP" for opcode, _, _ in pickletools.genops(data))
    except (ValueError, IndexError, UnicodeDecodeError):
        return False


def machines(root: Path) -> tuple[Path, ...]:
    """Folders that only the machine of a build has."""
    import transformers

    return root, Path.home(), ROOT, Path(sys.prefix), Path(transformers.__file__).parents[1]


@each_builder
def test_a_second_build_gives_the_same_and_writes_nowhere_else(
    trees: Trees, parents: Mapping[str, Parent], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, elsewhere = parents[PARENTS[name]], tmp_path / "cwd"
    before = digest(source.path)
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    again = built(name, tmp_path / "again", parents)
    assert again.facts == trees[name].facts
    assert payload(again.out) == payload(trees[name].out)
    assert digest(again.out) == digest(trees[name].out)
    assert digest(source.path) == before
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("name", [name for name in LANGUAGE if gguf.FORMATS[name] == "gguf"])
def test_what_keys_and_values_are_kept_in_is_part_of_the_artifact(
    parents: Mapping[str, Parent], name: str, tmp_path: Path
) -> None:
    made = built(name, tmp_path / "made", parents, kv_type="f32")
    assert opened(made, name).kv_type == "f32"
