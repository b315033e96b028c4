"""Trimmed prompts: every request against what the plain model says to the tokens that are left."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.causal import SENTENCES, tiny_llama
from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.techniques import Trim
from zoosmith.toolkit.causal.torch_session import TorchCausal
from zoosmith.toolkit.causal.trimmed_session import TrimmedCausal
from zoosmith.toolkit.causal.trimming import kept_tokens, received

TEXT = " ".join(SENTENCES[:4])
WHERE = ("renumbered", "kept")
each_position = pytest.mark.parametrize("positions", WHERE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama(tmp_path_factory.mktemp("causal") / "tiny", hidden=64)


@pytest.fixture(scope="module")
def model(folder: Path) -> Any:
    import transformers

    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="auto").eval()


def session(model: Any, folder: Path, positions: Any, **about: Any) -> TrimmedCausal:
    return TrimmedCausal(model, folder, Trim(positions=positions, **about))


def by_hand(model: Any, prompt: Sequence[int], after: Sequence[int], told: Trim) -> Any:
    """Log-probabilities after the prompt's last token and each of `after`, by one pass without a cache.

    Positions kept: over all tokens, with a mask that hides those that are cut. Anew: over those that are left alone.
    """
    import torch

    left = kept_tokens(received(model, prompt), told)
    assert len(left) < len(prompt)
    with torch.inference_mode():
        if told.positions == "kept":
            mask = torch.zeros(1, len(prompt) + len(after), dtype=torch.long)
            mask[0, [*left, *range(len(prompt), len(prompt) + len(after))]] = 1
            places = torch.arange(len(prompt) + len(after))[None]
            logits = model(torch.tensor([[*prompt, *after]]), attention_mask=mask, position_ids=places).logits[0]
        else:
            logits = model(torch.tensor([[*(prompt[place] for place in left), *after]])).logits[0]
    return logits[-1 - len(after) :].log_softmax(-1).numpy()


@each_position
def test_the_next_token_is_expected_after_what_is_left(model: Any, folder: Path, positions: str) -> None:
    trimmed = session(model, folder, positions)
    ids = trimmed.tokenize(TEXT)
    (found,) = trimmed.last_logprobs([ids])
    np.testing.assert_allclose(found, by_hand(model, ids, [], trimmed.told)[0], atol=1e-5)
    (plain,) = TorchCausal(model, folder).last_logprobs([ids])
    assert np.abs(found - plain).max() > 1e-3


@each_position
def test_continuations_are_scored_whole_after_a_trimmed_context(model: Any, folder: Path, positions: str) -> None:
    trimmed = session(model, folder, positions)
    asked = [(TEXT, " one two three"), (TEXT, " dog"), (TEXT, " who lived near the sea shore")]
    found = trimmed.loglikelihood(asked)
    for (context, continuation), answer in zip(asked, found, strict=True):
        prompt, after = trimmed.split(context, continuation)
        logprobs = by_hand(model, prompt, after[:-1], trimmed.told)
        assert answer.nats == pytest.approx(float(logprobs[np.arange(len(after)), after].sum()), abs=1e-4)
        assert answer.greedy == (logprobs.argmax(axis=1).tolist() == after)
    assert [trimmed.loglikelihood([one])[0].nats for one in asked] == pytest.approx([one.nats for one in found])


@each_position
def test_what_is_written_is_greedy_after_what_is_left(model: Any, folder: Path, positions: str) -> None:
    trimmed = session(model, folder, positions)
    prompt, wanted = trimmed.tokenize(TEXT), []
    for _ in range(6):
        wanted.append(int(by_hand(model, prompt, wanted, trimmed.told)[-1].argmax()))
    decoder = trimmed.decoder()
    decoder.prompt(prompt)
    assert [decoder.step() for _ in range(6)] == wanted
    assert trimmed.generate([TEXT], max_new_tokens=1)[0].text == trimmed.detokenize(wanted[:1])


@each_position
def test_each_beginning_of_a_text_is_a_prompt(model: Any, folder: Path, positions: str) -> None:
    trimmed = session(model, folder, positions)
    ids = trimmed.tokenize(TEXT)[:24]
    (found,) = trimmed.next_logprobs([ids])
    assert found.shape == (24, trimmed.vocabulary)
    for end in (1, 10, 24):
        (alone,) = trimmed.last_logprobs([ids[:end]])
        np.testing.assert_allclose(found[end - 1], alone, atol=1e-6)
    assert [rows.shape for rows in trimmed.next_logprobs([[]])] == [(0, trimmed.vocabulary)]


@each_position
def test_a_prompt_that_begins_like_another_is_read_anew(model: Any, folder: Path, positions: str) -> None:
    trimmed = session(model, folder, positions)
    ids = trimmed.tokenize(TEXT)
    first, second = trimmed.last_logprobs([ids, [*ids, 7]])
    (alone,) = session(model, folder, positions).last_logprobs([[*ids, 7]])
    np.testing.assert_array_equal(second, alone)
    assert np.abs(first - second).max() > 1e-3


@each_position
def test_a_sequence_is_cut_back_to_its_prompt_and_no_further(model: Any, folder: Path, positions: str) -> None:
    sequence = session(model, folder, positions).decoder()
    prompt = list(range(10, 40))
    sequence.extend(prompt, 1)
    once = np.array(sequence.extend([50, 51], 2))
    assert sequence.length == 32
    assert sequence.shorten(30)
    np.testing.assert_allclose(sequence.extend([50, 51], 2), once, atol=1e-5)
    assert not sequence.shorten(29)
    assert sequence.length == 0
    sequence.extend(prompt, 0)
    np.testing.assert_allclose(sequence.extend([50, 51], 2), once, atol=1e-5)


@each_position
def test_where_nothing_is_cut_it_answers_as_the_plain_model(model: Any, folder: Path, positions: str) -> None:
    trimmed, plain = session(model, folder, positions, cut_share=0.0), TorchCausal(model, folder)
    assert trimmed.generate([TEXT], max_new_tokens=5) == plain.generate([TEXT], max_new_tokens=5)
    mine, theirs = (one.loglikelihood([(TEXT, " one two")])[0].nats for one in (trimmed, plain))
    assert mine == pytest.approx(theirs, abs=1e-4)


def test_texts_without_a_prompt_are_not_scored(model: Any, folder: Path) -> None:
    trimmed = session(model, folder, "kept")
    with pytest.raises(ZooError, match="scored after a context"):
        trimmed.loglikelihood_rolling([TEXT])
    with pytest.raises(ZooError, match="logits of its last token alone"):
        trimmed.decoder().extend(list(range(10, 40)), 2)


def test_positions_are_kept_only_where_a_model_takes_them(
    model: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(model), "forward", lambda self, input_ids, past_key_values=None, use_cache=True: None)
    with pytest.raises(ZooError, match=r"positions: kept: LlamaForCausalLM takes no positions"):
        session(model, folder, "kept")
    session(model, folder, "renumbered")
