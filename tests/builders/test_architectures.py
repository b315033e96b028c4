"""Every architecture that recipes name through every builder that takes it: tokens, logits, positions that are scaled.

A new builder of language models joins with a line in CASES, a new architecture with one in
`tests.support.architectures.KNOWN`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.support import architectures, label_task
from tests.support.architectures import KNOWN, LONG
from tests.support.label_task import Made
from tests.support.zoo import ROOT
from zoosmith import plugins
from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Parent
from zoosmith.contract.manifest import Manifest
from zoosmith.contract.output import Tolerance, output_of
from zoosmith.tasks._language.scoring import divergence, preserves

TEXTS = ("What is the capital of France?", "She sells 12345 sea shells,\n\n\tdon't she? naïve Café 東京", "a", LONG)
QUICK = {"epochs": 1, "learning_rate": 1e-3, "batch_size": 32, "autocast": "none"}
ADAPTED = QUICK | {"target_modules": "all-linear"}
LOOSE = 0.3
"""Agreement that is asked of techniques whose own claim is for trained models: random ones have many near-ties."""


class Case(NamedTuple):
    """A builder with parameters that are quick. parents: by role, "base", "source" or the name of another case."""

    builder: str
    params: Mapping[str, Any] = {}
    parents: Mapping[str, str] = {"from": "base"}


CASES = {
    "checkpoint": Case("checkpoint", parents={"from": "source"}),
    "fp16": Case("torch_half", {"dtype": "fp16"}),
    "bf16": Case("torch_half", {"dtype": "bf16"}),
    "torch-int8": Case("torch_int8", {"min_agreement": LOOSE}),
    "bnb-int8": Case("bnb_int8"),
    "bnb-nf4": Case("bnb_nf4", {"compute_dtype": "fp32", "min_agreement": LOOSE}),
    "f16": Case("gguf", {"type": "f16", "kv_type": "f32"}),
    "q8_0": Case("gguf_quantize", {"type": "q8_0"}, {"from": "f16"}),
    "q4_k_m": Case("gguf_quantize", {"type": "q4_k_m"}, {"from": "f16"}),
    "q4_0-imatrix": Case("gguf_quantize", {"type": "q4_0", "imatrix": True}, {"from": "f16", "checkpoint": "base"}),
    "finetune": Case("finetune", QUICK),
    "lora": Case("lora", ADAPTED),
    "lora-unmerged": Case("lora", ADAPTED | {"merge": False}),
    "merged": Case("merge_lora", parents={"from": "lora-unmerged", "base": "base"}),
    "qlora": Case("qlora", ADAPTED | {"compute_dtype": "fp32"}),
    "int8-recover": Case("int8_recover", ADAPTED),
    "prune-layers": Case("prune_layers", {"keep": (0,)}),
    "prune-magnitude": Case("prune_magnitude"),
    "prune-wanda": Case("prune_wanda", {"rows": 16}),
    "act-quant": Case("act_quant", {"min_agreement": LOOSE}),
    "layerwise": Case("layerwise", {"early": 1, "late": 0, "min_agreement": LOOSE}),
    "selective": Case("selective", {"keep": (0,), "compute_dtype": "fp32", "min_agreement": LOOSE}),
    "combined": Case("combined", {"layerwise": {"early": 1, "late": 0}, "trim": None}),
    "autoround": Case("autoround", {"iterations": 1, "pieces": 2, "tokens": 16, "min_agreement": LOOSE}),
    "mixed-bits": Case(
        "mixed_bits",
        {"types": ("q4_0", "q8_0"), "bits_per_weight": 7.0, "rows": 2, "tokens": 32},
        {"from": "f16", "checkpoint": "base"},
    ),
    "gguf-mixed": Case("gguf_mixed", {"type": "q4_0", "layers": {"0": "q8_0"}}, {"from": "f16"}),
}
ENCODERS_ALONE = ("distill", "prune_ffn", "prune_heads", "qat")
"""Builders of checkpoints that refuse a language model."""
OTHERS = ("from_gguf",)
"""From a GGUF; tests/builders/test_from_gguf.py."""
each_case = pytest.mark.parametrize("case", CASES)
each_architecture = pytest.mark.parametrize("architecture", KNOWN)


class Tokens(NamedTuple):
    """How an opened tree reads TEXTS and writes them again."""

    ids: list[list[int]]
    texts: list[str]
    vocabulary: int
    adds_bos: bool


class Asked(NamedTuple):
    """What an opened tree said: what it expects after each token of each of TEXTS, and its tokens."""

    answers: list[dict[str, Any]]
    tokens: Tokens


class Zoo:
    """What builders make of each architecture, each made once, opened once and asked once."""

    def __init__(self, root: Path) -> None:
        """Below `root`."""
        self.root = root
        self._parents: dict[tuple[str, str], Parent] = {}
        self._made: dict[tuple[str, str], Made] = {}
        self._asked: dict[tuple[str, str], Asked] = {}

    def made(self, architecture: str, case: str) -> Made:
        """The finished artifact."""
        key = architecture, case
        if key not in self._made:
            about = CASES[case]
            given = {role: self.parent(architecture, name) for role, name in about.parents.items()}
            folder = self.root / architecture / case
            first = given.pop("from")
            self._made[key] = label_task.build(about.builder, first, folder, parents=given, **about.params)
        return self._made[key]

    def parent(self, architecture: str, name: str) -> Parent:
        """A checkpoint as a finished tree or as a fetched base, or what a case makes."""
        if name in CASES:
            return self.made(architecture, name).parent
        key = architecture, name
        if key not in self._parents:
            make: Callable[..., Parent] = getattr(architectures, name)
            self._parents[key] = make(self.root / architecture / name, architecture)
        return self._parents[key]

    def answers(self, architecture: str, name: str) -> list[dict[str, Any]]:
        """What the opened tree expects after each token of each of TEXTS."""
        return self._of(architecture, name).answers

    def tokens(self, architecture: str, name: str) -> Tokens:
        """How the opened tree reads TEXTS."""
        return self._of(architecture, name).tokens

    def _of(self, architecture: str, name: str) -> Asked:
        key = architecture, name
        if key not in self._asked:
            session = self.opened(architecture, name)
            self._asked[key] = Asked(responses(session), tokens(session))
        return self._asked[key]

    def opened(self, architecture: str, name: str) -> Any:
        """The session of the finished tree, or of the checkpoint that it was made from."""
        if name in CASES:
            return self.made(architecture, name).opened()
        folder = self.parent(architecture, name).path
        return opened(folder)


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    return Zoo(tmp_path_factory.mktemp("architectures"))


def opened(checkpoint: Path) -> Any:
    """A folder of transformers as a session."""
    manifest = Manifest(format="torch", precision="fp32")
    return plugins.load("runtimes", "torch", ROOT).open(checkpoint, manifest, threads=1)


def responses(session: Any) -> list[dict[str, Any]]:
    """Ids and log-probabilities (tokens, vocabulary) of each of TEXTS, as the tasks of language models have them."""
    ids = [session.tokenize(text) for text in TEXTS]
    return [
        {"own_ids": np.array(one), "ids": np.array(one), "logprobs": rows}
        for one, rows in zip(ids, session.next_logprobs(ids), strict=True)
    ]


def tokens(session: Any) -> Tokens:
    """How a session reads TEXTS and writes them again."""
    ids = [session.tokenize(text) for text in TEXTS]
    return Tokens(ids, [session.detokenize(one) for one in ids], session.vocabulary, session.adds_bos)


def beyond(answers: Sequence[Mapping[str, Any]], context: int) -> Any:
    """The rows of the last of TEXTS that lie beyond `context` tokens."""
    rows = answers[-1]["logprobs"][context:]
    assert len(rows) > 50, "the text does not go beyond the original context"
    return rows


@each_architecture
@each_case
def test_it_opens_from_its_tree_and_answers_as_the_model_that_was_built(zoo: Zoo, architecture: str, case: str) -> None:
    made = zoo.made(architecture, case)
    found = zoo.answers(architecture, case)
    assert all(np.isfinite(one["logprobs"]).all() for one in found)
    if made.session is not None:
        for mine, theirs in zip(found, responses(made.session), strict=True):
            np.testing.assert_allclose(mine["logprobs"], theirs["logprobs"], atol=1e-3)


@each_architecture
@each_case
def test_tokens_are_those_of_its_parent(zoo: Zoo, architecture: str, case: str) -> None:
    made = zoo.tokens(architecture, case)
    assert made == zoo.tokens(architecture, CASES[case].parents["from"])
    assert made.adds_bos == (KNOWN[architecture].tokenizer == "spm")


def test_every_builder_of_what_language_models_are_opened_as_is_here() -> None:
    def offers(builder: Any) -> bool:
        made = output_of(builder, builder.Params())
        return "next_logprobs" in plugins.load("runtimes", made.format, ROOT).CAPABILITIES

    builders = {name for name in plugins.known("builders", ROOT) if offers(plugins.load("builders", name, ROOT))}
    assert builders <= {case.builder for case in CASES.values()} | {*ENCODERS_ALONE, *OTHERS}


@pytest.mark.parametrize("builder", ENCODERS_ALONE)
def test_a_builder_for_encoders_says_so(zoo: Zoo, builder: str, tmp_path: Path) -> None:
    parent = zoo.parent("smollm2", "base")
    parents = {"from": parent, "student": parent, "teacher": parent}
    with pytest.raises(BuildError, match=r"encoders|classifiers|language model"):
        label_task.build(builder, parent, tmp_path, parents=parents)


@each_architecture
@pytest.mark.parametrize("case", [name for name, case in CASES.items() if "source" in case.parents.values()])
def test_what_is_taken_as_it_is_computes_what_transformers_does(zoo: Zoo, architecture: str, case: str) -> None:
    import torch
    import transformers

    folder = zoo.parent(architecture, "source").path
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
    for one in zoo.answers(architecture, case):
        with torch.no_grad():
            theirs = model(torch.from_numpy(one["ids"])[None]).logits[0].log_softmax(-1).numpy()
        np.testing.assert_allclose(one["logprobs"], theirs, atol=1e-4)


CLAIMING = [name for name, case in CASES.items() if hasattr(plugins.load("builders", case.builder, ROOT), "check")]


def tolerance(made: Made) -> Tolerance:
    """What the builder claims, its agreement where it is for trained models not above LOOSE."""
    claimed: Tolerance = made.module.check(made.job.params)
    return claimed if claimed.mean_kl is not None and claimed.mean_kl < 0.01 else claimed._replace(agreement=LOOSE)


@each_architecture
@pytest.mark.parametrize("case", CLAIMING)
def test_logits_are_as_near_its_parents_as_the_builder_claims_also_where_positions_are_scaled(
    zoo: Zoo, architecture: str, case: str
) -> None:
    made, original = zoo.made(architecture, case), KNOWN[architecture].original
    parent = zoo.answers(architecture, CASES[case].parents["from"])
    found, claimed = zoo.answers(architecture, case), tolerance(zoo.made(architecture, case))
    preserves(parent, found, claimed, ((), ()))
    if original and claimed.mean_kl is not None:
        assert divergence(beyond(parent, original), beyond(found, original)).mean() <= claimed.mean_kl, made.module


@each_architecture
def test_merged_adapters_answer_as_beside_their_base(zoo: Zoo, architecture: str) -> None:
    beside = zoo.answers(architecture, "lora-unmerged")
    for name in ("lora", "merged"):
        for mine, theirs in zip(zoo.answers(architecture, name), beside, strict=True):
            np.testing.assert_allclose(mine["logprobs"], theirs["logprobs"], atol=2e-3)


@pytest.mark.parametrize("architecture", [name for name, about in KNOWN.items() if about.original])
def test_scaling_that_is_lost_would_be_seen(zoo: Zoo, architecture: str, tmp_path: Path) -> None:
    """The tests above compare nothing if both sides computed without it."""
    theta = KNOWN[architecture].changes["rope_parameters"]["rope_theta"]
    plain = {"rope_type": "default", "rope_theta": theta}
    architectures.write(tmp_path, architecture, rope_parameters=plain)
    lost = responses(opened(tmp_path))
    with pytest.raises(BuildError, match=r"parity: .* mean KL divergence"):
        preserves(zoo.answers(architecture, "f16"), lost, tolerance(zoo.made(architecture, "f16")), ((), ()))
