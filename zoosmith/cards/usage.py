"""The first lines to type: they work as they stand, in the folder that an artifact was pulled to and in its zoo."""

from __future__ import annotations

import ast
import re
from shlex import quote

PLAIN = re.compile(r"[^\"$`\\\\!\n]*")  # stands between double quotes as it is


def install(extra: str, source: str | None = None) -> str:
    """What pip installs, with the format's extra: of the source that the registry names, else of a checkout."""
    return f"pip install '{source_of(extra, source)}'"


def source_of(extra: str, source: str | None) -> str:
    """A requirement by its address, else the checkout that one stands in. Source: PEP 508, direct references."""
    return f"zoosmith[{extra}] @ {source}" if source else f".[{extra}]"


def run(name: str, example: str) -> str:
    """The command that asks an artifact for the example: a Python literal, or words for a shell already."""
    try:
        told = ast.literal_eval(example)
    except (SyntaxError, ValueError):
        return f"zoosmith run {name} {example}"
    inputs = (told,) if isinstance(told, str) else told
    return " ".join(["zoosmith run", name, *(_quoted(str(each)) for each in inputs)])


def _quoted(text: str) -> str:
    return f'"{text}"' if PLAIN.fullmatch(text) else quote(text)
