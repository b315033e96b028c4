"""Packages whose module has another name."""

from __future__ import annotations

MODULES = {"llama-cpp-python": "llama_cpp", "pillow": "PIL"}


def module_of(package: str) -> str:
    """The module to import of a package that a builder or a runtime requires."""
    return MODULES.get(package, package.replace("-", "_"))
