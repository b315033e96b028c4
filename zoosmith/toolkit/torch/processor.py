"""What this machine's processor can do, as the kernel tells it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

# Products of BF16 in hardware; elsewhere they are taken apart into FP32, which costs several times FP32 itself.
BF16 = frozenset({"avx512_bf16", "amx_bf16", "bf16"})


@cache
def info() -> dict[str, str]:
    """First processor of /proc/cpuinfo (proc_cpuinfo(5)), or nothing where there is none."""
    try:
        block = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in block.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def flags() -> frozenset[str]:
    """Instruction sets by the kernel's names: `flags` of x86, `Features` of ARM."""
    return frozenset(info().get("flags", info().get("Features", "")).split())


def has_bf16() -> bool:
    """Whether products of BF16 are computed in hardware."""
    return bool(BF16 & flags())
