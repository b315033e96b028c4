"""Peak resident memory of every shipped builder at the size of BERT-base (110 M weights).

Builders of causal language models are weighed over a random Llama of 63 M weights in place of the encoder.

    python -m benchmarks.memory [--batch 16] [--tokens 128] [--only NAME ...] [--json benchmarks/results/memory.json]

Each build runs as the engine runs it, in a worker of its own, checked by a clean process at its end; but workers are
started anew, since pages that they share with a fork server would be counted as other processes' too. Weights are
random; the tokenizer knows 30,522 words. Each is built three times: from a toy encoder, whose peak is what the
libraries take; from BERT-base with batches of one word, whose peak beyond that is weights, told in copies of them; and
from BERT-base with batches of `--batch` texts of `--tokens` tokens, whose peak beyond that is activations. Trainings
have three steps. The last kind has the builder's own autocast, whose casts of weights are kept for the backward pass
and count as activations; the first two have none. Sizes are MiB, as in `resources()`.

Goals: a conversion holds at most two copies of the weights; a training four (weights, gradients, two moments), with a
teacher five; and no build, the process that checks it included, takes more than its builder's `resources()` claims.
Where a library's own call holds more copies, that is told apart, under `of_libraries`, and fails nothing. `--only` with
the file of an earlier run, of the same sizes, measures some builds anew.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks import _memory_language as language
from benchmarks._report import options, report
from tests.support.here import bring_up
from tests.support.zoo import BAD, GOOD, PLAIN, write_project, write_recipe, write_rows, write_tokenizer
from zoosmith import plugins
from zoosmith.build.workspace import Workspace
from zoosmith.execution.action import Action
from zoosmith.execution.executor import LocalExecutor, Outcome, Progress
from zoosmith.recipes.graph import Ref

ROOT = Path(__file__).parents[1]
VOCABULARY = 30_522
STEPS = 3
LABELS = ("negative", "positive")
SEEING = {"vision_bnb", "vision_checkpoint"}  # of models that see; an encoder of text is none
FORETOLD = {"from_gguf", "gguf", "gguf_quantize", "gguf_mixed", "mixed_bits"}  # from the file's largest tensor
CONVERSION, TRAINING, WITH_TEACHER = 2.0, 4.0, 5.0  # copies of the weights
ROUNDING = 0.05  # copies: peaks are told in MiB, and buffers of the libraries come and go
TOY = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 128}
BUILD, WEIGHED = "zoosmith.build.build:run", "benchmarks._weighed:run"


@dataclass(frozen=True)
class Case:
    """A build: where it starts, what it is told, how many copies it may hold, what else depends on the batch.

    library: the call outside this project that holds more by itself. format: of its artifact, where that is a language
    model's.
    """

    builder: str
    parents: str | dict[str, str]
    copies: float = CONVERSION
    params: dict[str, Any] = field(default_factory=dict)
    sized: tuple[str, ...] = ()
    trains: bool = False
    library: str = ""
    format: str = ""

    def artifact(self, batch: int) -> dict[str, Any]:
        """Its entry in a recipe; params in `sized` become the size of a batch, or all rows of `train`."""
        sizes = {"batch_size": batch, "dev_rows": batch, "rows": batch * STEPS}
        params = self.params | {name: sizes[name] for name in self.sized}
        if self.trains and batch == 1:
            params["autocast"] = "none"
        return {"builder": self.builder, "from": self.parents, "params": params}


def training(builder: str, parents: str | dict[str, str], copies: float = TRAINING, **params: Any) -> Case:
    """One epoch."""
    return Case(builder, parents, copies, {"epochs": 1} | params, ("batch_size",), trains=True)


CASES = {
    "checkpoint": Case("checkpoint", "encoder"),
    "torch-half": Case("torch_half", "checkpoint"),
    "torch-int8": Case("torch_int8", "checkpoint"),
    "bnb-int8": Case("bnb_int8", "checkpoint"),
    "bnb-nf4": Case("bnb_nf4", "checkpoint"),
    "onnx": Case("onnx", "checkpoint"),
    "onnx-fp16": Case("onnx_fp16", "onnx"),
    "onnx-int8": Case("onnx_int8", "onnx", library="onnxruntime.quantization.quantize_dynamic"),
    "onnx-int8-static": Case(
        "onnx_int8_static",
        "onnx",
        params={"loss_budget": 100.0, "rows": 1},
        sized=("dev_rows",),
    ),
    "prune-magnitude": Case("prune_magnitude", "checkpoint"),
    "prune-magnitude-global": Case("prune_magnitude", "checkpoint", params={"scope": "global"}),
    "prune-wanda": Case("prune_wanda", "checkpoint", sized=("rows",)),
    "prune-heads": Case("prune_heads", "checkpoint", sized=("rows",)),
    "prune-ffn": Case("prune_ffn", "checkpoint", sized=("rows",)),
    "prune-layers": Case("prune_layers", "checkpoint", params={"keep": [0]}),
    "finetune": training("finetune", "encoder"),
    "lora": training("lora", "encoder"),
    "adapters": training("lora", "encoder", merge=False),
    "merge-lora": Case("merge_lora", {"from": "adapters", "base": "encoder"}),
    "qlora": training("qlora", "encoder"),
    "qat": training("qat", "checkpoint"),
    "int8-recover": training("int8_recover", "checkpoint"),
    "distill": training("distill", {"student": "encoder", "teacher": "checkpoint"}, WITH_TEACHER),
}
ANY = {"min_agreement": 0.0}  # weights are random
NARROW = {"early": 1, "late": 1}
QUICK = {"group_size": 64, "iterations": 1, "pieces": 3, "tokens": 32}
LANGUAGE = {
    "act-quant": Case("act_quant", "whole", params=ANY, format="techniques"),
    "trim": Case("trim", "whole", format="trimmed"),
    "layerwise": Case("layerwise", "whole", params=ANY | NARROW, format="techniques"),
    "selective": Case("selective", "whole", params=ANY, format="bnb"),
    "combined": Case("combined", "whole", params={"layerwise": NARROW}, format="trimmed"),
    "autoround": Case("autoround", "whole", 3.0, ANY | QUICK, format="autoround"),
}
ALL = CASES | LANGUAGE


class Weighing(LocalExecutor):
    """Runs steps as ever, builds with a note of their memory."""

    def run(self, action: Action, lock: int, progress: Progress) -> Outcome:
        """Run the action to its end. Raises StepFailed."""
        weighed = replace(action, entry=WEIGHED, imports=())
        return super().run(weighed if action.entry == BUILD else action, lock, progress)


def write_encoder(folder: Path, sizes: dict[str, int]) -> int:
    """A random BERT with a head in `folder`, of the default sizes or of `sizes`; returns the bytes of its weights.

    The head's bias decides every answer, so that no near-tie flips when weights are rounded.
    """
    import torch
    import transformers

    folder.mkdir(parents=True)
    known = (*PLAIN, *GOOD, *BAD)
    spare = VOCABULARY - 7 - len(known)  # four special tokens, three words of write_tokenizer's own
    config = transformers.BertConfig(
        vocab_size=write_tokenizer(folder, (*known, *(f"word{i}" for i in range(spare)))), **sizes
    )
    config.id2label, config.label2id = dict(enumerate(LABELS)), {label: i for i, label in enumerate(LABELS)}
    torch.manual_seed(0)
    model = transformers.BertForSequenceClassification(config)
    model.classifier.bias.data = torch.tensor([0.0, 4.0])
    model.save_pretrained(folder)
    return sum(4 * parameter.numel() for parameter in model.parameters())


def recipe(encoder: str, data: str, batch: int, tokens: int) -> dict[str, Any]:
    """Every case over one encoder and one data set."""
    rows = {"train": "train", "dev": "dev", "eval": "test"}
    columns = {"text": "text", "label": "label"}
    return {
        "schema": 1,
        "summary": "What builders take.",
        "license": "apache-2.0",
        "bases": {"encoder": {"path": f"bases/{encoder}"}},
        "data": {"rows": {"path": f"data/{data}", "columns": columns, "labels": list(LABELS), "splits": rows}},
        "task": {"kind": "text-classification", "data": "rows", "max_length": tokens},
        "evals": {"rows": {"kind": "text-classification", "data": "rows"}},
        "reference": "checkpoint",
        "artifacts": {name: case.artifact(batch) for name, case in CASES.items()},
    }


def write_zoo(project: Path, batch: int, tokens: int) -> int:
    """Three families over two encoders and two data sets; returns how many bytes more the large encoder has."""
    write_project(project)
    toy, large = (write_encoder(project / "bases" / name, sizes) for name, sizes in (("toy", TOY), ("large", {})))
    for name, count, words in (("short", 1, 1), ("long", batch, tokens)):
        for split, rows in (("train", count * STEPS), ("dev", max(1, count // 4)), ("test", 1)):
            made = [{"text": " ".join(PLAIN[:1] * words), "label": LABELS[i % 2]} for i in range(rows)]
            write_rows(project / "data" / name / f"{split}.jsonl", made)
    for id, encoder, data, size in (("toy", "toy", "short", 1), ("weights", "large", "short", 1),
                                    ("batches", "large", "long", batch)):  # fmt: skip
        write_recipe(project, recipe(encoder, data, size, tokens), id)
    return large - toy


def weigh(workspace: Workspace, family: str, name: str) -> dict[str, int]:
    """Peaks of one build, MiB."""
    bring_up(workspace, Ref(family, name))
    action = workspace.resolver.action("artifact", Ref(family, name))
    seen: dict[str, int] = workspace.make("artifact", Ref(family, name)).provenance["notes"]["weighed"]
    parents = [entry.size for tree in action.inputs["parents"].values() for entry in workspace.store.tree(tree) or ()]
    return seen | {"claimed": action.resources.memory_mb, "parents": sum(parents) // 2**20}


def figures(case: Case, seen: list[dict[str, int]], more: int) -> dict[str, Any]:
    """What is told of a case; `seen` are its peaks by family, `more` is the difference of the encoders in bytes."""
    toy, weights, batches = seen[0], seen[1], seen[-1]
    return {
        "builder": case.builder,
        "parents_mb": batches["parents"],
        "libraries_mb": toy["peak"],
        "copies": round((weights["peak"] - toy["peak"]) * 2**20 / more, 2),
        "copies_goal": case.copies,
        "activations_mb": batches["peak"] - weights["peak"],
        "peak_mb": batches["peak"],
        "with_check_mb": batches["with_check"],
        "claimed_mb": batches["claimed"],
    }


def too_many_copies(found: dict[str, dict[str, Any]], *, library: bool) -> list[str]:
    """Cases that hold more copies of the weights than their goal, in words: a library's call, or our own code."""
    return [
        f"{name}: {told['copies']:.2f} copies of the weights, not {told['copies_goal']:g}"
        + (f": {ALL[name].library}" if library else "")
        for name, told in found.items()
        if told["copies"] > told["copies_goal"] + ROUNDING and bool(ALL[name].library) == library
    ]


