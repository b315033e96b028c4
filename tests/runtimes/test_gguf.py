"""The runtime gguf: what it says of itself, and that it opens a file without torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.causal import tiny_llama
from tests.support.gguf_file import write_gguf
from tests.support.zoo import ROOT
from zoosmith import plugins
from zoosmith.common.packages import module_of
from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import Manifest
from zoosmith.execution.action import public_versions

MANIFEST = Manifest(format="gguf", precision="f32")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("artifact")
    write_gguf(tiny_llama(made / "checkpoint", layers=1, hidden=64), made / "model.gguf")
    return made


def test_packages_and_modules_are_found_under_their_own_names() -> None:
    runtime = plugins.load("runtimes", "gguf", ROOT)
    assert public_versions(runtime.REQUIRES)["llama-cpp-python"]
    assert [module_of(name) for name in runtime.REQUIRES] == ["llama_cpp", "numpy"]
    assert module_of("torch") == "torch"


def test_it_opens_the_file_with_what_it_promises(folder: Path) -> None:
    runtime = plugins.load("runtimes", "gguf", ROOT)
    session = runtime.open(folder, MANIFEST, threads=1)
    assert all(callable(getattr(session, capability)) for capability in runtime.CAPABILITIES)
    (answer,) = session.generate(["the quick"], max_new_tokens=3)
    assert 1 <= answer.tokens <= 3
    assert session.loglikelihood([("the", " fox")])[0].nats < 0


def test_a_folder_without_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=r"there is no file .*model\.gguf"):
        plugins.load("runtimes", "gguf", ROOT).open(tmp_path, MANIFEST, threads=1)


def test_it_needs_neither_torch_nor_transformers_and_answers_the_same_with_two_threads(folder: Path) -> None:
    code = (
        "import json, sys; from pathlib import Path; from zoosmith.contract.manifest import Manifest\n"
        "from zoosmith.runtimes import gguf\n"
        "assert 'llama_cpp' not in sys.modules\n"
        "opened = gguf.open(Path(sys.argv[1]), Manifest(format='gguf', precision='f32'), threads=int(sys.argv[2]))\n"
        "text = opened.generate(['the quick'], max_new_tokens=8)[0].text\n"
        "print(json.dumps([text, [name for name in ('torch', 'transformers', 'tokenizers') if name in sys.modules]]))"
    )
    told = []
    for threads in ("1", "2"):
        command = [sys.executable, "-c", code, str(folder), threads]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        told.append(json.loads(done.stdout))
    assert told[0] == told[1]
    assert told[0][1] == []
