"""What the processor can do, and what trainings compute in because of it."""

from __future__ import annotations

import pytest

from builders.finetune import Params
from builders.qlora import Params as Qlora
from zoosmith.toolkit.torch import processor
from zoosmith.toolkit.training.train import fast_autocast


def with_flags(monkeypatch: pytest.MonkeyPatch, name: str, flags: str) -> None:
    monkeypatch.delenv("ZOOSMITH_BUILD_DEVICE", raising=False)
    monkeypatch.setattr(processor, "info", lambda: {name: flags})


@pytest.mark.parametrize(
    ("name", "flags", "autocast"),
    [
        ("flags", "fpu avx2 avx512f avx512_bf16", "bf16"),
        ("flags", "fpu amx_bf16 amx_int8", "bf16"),
        ("Features", "fp asimd bf16", "bf16"),
        ("flags", "fpu avx2 avx512f avx512_vnni", "none"),
        ("flags", "", "none"),
    ],
)
def test_trainings_compute_in_bf16_where_the_processor_does(
    monkeypatch: pytest.MonkeyPatch, name: str, flags: str, autocast: str
) -> None:
    with_flags(monkeypatch, name, flags)
    assert fast_autocast() == Params().autocast == autocast
    assert Qlora().compute_dtype == ("bf16" if autocast == "bf16" else "fp32")
    assert Params(autocast="bf16").autocast == "bf16", "what a recipe says is done"


def test_a_gpu_computes_in_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    with_flags(monkeypatch, "flags", "fpu avx2")
    monkeypatch.setenv("ZOOSMITH_BUILD_DEVICE", "cuda:1")
    assert Params().autocast == "bf16"


def test_this_processor_is_read() -> None:
    assert processor.flags() <= set(" ".join(processor.info().values()).split())
    assert processor.info()
