"""Language models as GGUF: the answers of transformers on the same weights, and errors that name their cause."""

from __future__ import annotations

import gc
import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.causal import BOS, END, SENTENCES, tiny_llama
from tests.support.gguf_file import write_gguf
from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.torch_session import TorchCausal
from zoosmith.toolkit.gguf.session import GgufCausal

TEXT = "the quick brown fox jumps over the lazy dog, and 12345 foxes don't stop. " * 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama(tmp_path_factory.mktemp("gguf") / "tiny")


@pytest.fixture(scope="module")
def file(folder: Path) -> Path:
    return write_gguf(folder, folder.parent / "model.gguf")


@pytest.fixture
def session(file: Path) -> Iterator[GgufCausal]:
    opened = GgufCausal(file, kv_type="f32")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def reference(folder: Path) -> TorchCausal:
    import transformers

    return TorchCausal(transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="auto"), folder)


def test_what_the_file_says_is_told(session: GgufCausal, reference: TorchCausal) -> None:
    assert (session.context, session.trained, session.vocabulary) == (128, 128, 384)
    assert (session.bos, session.eos, session.adds_bos) == (reference.bos, reference.eos, reference.adds_bos)
    assert session.chat_template == reference.chat_template
    assert session.name_of(3) == END
    assert session.is_end(3)
    assert not session.is_end(50)


@pytest.mark.parametrize("text", [*SENTENCES, "", " ", "  two ", "Größe 😀\n\n", f"a {END} b", "a\ud800b", "nul\0byte"])
def test_its_tokenizer_gives_the_ids_of_the_checkpoint(session: GgufCausal, reference: TorchCausal, text: str) -> None:
    ids = session.tokenize(text)
    assert ids == reference.tokenize(text)
    assert session.encode(text, special=True) == reference.encode(text, special=True)
    assert session.detokenize(ids) == reference.detokenize(ids)


@pytest.mark.parametrize(("kv_type", "divergence"), [("f32", 1e-6), ("f16", 1e-5), ("q8_0", 1e-3)])
def test_next_logprobs_are_those_of_transformers(
    file: Path, reference: TorchCausal, kv_type: str, divergence: float
) -> None:
    batch = [reference.tokenize(text) for text in (TEXT, "a")]
    session = GgufCausal(file, kv_type=kv_type)
    for ours, theirs in zip(session.next_logprobs(batch), reference.next_logprobs(batch), strict=True):
        assert (ours.dtype, ours.shape) == (np.float32, theirs.shape)
        np.testing.assert_allclose(np.exp(ours).sum(axis=1), 1, atol=1e-5)
        assert float((np.exp(theirs, dtype=np.float64) * (theirs - ours)).sum(axis=1).mean()) < divergence
        if kv_type == "f32":
            np.testing.assert_allclose(ours, theirs, atol=1e-4)
    session.close()


@pytest.mark.parametrize("context", [1, 7, 32, 100])
def test_texts_beyond_the_context_are_scored_in_the_same_windows(
    file: Path, reference: TorchCausal, context: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference, "context", context)
    monkeypatch.setattr(reference, "_own", None)
    session = GgufCausal(file, context=context, kv_type="f32")
    ids = session.tokenize(TEXT)
    assert len(ids) > 32
    for ours, theirs in zip(
        session.loglikelihood_rolling([TEXT]), reference.loglikelihood_rolling([TEXT]), strict=True
    ):
        assert ours.shape == (len(ids) - 1,)
        np.testing.assert_allclose(ours, theirs, atol=1e-3)
    reference._own = None
    session.close()


REQUESTS = [
    ("what is the capital of", " France?"), ("what is the capital of", " dog"), ("one two", " three four five"),
    ("one two ", "three"), ("", "the quick"), ("t", "he"), ("x", ""),
]  # fmt: skip


def test_loglikelihoods_are_those_of_transformers_whatever_their_order(
    session: GgufCausal, reference: TorchCausal
) -> None:
    found = session.loglikelihood(REQUESTS)
    for ours, theirs in zip(found, reference.loglikelihood(REQUESTS), strict=True):
        assert ours.nats == pytest.approx(theirs.nats, abs=1e-3)
        assert ours.greedy == theirs.greedy
    order = list(range(len(REQUESTS)))
    random.Random(1).shuffle(order)
    shuffled = session.loglikelihood([REQUESTS[index] for index in order])
    assert [shuffled[order.index(index)] for index in range(len(REQUESTS))] == found
    assert [session.loglikelihood([request])[0] for request in REQUESTS] == found


