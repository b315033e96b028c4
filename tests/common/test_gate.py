"""Nothing that is opened leads out of its folder, or to code; what good checkpoints hold passes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.common import gate
from zoosmith.contract.errors import ZooError

AWAY = ("../outside.safetensors", "/etc/passwd", "sub/../../x.safetensors", "..", "a//b", "C:\\x", "~/../x\u2025/y", "")
INSIDE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def put(folder: Path, **files: Any) -> Path:
    """JSON files by their names, `__` for a dot."""
    for name, content in files.items():
        file = folder / f"{name.replace('__', '.')}.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return folder


def buried(value: Any, keys: list[str | None]) -> Any:
    """`value` below objects with these keys, and lists where there is none."""
    for key in keys:
        value = [value] if key is None else {key: value}
    return value


def test_what_good_checkpoints_hold_passes(tmp_path: Path) -> None:
    (tmp_path / "model-00001-of-00001.safetensors").touch()
    put(
        tmp_path,
        config='{"architectures": ["BertModel"], "_name_or_path": "/home/me/../x", "time_step_limit": [0.0, Infinity], '
        '"attn_implementation": "sdpa", "auto_map": {}, "text_config": {"architectures": null}}',
        tokenizer_config={"tokenizer_file": "/home/me/.cache/tokenizer.json", "special_tokens_map_file": "/content/x"},
        tokenizer={"auto_map": "is a token here"},
        model__safetensors__index={"metadata": {}, "weight_map": {"a": "model-00001-of-00001.safetensors"}},
        pytorch_model__bin__index={"metadata": {}, "weight_map": {"a": "pytorch_model-00001-of-00001.bin"}},
        notes="no JSON at all",
    )
    assert gate.faults(tmp_path) == []
    gate.require(tmp_path, "toy/base", adapters=False)


@pytest.mark.parametrize(
    "name",
    ["config", "Config", "tokenizer_config", "generation_config", "processor_config", "video_preprocessor_config"],
)
def test_code_is_refused_wherever_it_is_named(tmp_path: Path, name: str) -> None:
    put(tmp_path, **{name: {"auto_map": {"AutoModel": "modeling.Evil"}}})
    with pytest.raises(ZooError, match=rf"toy/base is not opened[\s\S]*  {name}\.json: auto_map: .*`path:`"):
        gate.require(tmp_path, "toy/base")


@given(inner=INSIDE.filter(lambda value: value != {}), keys=st.lists(st.none() | st.text(max_size=5), max_size=60))
def test_depth_hides_no_code(inner: Any, keys: list[str | None], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("deep")
    put(folder, config={"x": buried({"auto_map": inner}, keys)})
    assert [line for line in gate.faults(folder) if line.startswith("config.json: auto_map: ")]


@pytest.mark.parametrize("value", ["someone/kernel", "someone/kernel@main:flash", {"": "sdpa", "vision": "a/b"}])
def test_a_kernel_of_a_hub_is_code(tmp_path: Path, value: Any) -> None:
    put(tmp_path, config={"text_config": {"attn_implementation": value}})
    assert "attn_implementation" in gate.faults(tmp_path)[0]
    put(tmp_path, config={"text_config": {"attn_implementation": "flash_attention_2"}})
    assert gate.faults(tmp_path) == []
    put(tmp_path, config={"_attn_implementation_internal": "someone/kernel"})  # what transformers keeps it in itself
    assert "_attn_implementation_internal" in gate.faults(tmp_path)[0]


@pytest.mark.parametrize("value", ["BertModel", ["os.system"], ["__import__('os')"], [3], {"a": 1}, [""]])
def test_architectures_are_names_of_classes(tmp_path: Path, value: Any) -> None:
    put(tmp_path, config={"architectures": value})
    assert "config.json: architectures: expected names" in gate.faults(tmp_path)[0]


@pytest.mark.parametrize("away", AWAY)
@pytest.mark.parametrize("name", ["model__safetensors__index", "pytorch_model__bin__index"])
def test_a_shard_elsewhere_is_refused(tmp_path: Path, name: str, away: str) -> None:
    (tmp_path.parent / "outside.safetensors").touch()
    put(tmp_path, **{name: {"metadata": {}, "weight_map": {"a": "b.safetensors", "c": away}}})
    (tmp_path / "b.safetensors").touch()
    [fault] = gate.faults(tmp_path)
    assert fault.startswith(f"{name.replace('__', '.')}.json: weight_map: ")


def test_a_shard_that_is_missing_or_a_link_is_refused(tmp_path: Path) -> None:
    put(tmp_path, model__safetensors__index={"weight_map": {"a": "b.safetensors"}})
    assert "'b.safetensors' is not there" in gate.faults(tmp_path)[0]
    (tmp_path / "b.safetensors").symlink_to("/etc/passwd")
    assert "is a link" in gate.faults(tmp_path)[0]
    (tmp_path / "b.safetensors").unlink()
    (tmp_path / "b.safetensors").touch()
    assert gate.faults(tmp_path) == []


@given(text=st.text(alphabet="./\\~ab:%\0\u2024\uff0f", max_size=12) | st.sampled_from(AWAY))
def test_whatever_passes_is_a_file_below_the_folder(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    above = tmp_path_factory.mktemp("above")
    folder = above / "a"
    (folder / "b").mkdir(parents=True)
    for place in (above, folder, folder / "b"):
        (place / "ab").touch()
    if gate.outside(text, folder) is None:
        found = (folder / text).resolve(strict=True)
        assert found.is_file()
        assert found.is_relative_to(folder)


def test_weights_of_another_name_stay_inside(tmp_path: Path) -> None:
    put(tmp_path, config={"transformers_weights": "../x.safetensors"})
    assert "config.json: transformers_weights: " in gate.faults(tmp_path)[0]


def test_a_vocabulary_elsewhere_matters_where_a_tokenizer_is_made_of_it(tmp_path: Path) -> None:
    put(tmp_path, tokenizer_config={"vocab_file": "/etc/passwd", "fast_tokenizer_files": ["tokenizer.../../x.json"]})
    assert [line.split(": ")[1] for line in gate.faults(tmp_path)] == ["vocab_file", "fast_tokenizer_files"]
    put(tmp_path, tokenizer={})
    assert gate.faults(tmp_path) == []


def test_an_adapter_beside_weights_is_followed_to_another_model(tmp_path: Path) -> None:
    put(tmp_path, adapter_config={"base_model_name_or_path": "someone/else"})
    gate.require(tmp_path, "toy/adapter")
    with pytest.raises(ZooError, match=r"adapter_config\.json: transformers follows it.*`files:`"):
        gate.require(tmp_path, "toy/base", adapters=False)


@pytest.mark.parametrize("content", ["", "{", "[]", "\ufeff{}", "[" * 5000])
def test_a_config_that_is_no_object_is_told(tmp_path: Path, content: str) -> None:
    put(tmp_path, config=content)
    assert gate.faults(tmp_path)[0].startswith("config.json: the file: ")


def test_what_is_shown_steers_no_terminal(tmp_path: Path) -> None:
    put(tmp_path, config={"attn_implementation": "a/b\u001b[2J\n"})
    assert gate.faults(tmp_path)[0].isprintable()