def beyond_claims(found: dict[str, dict[str, Any]]) -> list[str]:
    """Cases that take more than `resources()` says, in words."""
    return [
        f"{name}: {told['with_check_mb']} MiB taken, {told['claimed_mb']} claimed"
        for name, told in found.items()
        if told["with_check_mb"] > told["claimed_mb"]
    ]


def measure(names: list[str], batch: int, tokens: int) -> dict[str, dict[str, Any]]:
    """Figures by case."""
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        more = write_zoo(Path(folder), batch, tokens)
        texts = {name: case.artifact(batch) for name, case in LANGUAGE.items()}
        whole = [name for name, case in LANGUAGE.items() if case.format != language.TRIMMED]
        more_language = language.write(Path(folder), texts, whole)
        workspace = Workspace(Path(folder))
        workspace.runner.executor = Weighing(workspace.store, Path(folder))
        found = {}
        for name in names:
            case, size = ALL[name], more_language if name in LANGUAGE else more
            families = ("toy", "weights", "batches") if case.sized else ("toy", "weights")
            families = language.FAMILIES if name in LANGUAGE else families
            found[name] = figures(case, [weigh(workspace, family, name) for family in families], size)
            print(f"{name}: {json.dumps(found[name])}", file=sys.stderr, flush=True)
        return found


