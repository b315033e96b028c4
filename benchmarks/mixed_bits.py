"""Types chosen by measurement beside plain types with an importance matrix, at equal size.

    python -m benchmarks.mixed_bits --checkpoint DIR --gguf F16.gguf --held-out NAME=FILE.parquet ... \
        [--like q4_k_m ...] [--types q8_0 ...] [--tokens 2000] [--work DIR] [--json benchmarks/results/mixed_bits.json]

The builders `gguf_quantize` (with `imatrix`) and `mixed_bits` make files of one model, calibrated on the founding texts
of the United States; a mix may take as many bytes as the plain type that it is like, and it is compared with the best
plain file of at most its size. All answer texts unlike those, columns `text` of parquet files (other prose, stories for
children), and mean KL from transformers in FP32 is told, over the same tokens.

Goal: at least 20 % less on average over sizes and texts. Exit code 1 where it is missed. What was measured is kept in
`--work`: a run that was killed goes on, and one with another `--like` starts from what is known.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from statistics import mean
from types import SimpleNamespace
from typing import Any

from benchmarks._report import options, report
from tests.support import gguf
from zoosmith.builtin import founding_texts
from zoosmith.contract.job import Parent
from zoosmith.tasks._language.scoring import divergence
from zoosmith.toolkit.causal.torch_session import TorchCausal
from zoosmith.toolkit.gguf import imatrix
from zoosmith.toolkit.gguf.session import GgufCausal
from zoosmith.toolkit.training.training_rows import spread

LIKE = ("q4_0", "iq4_nl", "q4_k_m", "q5_k_m")
PLAIN = ("q3_k_m", "q4_0", "iq4_nl", "q4_1", "q4_k_s", "q4_k_m", "q5_0", "q5_k_s", "q5_k_m", "q6_k", "q8_0")
LESS = 0.2
LONGEST = 256
DOCUMENTS = 64


def texts_of(file: Path) -> list[str]:
    """Texts of some length, evenly spaced over a parquet file's column `text`."""
    import pyarrow.parquet as pq

    texts = [str(text).strip() for text in pq.read_table(file, columns=["text"]).column("text").to_pylist()]
    return spread([text for text in texts if len(text) > 200], DOCUMENTS)


def cut(session: Any, texts: Sequence[str], tokens: int) -> list[list[int]]:
    """Token ids of texts, each cut to LONGEST, `tokens` in all."""
    found: list[list[int]] = []
    for text in texts:
        left = tokens - sum(map(len, found))
        ids = session.tokenize(text)[: min(LONGEST, left)]
        if len(ids) > 1:
            found.append(ids)
    return found


def mean_kl(file: Path, expected: Sequence[tuple[list[int], Any]]) -> float:
    """Nats of a next token, over texts with what the reference expects."""
    session = GgufCausal(file, kv_type="f32")
    answers = session.next_logprobs([ids for ids, _ in expected])
    parts = [divergence(theirs, mine[:-1]) for (_, theirs), mine in zip(expected, answers, strict=True)]
    session.close()
    return float(sum(part.sum() for part in parts) / sum(map(len, parts)))


class Files:
    """Plain and mixed files of one model."""

    def __init__(self, checkpoint: Path, f16: Path, work: Path, types: Sequence[str]) -> None:
        """Make them below `work`."""
        (work / "f16").mkdir(parents=True, exist_ok=True)
        link = work / "f16" / "model.gguf"
        if not link.exists():
            link.symlink_to(f16.resolve())
        self.parents = {"source": gguf.parent(link.parent, "gguf"), "checkpoint": gguf.parent(checkpoint, "torch")}
        self.work, self.types = work, list(types)
        self.rows = founding_texts.generate(founding_texts.Params())["calibration"]

    def plain(self, kind: str) -> Any:
        """With an importance matrix; of what llama.cpp makes of it where rows do not fit."""
        params = {"type": kind, "imatrix": True, "allow_fallback": True}
        return self._made("gguf_quantize", f"plain-{kind}", params).file

    def mixed(self, like: str) -> SimpleNamespace:
        """As large as a plain type; what was measured for one size holds for all."""
        params: dict[str, Any] = {"like": like} | ({"types": self.types} if self.types else {})
        scratch = self.work / f"mixed-{like}" / "scratch"
        if not scratch.exists():
            scratch.parent.mkdir()
            (self.work / "scratch").mkdir(exist_ok=True)
            scratch.symlink_to(self.work / "scratch")
        return self._made("mixed_bits", f"mixed-{like}", params)

    def _made(self, builder: str, name: str, params: dict[str, Any]) -> SimpleNamespace:
        def shown(text: str) -> None:
            if text.startswith(("what", "all types", "measuring")):
                print(f"{name}: {text}", file=sys.stderr, flush=True)

        about = self.work / name / "facts.json"
        if not about.is_file():
            parents: dict[str, Parent] = self.parents
            made = gguf.build(
                builder, self.work / name, params=params, rows=self.rows, resumed=True, progress=shown, **parents
            )
            about.write_text(json.dumps(made.facts), encoding="utf-8")
        facts = json.loads(about.read_text(encoding="utf-8"))
        return SimpleNamespace(file=self.work / name / "out" / "model.gguf", facts=facts)


