"""What every builder keeps to, found by file name; a new one joins with the lines in its own test file."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from tests.builders.test_language_contract import LANGUAGE, OPTIONAL, PICKLES, is_pickle, machines
from tests.builders.test_vision_contract import VISION
from tests.support.job import LABELS, PAIR, TEXT, Family, Made, digest, probe_logits
from tests.support.zoo import ROOT
from zoosmith import plugins
from zoosmith.contract.output import Resources, Tolerance, output_of
from zoosmith.contract.params import Params
from zoosmith.execution.action import public_versions
from zoosmith.recipes.schema import SPLITS_FOR_BUILDERS
from zoosmith.store.files import payload

NAMES = sorted(path.stem for path in (ROOT / "builders").glob("*.py") if not path.stem.startswith("_"))
HEAVY = ("torch", "transformers", "onnxruntime", "onnx", "datasets", "numpy", "tokenizers", "scipy")
CLASSIFIERS = [name for name in NAMES if name not in (*LANGUAGE, *VISION)]

each_builder = pytest.mark.parametrize("name", NAMES)
each_classifier = pytest.mark.parametrize("name", CLASSIFIERS)
each_task = pytest.mark.parametrize("kind", [TEXT, PAIR])
each_rebuild = pytest.mark.parametrize("kind", [TEXT, pytest.param(PAIR, marks=pytest.mark.slow)])


def module(name: str) -> Any:
    return plugins.load("builders", name, ROOT)


def test_all_builders_are_seen() -> None:
    assert len(NAMES) >= 23
    assert set(NAMES) >= set(LANGUAGE)
    assert all((ROOT / "tests" / "builders" / f"test_{name}.py").is_file() for name in (*LANGUAGE, *VISION))
    assert plugins.known("builders", ROOT) == NAMES


@each_builder
def test_facts_are_there_and_well_typed(name: str) -> None:
    built = module(name)
    assert inspect.getdoc(built), "a builder says what it does and where the technique is from"
    made = output_of(built, built.Params())
    assert isinstance(made.format, str)
    assert isinstance(made.precision, str)
    assert built.ACCEPTS
    assert all(isinstance(formats, tuple) and formats for formats in built.ACCEPTS.values())
    assert issubclass(built.Params, Params)
    assert set(getattr(built, "DATA", ())) <= set(SPLITS_FOR_BUILDERS) == {"train", "dev", "calibration"}
    assert getattr(built, "REPRODUCES", "bytes") in ("bytes", "logits")
    assert made.relation in (None, "finetune", "quantized", "adapter", "merge")
    assert set(made.needs) <= built.ACCEPTS.keys()
    assert getattr(built, "TIMEOUT_S", 1.0) > 0
    assert list(inspect.signature(built.build).parameters) == ["job"]


@each_builder
def test_formats_have_a_runtime(name: str) -> None:
    built = module(name)
    made = output_of(built, built.Params())
    runtimes = plugins.known("runtimes", ROOT)
    assert made.format in runtimes
    assert {format for formats in built.ACCEPTS.values() for format in formats} <= {"source", *runtimes}


@each_builder
def test_params_have_defaults_and_refuse_what_they_do_not_know(name: str) -> None:
    params = module(name).Params()
    assert json.loads(params.model_dump_json()) == params.model_dump(mode="json")
    with pytest.raises(ValidationError, match="no_such_knob"):
        module(name).Params(no_such_knob=1)


@each_builder
def test_optional_functions_answer_in_their_types(name: str) -> None:
    built = module(name)
    if hasattr(built, "check"):
        assert isinstance(built.check(built.Params()), Tolerance | None)
    if hasattr(built, "resources"):
        needed = built.resources(built.Params(), dict.fromkeys(built.ACCEPTS, 100 * 2**20))
        assert isinstance(needed, Resources)
        assert needed.cpus >= 1
        assert needed.memory_mb > 100


@each_builder
def test_a_training_on_larger_batches_or_longer_texts_claims_more_memory(name: str) -> None:
    built = module(name)

    def claimed(batch_size: int, tokens: int = 128) -> int:
        size = {"batch_size": batch_size}
        params = built.Params(**({"recovery": size} if "recovery" in built.Params.model_fields else size))
        needed: int = built.resources(params, dict.fromkeys(built.ACCEPTS, 400 * 2**20)).at(tokens).memory_mb
        return needed

    if {"batch_size", "recovery"} & built.Params.model_fields.keys():
        assert claimed(64) > claimed(32) + 32 * 60
        assert claimed(32, tokens=256) > claimed(32) + 32 * 60


@each_builder
def test_versions_of_what_it_imports_enter_the_key(name: str) -> None:
    built = module(name)
    if name in OPTIONAL:
        pytest.importorskip(OPTIONAL[name])
    required = set(public_versions(built.REQUIRES))
    tree = ast.parse(Path(built.__file__).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    heads = {full.partition(".")[0] for full in imported} - sys.stdlib_module_names - {"zoosmith", "pydantic"}
    assert heads <= required


def test_importing_them_pulls_in_nothing_heavy() -> None:
    """In one process: what is heavy and was not there before a builder's import came with it."""
    code = f"""
import importlib, json, sys
found = {{}}
for name in {NAMES!r}:
    before = set(sys.modules)
    importlib.import_module("builders." + name)
    found[name] = sorted((set(sys.modules) - before) & set({HEAVY!r}))
print(json.dumps(found))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {name: [] for name in NAMES}


@each_task
@each_classifier
def test_it_gives_finite_logits(family: Family, name: str, kind: str) -> None:
    made = family.made(name, kind)
    logits = probe_logits(made)
    assert logits.shape == (len(made.job.task.probes()), len(LABELS[kind]))
    assert logits.dtype == np.float32
    assert np.isfinite(logits).all()
    assert sorted(label.casefold() for label in made.manifest.task.labels) == sorted(LABELS[kind])


@each_task
@each_classifier
def test_the_tree_opens_and_answers_like_the_model(family: Family, name: str, kind: str) -> None:
    made = family.made(name, kind)
    opened = made.opened()
    assert opened.manifest == made.manifest
    found = np.concatenate([opened.session.classify(opened.task.encode([e])) for e in opened.task.probes()])
    np.testing.assert_allclose(found, probe_logits(made), atol=1e-5)


@each_classifier
def test_the_tree_holds_all_it_takes_and_no_pickle(family: Family, name: str) -> None:
    out = family.made(name).out
    files = payload(out)
    assert {"tokenizer.json", "tokenizer_config.json", "manifest.json"} <= {str(path) for path in files}
    assert sum((out / path).stat().st_size for path in files) > 10_000
    for path in files:
        assert path.suffix not in PICKLES
        assert not zipfile.is_zipfile(out / path)
        assert not is_pickle((out / path).read_bytes()), path


@each_task
@each_classifier
def test_no_path_of_the_building_machine_is_in_any_file(family: Family, name: str, kind: str) -> None:
    out = family.made(name, kind).out
    for path in payload(out):
        data = (out / path).read_bytes()
        for machine in machines(family.root):
            assert str(machine).encode() not in data, path
        assert b"Traceback" not in data
        assert b"stack_trace" not in data


@each_rebuild
@each_classifier
def test_a_second_build_gives_the_same_and_writes_nowhere_else(
    family: Family, name: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = family.made(name, kind)
    before = {role: digest(parent.path) for role, parent in first.job.parents.items()}
    aside, elsewhere = tmp_path / "aside", tmp_path / "cwd"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    second = family.again(name, aside, kind)
    assert reproduces(first, second)
    assert {role: digest(parent.path) for role, parent in second.job.parents.items()} == before
    assert list(elsewhere.iterdir()) == []
    assert sorted(path.name for path in aside.iterdir()) == ["out", "scratch"]


def reproduces(first: Made, second: Made) -> bool:
    """As the builder declares it; facts are deterministic either way."""
    assert json.loads(json.dumps(first.facts)) == second.facts
    if getattr(first.module, "REPRODUCES", "bytes") == "bytes":
        assert payload(first.out) == payload(second.out)
        return digest(first.out) == digest(second.out)
    return bool(np.abs(probe_logits(first) - probe_logits(second)).max() < 1e-4)
