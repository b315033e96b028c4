"""GGUF, the file format of llama.cpp: converting to it, quantising in it, reading it back.

Formats and conventions: llama.cpp (docs/gguf.md of ggml; `tools/quantize`, `tools/imatrix`). The converter and the
library that reads its files come from one pinned release of llama-cpp-python (`library.VERSION`).
"""
