"""The tiny Llama of the tests of GGUF."""

from tests.toolkit.gguf.conftest import llama, llama_f16

__all__ = ["llama", "llama_f16"]
