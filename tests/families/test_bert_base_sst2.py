"""All of bert-base-sst2, with models and data from a (loopback) hub at their pins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.hub_zoo import HubZoo, hub_zoo
from tests.support.sst2 import write_bert_hub
from tests.support.zoo import doit


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubZoo]:
    yield from hub_zoo(tmp_path_factory.mktemp("bert"), write_bert_hub)


def test_all_of_bert_base_sst2_builds(bert: HubZoo) -> None:
    names = bert.family("bert-base-sst2")
    assert len(names) == 9
    done = doit(bert.project, "-n", "2", *(f"artifact:{name}" for name in names), **bert.settings)
    assert done.returncode == 0, done.stdout + done.stderr
    files = {name: {path.name for path in (bert.project / "artifacts" / name).iterdir()} for name in names}
    assert "adapter_model.safetensors" in files["bert-base-sst2-qlora-r16"]
    assert "model.safetensors" in files["bert-base-sst2-lora-r8"]
    assert "model.onnx" in files["bert-base-sst2-onnx-int8"]
