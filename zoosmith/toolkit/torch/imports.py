"""Packages that take seconds to import, and the module of each that imports most of it."""

from __future__ import annotations

from collections.abc import Iterable

MODULES = {
    "torch": "torch",
    "transformers": "transformers.modeling_utils",
    "peft": "peft",
    "bitsandbytes": "bitsandbytes",
    "onnx": "onnx",
    "onnxruntime": "onnxruntime",
    "llama-cpp-python": "llama_cpp",
}
"""Others are left to whoever needs them: they may start threads, or be wrong."""


def modules_of(packages: Iterable[str]) -> list[str]:
    """The modules to import ahead for what requires these packages."""
    return [MODULES[package] for package in packages if package in MODULES]
