"""An Ollama Modelfile beside a GGUF: `ollama create NAME -f Modelfile`.

Format: Ollama, docs/modelfile.md. Ollama has templates of its own (Go's), so that a chat template's Jinja is recognised
by the tokens that it writes; one that is not known is left to Ollama, which reads the file's own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zoosmith.toolkit.gguf import header

FILE = "Modelfile"
CHATML = """{{- range .Messages }}<|im_start|>{{ .Role }}
{{ .Content }}<|im_end|>
{{ end }}<|im_start|>assistant
"""
LLAMA3 = """{{- range .Messages }}<|start_header_id|>{{ .Role }}<|end_header_id|>

{{ .Content }}<|eot_id|>{{ end }}<|start_header_id|>assistant<|end_header_id|>

"""
GEMMA = """{{- range .Messages }}<start_of_turn>{{ if eq .Role "assistant" }}model{{ else }}{{ .Role }}{{ end }}
{{ .Content }}<end_of_turn>
{{ end }}<start_of_turn>model
"""
TEMPLATES = {"<|im_start|>": CHATML, "<|start_header_id|>": LLAMA3, "<start_of_turn>": GEMMA}


def modelfile(file: Path, checkpoint: Path | None = None) -> str:
    """The Modelfile of a GGUF. checkpoint: a folder whose generation_config.json may name more end tokens."""
    found = header.read(file)
    tokens = found.metadata.get("tokenizer.ggml.tokens", [])
    ends = dict.fromkeys([*end_tokens(found.metadata), *(generation_ends(checkpoint) if checkpoint else ())])
    stops = [tokens[token] for token in ends if 0 <= token < len(tokens)]
    return text(file.name, found.metadata.get("tokenizer.chat_template"), stops, found.hyperparameter("context_length"))


def end_tokens(metadata: Mapping[str, Any]) -> list[int]:
    """End of text, of turn and of message, as far as a GGUF states them.

    llama.cpp ends at more, which it finds by their texts: in SmolLM2 <reponame> is one, which a text may well hold.
    """
    named = (f"tokenizer.ggml.{name}_token_id" for name in ("eos", "eot", "eom"))
    return list(dict.fromkeys(metadata[name] for name in named if name in metadata))


def text(name: str, template: str | None, stops: Sequence[str], context: int | None) -> str:
    """FROM, TEMPLATE where the chat template is one of TEMPLATES, a stop for each end token, and the context length."""
    known = next((go for mark, go in TEMPLATES.items() if template and mark in template), None)
    lines = [f"FROM ./{name}"]
    if known:
        lines.append(f'TEMPLATE """{known}"""')
    lines += [f"PARAMETER stop {json.dumps(stop, ensure_ascii=False)}" for stop in stops]
    if context:
        lines.append(f"PARAMETER num_ctx {context}")
    return "\n".join(lines) + "\n"


def generation_ends(checkpoint: Path) -> list[int]:
    """End tokens in generation_config.json, which may name more than the tokenizer does."""
    file = checkpoint / "generation_config.json"
    stated = json.loads(file.read_text(encoding="utf-8")).get("eos_token_id") if file.is_file() else None
    return list(stated) if isinstance(stated, list) else [] if stated is None else [stated]