def references(checkpoint: Path, held_out: dict[str, Path], tokens: int) -> dict[str, list[tuple[list[int], Any]]]:
    """Token ids and what transformers expects after each, by name of the text."""
    session = TorchCausal(imatrix.load(checkpoint), checkpoint)
    found = {}
    for name, file in held_out.items():
        ids = cut(session, texts_of(file), tokens)
        found[name] = [(one, next(iter(session.next_logprobs([one])))[:-1].copy()) for one in ids]
    return found


def compared(name: str, mixed: dict[str, Any], plain: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A mix beside the plain file that loses least on a text, of those that take no more than the mix was allowed."""
    fitting = {kind: one for kind, one in plain.items() if one["bytes"] <= mixed["allowed"]}
    best = min(fitting, key=lambda kind: fitting[kind]["kl"][name])
    theirs, mine = fitting[best]["kl"][name], mixed["kl"][name]
    return {"best_plain": best, "plain_kl": theirs, "mixed_kl": mine, "less": 1 - mine / theirs}


def main() -> int:
    """Exit code 1 where mixes do not lose a fifth less."""
    parser = options(__doc__, tokens=2000)
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder with config.json")
    parser.add_argument("--gguf", type=Path, required=True, help="the same model in F16")
    parser.add_argument("--held-out", nargs="+", required=True, metavar="NAME=FILE", help="parquet files with `text`")
    parser.add_argument("--like", nargs="+", default=LIKE, choices=PLAIN)
    parser.add_argument("--types", nargs="+", default=[], help="that mixes choose from; default: those of the builder")
    parser.add_argument("--work", type=Path, help="keep files and measurements here")
    given = parser.parse_args()
    held_out = {name: Path(file) for name, _, file in (one.partition("=") for one in given.held_out)}
    with tempfile.TemporaryDirectory(prefix="mixed-bits-") as folder:
        told = measured(given, held_out, given.work or Path(folder))
    report(told, given.json)
    return int(told["less_on_average"] < LESS)


def measured(given: Any, held_out: dict[str, Path], work: Path) -> dict[str, Any]:
    """Every file with its bytes and mean KL by text, and each mix beside the best plain file."""
    files = Files(given.checkpoint, given.gguf, work, given.types)
    mixed = {like: files.mixed(like) for like in given.like}
    made = {f"mixed like {like}": one.file for like, one in mixed.items()}
    made |= {kind: files.plain(kind) for kind in PLAIN}
    expected = references(given.checkpoint, held_out, given.tokens)
    told = {
        name: {"bytes": file.stat().st_size, "kl": {text: mean_kl(file, pairs) for text, pairs in expected.items()}}
        for name, file in made.items()
    }
    choices = {like: one.facts["mixed_bits"] for like, one in mixed.items()}
    return {
        "model": given.checkpoint.name, "calibration": "founding_texts, split calibration",
        "tokens": {text: sum(len(ids) for ids, _ in one) for text, one in expected.items()},
        "files": told, "choices": choices, **side_by_side(told, choices, list(held_out)),
    }  # fmt: skip


def side_by_side(files: dict[str, Any], choices: dict[str, Any], texts: Sequence[str]) -> dict[str, Any]:
    """Each mix beside the best plain file on each text, and by how much less they lose on average."""
    plain = {name: one for name, one in files.items() if name in PLAIN}
    pairs = {
        f"like {like} on {text}": compared(
            text, files[f"mixed like {like}"] | {"allowed": choice["allowed_bytes"]}, plain
        )
        for (like, choice), text in product(choices.items(), texts)
    }
    return {"equal_size": pairs, "less_on_average": mean(one["less"] for one in pairs.values()), "goal": LESS}


if __name__ == "__main__":
    sys.exit(main())
