"""Whether PyTorch can compute where it is told to."""

from __future__ import annotations

from zoosmith.contract.errors import ZooError


def require(device: str) -> None:
    """Raise ZooError where `device` ("cpu", "cuda", "cuda:1") is not there: nothing falls back to the CPU unseen."""
    import torch

    kind, _, index = device.partition(":")
    if kind == "cpu":
        return
    if torch.version.cuda is None:
        raise ZooError(
            f"{device} is asked for, but torch {torch.__version__} is built for CPUs alone: install its CUDA build "
            "(`pip install --force-reinstall torch` from PyPI), or unset ZOOSMITH_DEVICE and ZOOSMITH_BUILD_DEVICE"
        )
    there = torch.cuda.device_count()
    if not there or (index and int(index) >= there):
        found = f"{there} GPU{'' if there == 1 else 's'}"
        raise ZooError(f"{device} is asked for, but PyTorch finds {found} here; `nvidia-smi` says what the driver sees")
