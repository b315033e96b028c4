"""One tiny Llama, as a checkpoint and as an F16 GGUF, for all tests of GGUF."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import causal, gguf


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint folder."""
    return causal.tiny_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="session")
def llama_f16(llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint as an F16 GGUF."""
    return gguf.converted(llama, tmp_path_factory.mktemp("f16") / "model.gguf")
