"""What quantising costs a model that was really trained: its divergence from transformers in FP32."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support import gguf
from tests.support.zoo import ROOT
from zoosmith.tasks._language.scoring import divergence
from zoosmith.toolkit.causal.torch_session import TorchCausal
from zoosmith.toolkit.gguf import quantize
from zoosmith.toolkit.gguf.session import GgufCausal

MIRROR = ROOT.parent / "shared" / "mirror"
MODEL = MIRROR / "models" / "zoosmith" / "stories-5m"
STORIES = MIRROR / "datasets" / "roneneldan" / "TinyStories" / "data"
TYPES = ("q8_0", "q6_k", "q5_k_m", "q4_k_m", "q3_k_m", "q2_k")
TOKENS = 2_000

pytestmark = pytest.mark.skipif(not MODEL.is_dir(), reason="needs the trained model of ../shared/mirror")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    import pyarrow.parquet as pq

    [file] = STORIES.glob("validation*.parquet")
    return [str(text) for text in pq.read_table(file).column("text").to_pylist()]


@pytest.fixture(scope="module")
def reference() -> TorchCausal:
    import torch
    import transformers

    torch.set_num_threads(1)
    model = transformers.AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32, local_files_only=True)
    return TorchCausal(model, MODEL)


@pytest.fixture(scope="module")
def expected(reference: TorchCausal, texts: list[str]) -> list[tuple[list[int], Any]]:
    """Token ids of whole stories, over 2,000 in all, and what the reference expects after each."""
    found: list[tuple[list[int], Any]] = []
    for text in texts:
        if sum(len(ids) for ids, _ in found) > TOKENS:
            return found
        ids = reference.tokenize(text)
        found.append((ids, next(iter(reference.next_logprobs([ids])))[:-1].copy()))
    raise AssertionError("the mirror has too few stories")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stories")
    f16 = gguf.converted(MODEL, folder / "f16.gguf")
    for kind in TYPES:
        quantize.quantize(f16, folder / f"{kind}.gguf", kind)
    return folder


def measured(file: Path, expected: Sequence[tuple[list[int], Any]]) -> tuple[float, float]:
    """Mean KL divergence in nats, and the share of positions with the same most likely token."""
    session = GgufCausal(file)
    pairs = list(_pairs(session, expected))
    kl = np.concatenate([divergence(theirs, mine) for theirs, mine in pairs])
    same = np.concatenate([theirs.argmax(axis=1) == mine.argmax(axis=1) for theirs, mine in pairs])
    return float(kl.mean()), float(same.mean())


def _pairs(session: GgufCausal, expected: Sequence[tuple[list[int], Any]]) -> Iterator[tuple[Any, Any]]:
    answers = session.next_logprobs([ids for ids, _ in expected])
    for (_, theirs), mine in zip(expected, answers, strict=True):
        yield theirs, mine[:-1]


def test_f16_expects_what_transformers_does(files: Path, expected: list[tuple[list[int], Any]]) -> None:
    kl, same = measured(files / "f16.gguf", expected)
    assert kl <= 1e-5
    assert same >= 0.999


def test_divergence_rises_with_fewer_bits(files: Path, expected: list[tuple[list[int], Any]]) -> None:
    found = [measured(files / f"{kind}.gguf", expected)[0] for kind in TYPES]
    assert found == sorted(found), dict(zip(TYPES, found, strict=True))
    assert found[0] <= 0.001, "Q8_0 is as good as unquantised"
