"""llama.cpp's converter, forked from a process that has imported it: importing is most of a tiny conversion."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.brief.forking import Forked
from zoosmith.toolkit.gguf import convert

MODULES = ("conversion.llama", "transformers.models.auto.tokenization_auto")


@contextmanager
def forked() -> Iterator[None]:
    """Conversions of this process are forked meanwhile."""
    ours = SimpleNamespace(Popen=_fork, DEVNULL=subprocess.DEVNULL, PIPE=subprocess.PIPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convert, "subprocess", ours)
        yield


def _fork(command: Sequence[str], **given: Any) -> Forked:
    """What `convert` starts: python -P converter_process.py CONVERTER ARGUMENT..."""
    return Forked(MODULES, command, path=command[3], **given | {"env": convert.OFFLINE})
