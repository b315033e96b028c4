"""The machine that a number was measured on."""

from __future__ import annotations

import hashlib
import os
import platform
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from zoosmith.contract.errors import ZooError
from zoosmith.records.host import Host
from zoosmith.toolkit.torch import processor

DEVICE = re.compile(r"cpu|cuda(:\d+)?")
ISA = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16", "asimd", "asimddp", "i8mm")


# Instructions that multiply unsigned by signed bytes into 32 bits; without them pairs are added in 16 bits.
WIDE_DOT = frozenset({"avx_vnni", "avx512_vnni", "amx_int8"})
ARM = frozenset({"asimd", "asimddp", "i8mm"})


def saturation(target: str | None, isa: Sequence[str]) -> str | None:
    """A warning where an INT8 file made for VNNI runs on an x86 processor without it; None where all is well.

    Source: onnxruntime#5849: U8S8 kernels for AVX2 add two products in 16 bits and clip what does not fit.
    """
    if target != "vnni" or WIDE_DOT & set(isa) or ARM & set(isa):
        return None
    return (
        "INT8 of this artifact was made for processors with VNNI, which this host has not: sums of products saturate, "
        "so answers may be wrong and are not those of other hosts; build it with `params: {target: avx2}` for this one"
    )


def device(variable: str = "ZOOSMITH_DEVICE") -> str:
    """Where artifacts answer while they are measured: "cpu", or what $ZOOSMITH_DEVICE says, such as "cuda".

    $ZOOSMITH_BUILD_DEVICE says the same of builds. Raises ZooError for a device that has no such name.
    """
    found = os.environ.get(variable) or "cpu"
    if not DEVICE.fullmatch(found):
        raise ZooError(f"{variable} is {found!r}; it takes cpu, cuda, or cuda:1 for the second GPU")
    return found


def this_host() -> Host:
    """This machine, without its name, addresses or serial numbers.

    With another device than its CPU it is a host of its own, whose id ends in that device: figures of both are kept
    side by side, and a gate for `*-cuda` holds where there is a GPU.
    """
    host = _machine()
    return host if device() == "cpu" else host.model_copy(update={"id": f"{host.id}-{device().replace(':', '-')}"})


@cache
def _machine() -> Host:
    info, flags = processor.info(), processor.flags()
    cpu = info.get("model name") or platform.machine()
    cores = len(os.sched_getaffinity(0))
    memory = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    isa = tuple(name for name in ISA if name in flags)
    stable = "|".join(
        [cpu, info.get("cpu family", ""), info.get("model", ""), ",".join(isa), str(cores), str(memory), gpu() or ""]
    )
    words = re.sub(r"[^a-z0-9]+", "-", cpu.lower()).strip("-")[:24].strip("-")
    return Host(
        id=f"{words}-{cores}c-{memory}g-{hashlib.sha256(stable.encode()).hexdigest()[:6]}",
        cpu=f"{cpu}{_family(info)}",
        isa=isa,
        cores=cores,
        memory_gb=memory,
        gpu=gpu(),
        os=_distribution(),
        python=platform.python_version(),
    )


def _family(info: dict[str, str]) -> str:
    """Virtual machines often hide the model's name; family and model still tell the generation."""
    family = info.get("cpu family")
    return f" (family {family}, model {info.get('model')})" if family else ""


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    except OSError:
        return platform.system()


def gpu() -> str | None:
    """Model of the first NVIDIA GPU that the driver shows, or None."""
    for file in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("Model:"):
                return line.partition(":")[2].strip()
    return None