@pytest.mark.parametrize("chat", [True, False])
def test_it_writes_what_transformers_writes(session: GgufCausal, reference: TorchCausal, chat: bool) -> None:
    told: list[str] = []
    prompts = ["the quick brown", "what is the capital of France?", "Größe 😀"]
    ours = session.generate(prompts, max_new_tokens=20, chat=chat, on_text=told.append)
    assert ours == reference.generate(prompts, max_new_tokens=20, chat=chat)
    assert "".join(told) == "".join(answer.text for answer in ours)


def test_a_decoder_steps_through_the_tokens_of_generate(session: GgufCausal) -> None:
    ids = session.tokenize("the quick brown")
    decoder, other = session.decoder(), session.decoder()
    other.prompt(session.tokenize("don't stop"))
    for _ in range(2):
        decoder.reset()
        decoder.prompt(ids)
        steps = []
        for _ in range(12):
            steps.append(decoder.step())
            other.step()
        (answer,) = session.generate(["the quick brown"], max_new_tokens=12)
        assert session.detokenize(ids + steps[: answer.tokens]).startswith("the quick brown" + answer.text)
        whole = list(ids)
        for token in steps:
            (logprobs,) = session.next_logprobs([whole])
            assert token == int(logprobs[-1].argmax())
            whole.append(token)


def test_a_bare_loop_over_llama_decode_gives_the_same_tokens(session: GgufCausal) -> None:
    import llama_cpp

    ids, decoder = session.tokenize("one two three"), session.decoder()
    decoder.prompt(ids)
    ours = [decoder.step() for _ in range(10)]
    decoder.reset()
    fed, theirs = ids, []
    for _ in range(10):
        batch = llama_cpp.llama_batch_get_one((llama_cpp.llama_token * len(fed))(*fed), len(fed))
        assert llama_cpp.llama_decode(decoder._pointer, batch) == 0
        logits = llama_cpp.llama_get_logits_ith(decoder._pointer, -1)
        fed = [int(np.ctypeslib.as_array(logits, (session.vocabulary,)).argmax())]
        theirs += fed
    assert ours == theirs


def test_a_long_prompt_goes_through_in_parts(folder: Path, tmp_path: Path) -> None:
    import json

    made = shutil.copytree(folder, tmp_path / "long")
    config = json.loads((made / "config.json").read_text()) | {"max_position_embeddings": 4096}
    (made / "config.json").write_text(json.dumps(config))
    session = GgufCausal(write_gguf(made, tmp_path / "long.gguf"), kv_type="f32")
    assert (session.context, session.trained) == (2048, 4096), "a KV cache is allocated whole: no larger than needed"
    ids = session.tokenize("the quick brown fox jumps over the lazy dog " * 80)[:1200]
    assert len(ids) == 1200
    decoder = session.decoder()
    parts = decoder.extend(ids, 700).copy()
    decoder.reset()
    decoder.extend(ids[:1199], 0)
    np.testing.assert_allclose(decoder.extend(ids[1199:], 1)[0], parts[-1], atol=1e-3)
    np.testing.assert_allclose(parts[:-1].argmax(1), next(session.next_logprobs([ids]))[500:-1].argmax(1))
    assert GgufCausal(tmp_path / "long.gguf", context=4096).context == 4096


def test_a_message_cannot_end_its_own_turn_and_a_chat_has_one_bos(session: GgufCausal, reference: TorchCausal) -> None:
    assert session.chat_ids("hello") == reference.chat_ids("hello")
    assert session.chat_ids(f"hi{END}").count(3) == 1
    for adds in (True, False):
        session.adds_bos, session.chat_template = adds, "{{ bos_token }}user: {{ messages[0].content }}"
        assert session.chat_ids("hello")[:2] == [1, *session.encode("user")][:2]
        session.chat_template = "user: {{ messages[0].content }}"
        assert session.chat_ids("hello").count(1) == adds


def test_bos_is_added_as_the_vocabulary_says(folder: Path, tmp_path: Path) -> None:
    import json

    made = shutil.copytree(folder, tmp_path / "bos")
    config = json.loads((made / "tokenizer_config.json").read_text()) | {"add_bos_token": True}
    (made / "tokenizer_config.json").write_text(json.dumps(config))
    session = GgufCausal(write_gguf(made, tmp_path / "bos.gguf"))
    assert session.tokenize("the")[0] == session.bos == 1
    assert session.tokenize(f"{BOS}the").count(1) == 1
    assert session.loglikelihood_rolling([""])[0].shape == (0,)
    assert session.loglikelihood_rolling(["the"])[0].shape == (len(session.encode("the")),)


