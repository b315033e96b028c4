"""A real SentencePiece model, trained on stories: what its tokenizer does with spaces, and texts beyond its context."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zoosmith.toolkit.causal.torch_session import TorchCausal
from zoosmith.toolkit.causal.windows import windows

STORIES = Path(__file__).parents[3].parent / "shared" / "mirror" / "models" / "zoosmith" / "stories-5m"
pytestmark = pytest.mark.skipif(
    not STORIES.is_dir(), reason="needs the real model in ../shared/mirror, which is no part of the project"
)
STORY = "Once upon a time there was a little girl. She had a dog and a cat. One day, they went to the park. "


@pytest.fixture(scope="module")
def session() -> TorchCausal:
    import transformers

    return TorchCausal(transformers.AutoModelForCausalLM.from_pretrained(STORIES, dtype="float32"), STORIES)


def test_a_text_begins_with_one_bos_and_names_of_special_tokens_are_text(session: TorchCausal) -> None:
    assert (session.bos, session.eos, session.context) == (1, 2, 1024)
    ids = session.tokenize("</s>Once")
    assert ids[0] == 1
    assert 1 not in ids[1:]
    assert 2 not in ids
    assert session.detokenize(ids) == "</s>Once"


@pytest.mark.parametrize("prompt", ["Once upon a time", "", "Once upon a time,\n", "The Größe of"])
def test_streamed_text_is_what_transformers_decodes_spaces_and_all(session: TorchCausal, prompt: str) -> None:
    import torch

    ids = session.tokenize(prompt)
    theirs = session.model.generate(torch.tensor([ids]), do_sample=False, max_new_tokens=40)[0].tolist()
    told: list[str] = []
    (answer,) = session.generate([prompt], max_new_tokens=40, on_text=told.append)
    assert (
        session.detokenize(theirs) == session.detokenize(ids) + answer.text == session.detokenize(ids) + "".join(told)
    )
    assert len(told) > 20


def test_a_text_beyond_the_context_is_scored_as_each_window_alone(session: TorchCausal) -> None:
    import torch

    ids = session.tokenize(STORY * 60)
    (scores,) = session.loglikelihood_rolling([STORY * 60])
    assert len(scores) == len(ids) - 1 > session.context
    for window in windows(len(ids) - 1, session.context):
        with torch.inference_mode():
            logits = session.model(torch.tensor([ids[window.start : window.end]])).logits[0].double()
        targets = torch.tensor(ids[window.start + 1 : window.end + 1])
        expected = logits.log_softmax(-1).gather(1, targets[:, None])[window.first - window.start :, 0]
        np.testing.assert_allclose(scores[window.first : window.end], expected.numpy(), atol=1e-4)


def test_a_likely_continuation_is_likelier(session: TorchCausal) -> None:
    requests = [("Once upon a", " time"), ("Once upon a", " dog"), ("Once upon a ", "time")]
    likely, unlikely, other = session.loglikelihood(requests)
    assert likely.nats > unlikely.nats + 3
    assert likely.greedy
    assert not unlikely.greedy
    assert session.split("Once upon a", " time") == session.split("Once upon a ", "time")
    assert other == likely
