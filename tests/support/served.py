"""A zoo without torch to serve from, and the server in a thread of this process."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.fast import RUNTIME
from tests.support.job import PAIR, TEXT, spec
from tests.support.zoo import BAD, GOOD, PLAIN, write_project, write_tokenizer
from zoosmith.contract.manifest import Manifest, TaskSpec
from zoosmith.serve.lifecycle import Server
from zoosmith.serve.start import Settings, serve

SLOW = RUNTIME.replace("import json\n", "import json\nimport time\n").replace(
    "        mask =", "        time.sleep(float(self.weights[0, 0]))\n        mask ="
)
"""The weight of the padding token is how many seconds an answer takes."""
LETTERS = '''\
"""A language model of bytes: after each byte another letter is the likeliest, drawn once and for all."""

import json
import time

from zoosmith.toolkit.causal.requests import CausalSession
from zoosmith.toolkit.causal.sequence import CachedSequence

REQUIRES = ("numpy",)
EXTRA = "onnx"
LIBRARY = "zoosmith"
CAPABILITIES = ("loglikelihood", "loglikelihood_rolling", "next_logprobs", "last_logprobs", "generate")
NAMES = {256: "<user>", 257: "<end>", 258: "<system>", 259: "<assistant>"}
TEMPLATE = "{% for m in messages %}<{{ m.role }}>{{ m.content }}<end>{% endfor %}<assistant>"


class Sequence(CachedSequence):
    def __init__(self, table, context, sleep_s):
        super().__init__(context)
        self.table, self.sleep_s = table, sleep_s

    def _feed(self, ids, keep):
        time.sleep(self.sleep_s)
        return self.table[list(ids)[len(ids) - keep :]]

    def _cut(self, length):
        return True


class Letters(CausalSession):
    bos, eos, adds_bos = None, 257, False
    vocabulary = 260

    def __init__(self, about):
        import numpy as np

        self.context, self.sleep_s = about.get("context", 128), about.get("sleep_ms", 0) / 1000
        self.chat_template = TEMPLATE if about.get("chat", True) else None
        letters = [*range(97, 123), 32, 257]
        self.table = np.full((260, 260), -1e9, dtype=np.float32)
        self.table[:, letters] = np.random.default_rng(about.get("seed", 0)).normal(size=(260, len(letters))) * 2
        self.table[:, 257] -= 3

    def encode(self, text, *, special=False):
        ids = []
        while text:
            named = next(((i, n) for i, n in NAMES.items() if special and text.startswith(n)), None)
            ids += [named[0]] if named else text[0].encode("utf-8", "replace")
            text = text[len(named[1]) if named else 1 :]
        return ids

    def detokenize(self, ids):
        return bytes(i for i in ids if i < 256).decode("utf-8", "replace")

    def is_end(self, token):
        return token == 257

    def name_of(self, token):
        return NAMES.get(token, chr(token % 256))

    def decoder(self):
        return Sequence(self.table, self.context, self.sleep_s)


def open(path, manifest, *, threads, device="cpu", needs=None):
    return Letters(json.loads((path / "about.json").read_text()))
'''


def write_zoo(project: Path) -> Path:
    """A project with the runtimes `table` and `letters`."""
    write_project(project)
    (project / "runtimes").mkdir(exist_ok=True)
    (project / "runtimes" / "table.py").write_text(SLOW, encoding="utf-8")
    (project / "runtimes" / "letters.py").write_text(LETTERS, encoding="utf-8")
    return project


def write_table(project: Path, name: str, *, kind: str = TEXT, sign: float = 1.0, seconds: float = 0.0) -> Path:
    """A classifier by words: GOOD ones speak for the second label, or against it where `sign` is -1."""
    folder = project / "artifacts" / name
    folder.mkdir(parents=True, exist_ok=True)
    write_tokenizer(folder)
    words = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", *PLAIN, *GOOD, *BAD, "and", "of", "it")
    weights = [[0.0, sign * ((word in GOOD) - (word in BAD))] for word in words]
    weights[0][0] = seconds
    (folder / "table.json").write_text(json.dumps({"weights": weights}), encoding="utf-8")
    return _manifest(folder, "table", spec(kind), {"sign": sign})


def write_letters(project: Path, name: str, **about: Any) -> Path:
    """A language model of `context` tokens that sleeps `sleep_ms` before each; `seed` draws its letters."""
    folder = project / "artifacts" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
    return _manifest(folder, "letters", TaskSpec(kind="text-generation", inputs=("text",)), about)


def _manifest(folder: Path, format: str, task: TaskSpec, facts: dict[str, Any]) -> Path:
    manifest = Manifest(format=format, precision="fp32", task=task, facts=facts)
    partial = folder / ".manifest.json"
    partial.write_text(manifest.model_dump_json(by_alias=True), encoding="utf-8")
    partial.replace(folder / "manifest.json")
    return folder


@contextmanager
def running(settings: Settings) -> Iterator[tuple[str, Server]]:
    """The URL and the server, which is stopped at the end."""
    ready: list[tuple[str, Server]] = []
    failure: list[BaseException] = []
    come = threading.Event()

    def started(url: str, server: Server) -> None:
        ready.append((url, server))
        come.set()

    thread = threading.Thread(target=lambda: _serve(settings, started, failure, come), daemon=True)
    thread.start()
    assert come.wait(60), "the server did not start"
    if failure:
        raise failure[0]
    try:
        yield ready[0]
    finally:
        ready[0][1].stop()
        thread.join(30)
        assert not thread.is_alive(), "the server did not stop"


def _serve(
    settings: Settings, started: Callable[[str, Server], None], failure: list[BaseException], come: threading.Event
) -> None:
    try:
        serve(settings, started)
    except BaseException as error:
        failure.append(error)
        come.set()


__all__ = ["PAIR", "TEXT", "running", "write_letters", "write_table", "write_zoo"]