def test_a_closed_session_says_so_instead_of_reading_freed_memory(file: Path) -> None:
    session = GgufCausal(file)
    decoder = session.decoder()
    decoder.prompt([5])
    session.close()
    session.close()
    calls: Sequence[Any] = (
        decoder.step, decoder.reset, session.decoder, lambda: decoder.prompt([5]), lambda: session.tokenize("a"),
        lambda: session.generate(["a"], max_new_tokens=2), lambda: session.loglikelihood([("a", "b")]),
    )  # fmt: skip
    decoder._chosen = 5
    for call in calls:
        with pytest.raises(ZooError, match="this session is closed: open the file again"):
            call()


def test_memory_is_given_back(file: Path) -> None:
    def resident_kb() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4

    def used() -> None:
        session = GgufCausal(file, mmap=False)
        session.generate(["the"], max_new_tokens=2)
        session.decoder().prompt([5])

    used()
    gc.collect()
    before = resident_kb()
    for _ in range(20):
        used()
    gc.collect()
    size = file.stat().st_size // 1024
    assert resident_kb() - before < 4 * size, "twenty sessions leave less than four files behind"


def test_a_decoder_outlives_its_session_object(file: Path) -> None:
    decoder = GgufCausal(file).decoder()
    gc.collect()
    decoder.prompt([5, 6])
    assert 0 <= decoder.step() < 384


def test_nothing_is_printed(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    session = GgufCausal(file)
    session.generate(["the"], max_new_tokens=3)
    session.close()
    assert capfd.readouterr() == ("", "")


def test_a_truncated_file_is_told(file: Path, tmp_path: Path) -> None:
    content = file.read_bytes()
    for share in (0.99, 0.5, 0.01):
        (tmp_path / "part.gguf").write_bytes(content[: int(len(content) * share)])
        with pytest.raises(ZooError, match=r"llama\.cpp cannot open .*part\.gguf: .+; fetch or build it again") as told:
            GgufCausal(tmp_path / "part.gguf")
        assert "\n" not in str(told.value)
    (tmp_path / "part.gguf").write_bytes(content[: int(len(content) * 0.5)])
    with pytest.raises(ZooError, match=r"not within the file bounds, model is corrupted or incomplete"):
        GgufCausal(tmp_path / "part.gguf")


@pytest.mark.parametrize("content", [b"", b"no model", b"GGUF", b"GGUF" + bytes(60)])
def test_what_is_no_gguf_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.gguf").write_bytes(content)
    with pytest.raises(ZooError, match=r"llama\.cpp cannot open .*x\.gguf: .+; fetch or build it again"):
        GgufCausal(tmp_path / "x.gguf")
    with pytest.raises(ZooError, match=r"there is no file .*y\.gguf"):
        GgufCausal(tmp_path / "y.gguf")


def test_an_unknown_architecture_a_missing_tensor_and_no_tokenizer_are_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="unknown model architecture: 'palmist'"):
        GgufCausal(write_gguf(folder, tmp_path / "a.gguf", architecture="palmist"))
    with pytest.raises(ZooError, match=r"tensor 'blk\.0\.ffn_up\.weight' not found"):
        GgufCausal(write_gguf(folder, tmp_path / "b.gguf", without=["ffn_up"]))
    with pytest.raises(ZooError, match="holds no tokenizer"):
        GgufCausal(write_gguf(folder, tmp_path / "c.gguf", tokenizer=False))
    session = GgufCausal(write_gguf(folder, tmp_path / "d.gguf", without=["chat_template"]))
    with pytest.raises(ZooError, match="has no chat template"):
        session.generate(["hi"], max_new_tokens=1, chat=True)


def test_what_is_asked_for_wrongly_is_told(file: Path) -> None:
    with pytest.raises(ZooError, match="a KV cache is one of f32, f16, q8_0, q4_0; found 'q3'"):
        GgufCausal(file, kv_type="q3")
    with pytest.raises(ValueError, match="at least one token; found 0"):
        GgufCausal(file, context=0)
    session = GgufCausal(file, context=4)
    with pytest.raises(ZooError, match="do not fit into a context of 4"):
        session.generate([TEXT], max_new_tokens=1)
