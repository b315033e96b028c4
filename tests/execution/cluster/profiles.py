"""Profiles that nodes might announce."""

from dataclasses import replace
from typing import Any

from zoosmith.execution.cluster.profile import About, Profile

DRIVER = Profile("driver", "a" * 64, "0.1.0", "3.11", {"torch": "2.13.0"}, ["avx2", "avx512f"], 8, 16000)


def host(id: str, **other: Any) -> dict[str, Any]:
    about = {"id": id, "cpu": "EPYC (family 25, model 1)", "isa": ["avx2"], "cores": 2, "memory_gb": 8, "gpu": None}
    return about | {"os": "Debian", "python": "3.11.2"} | other


def profile(name: str, of: str = "epyc-2c", host_class: str = "", device: str = "cpu", **other: Any) -> Profile:
    return replace(DRIVER, name=name, about=About(host(of), host_class, device), **{"cpus": 2} | other)
