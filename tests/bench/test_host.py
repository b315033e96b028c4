"""The host, and what must be known of it before an artifact is measured."""

from __future__ import annotations

import pytest

from zoosmith.bench.host import device, saturation, this_host
from zoosmith.contract.errors import ZooError


@pytest.mark.parametrize(
    ("target", "isa"),
    [
        ("vnni", ("avx2", "avx512f", "avx512_vnni")),
        ("vnni", ("avx2", "avx_vnni")),
        ("vnni", ("asimd", "asimddp")),
        ("avx2", ("avx2",)),
        (None, ("avx2",)),
    ],
)
def test_no_warning_where_nothing_saturates(target: str | None, isa: tuple[str, ...]) -> None:
    assert saturation(target, isa) is None


@pytest.mark.parametrize("isa", [("avx2",), ("avx2", "avx512f"), ()])
def test_int8_for_vnni_warns_on_a_host_without_it(isa: tuple[str, ...]) -> None:
    warning = saturation("vnni", isa)
    assert warning is not None
    assert "VNNI, which this host has not" in warning
    assert "target: avx2" in warning


def test_this_host_names_no_machine() -> None:
    host = this_host()
    assert host.cores >= 1
    assert host.id.count("-") >= 3


def test_a_gpu_makes_a_host_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZOOSMITH_DEVICE", raising=False)
    plain = this_host()
    monkeypatch.setenv("ZOOSMITH_DEVICE", "cuda:1")
    assert this_host() == plain.model_copy(update={"id": f"{plain.id}-cuda-1"})


@pytest.mark.parametrize("found", ["gpu", "cuda:", "cuda:first", "CUDA", "cpu:0"])
def test_a_device_that_has_no_such_name_is_told(monkeypatch: pytest.MonkeyPatch, found: str) -> None:
    for variable in ("ZOOSMITH_DEVICE", "ZOOSMITH_BUILD_DEVICE"):
        monkeypatch.setenv(variable, found)
        with pytest.raises(ZooError, match=f"{variable} is {found!r}; it takes cpu, cuda, or cuda:1 for the second"):
            device(variable)