def kept(file: Path | None, anew: list[str]) -> dict[str, dict[str, Any]]:
    """Figures in the file of an earlier run, of the cases that are not measured anew."""
    if file is None or not file.is_file():
        return {}
    earlier = json.loads(file.read_text(encoding="utf-8"))["builds"]
    return {name: told for name, told in earlier.items() if name in ALL and name not in anew}


def main() -> int:
    """Exit code 1 where a goal is missed."""
    parser = options(__doc__, batch=16, tokens=128)
    parser.add_argument(
        "--only", nargs="+", choices=ALL, default=list(ALL), help="these builds alone; the file keeps the others"
    )
    given = parser.parse_args()
    if lacking := set(plugins.known("builders", ROOT)) - FORETOLD - SEEING - {case.builder for case in ALL.values()}:
        parser.error(f"no case for the builders {', '.join(sorted(lacking))}; add one to CASES")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    found = kept(given.json, given.only) | measure(given.only, given.batch, given.tokens)
    found = {name: found[name] for name in ALL if name in found}
    missed = [*too_many_copies(found, library=False), *beyond_claims(found)]
    told = {"builds": found, "of_libraries": too_many_copies(found, library=True), "missed": missed}
    report({"batch": given.batch, "tokens": given.tokens, "steps": STEPS, **told}, given.json)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
