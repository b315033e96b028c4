"""What is expected after prompts that begin alike: the same with and without what was computed before."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.causal import tiny_llama
from tests.support.gguf_file import write_gguf
from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.answering import kept_prefix
from zoosmith.toolkit.causal.requests import CausalSession
from zoosmith.toolkit.causal.torch_session import TorchCausal
from zoosmith.toolkit.gguf.session import GgufCausal

PREFIXES = st.sampled_from([[], [5], list(range(40, 60)), list(range(40, 50))])
PROMPTS = st.lists(
    st.builds(lambda start, end: start + end, PREFIXES, st.lists(st.integers(4, 383), min_size=1, max_size=6)),
    min_size=1, max_size=6,
)  # fmt: skip
each_format = pytest.mark.parametrize("format", ["torch", "gguf"])
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CausalSession]:
    import transformers

    folder = tiny_llama(tmp_path_factory.mktemp("answering") / "tiny", hidden=64)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="auto")
    file = write_gguf(folder, folder.parent / "model.gguf")
    return {"torch": TorchCausal(model, folder), "gguf": GgufCausal(file, kv_type="f32")}


def whole(session: CausalSession, ids: Sequence[int]) -> Any:
    return next(session.next_logprobs([ids]))[-1]


@each_format
@quick
@given(prompts=PROMPTS)
def test_with_and_without_reuse_the_answers_are_those_of_one_pass(
    sessions: dict[str, CausalSession], format: str, prompts: list[list[int]]
) -> None:
    session = sessions[format]
    expected = [whole(session, ids) for ids in prompts]
    for reuse in (True, False):
        found = list(session.last_logprobs(prompts, reuse=reuse))
        assert all(one.shape == (session.vocabulary,) and one.dtype == np.float32 for one in found)
        np.testing.assert_allclose(found, expected, atol=1e-5 if format == "torch" else 1e-4)


def fed(session: CausalSession, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tokens each pass reads, from now on."""
    told: list[int] = []
    sequence = type(session.kept())
    plain = sequence._feed
    monkeypatch.setattr(sequence, "_feed", lambda self, ids, keep: told.append(len(ids)) or plain(self, ids, keep))
    return told


@each_format
def test_a_common_beginning_is_read_once(
    sessions: dict[str, CausalSession], format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, shared = sessions[format], list(range(40, 60))
    session.sequence()
    told = fed(session, monkeypatch)
    prompts = [[*shared, 7], [*shared, 8, 9], [*shared, 8, 9], [5], [*shared, 8]]
    list(session.last_logprobs(prompts))
    assert told == [21, 2, 1, 1, 21]
    told.clear()
    list(session.last_logprobs(prompts[:2], reuse=False))
    assert told == [21, 22]


@each_format
def test_other_requests_in_between_change_nothing(sessions: dict[str, CausalSession], format: str) -> None:
    session, ids = sessions[format], [40, 41, 42, 43]
    [first] = session.last_logprobs([ids])
    session.generate(["one two"], max_new_tokens=3)
    session.loglikelihood([("one", " two")])
    [again] = session.last_logprobs([ids])
    np.testing.assert_allclose(again, first, atol=1e-4)


@each_format
def test_what_cannot_be_asked_is_told(sessions: dict[str, CausalSession], format: str) -> None:
    session = sessions[format]
    with pytest.raises(ZooError, match="after no token at all: give a prompt"):
        list(session.last_logprobs([[]]))
    with pytest.raises(ZooError, match="129 tokens do not fit into a context of 128"):
        list(session.last_logprobs([[5] * 129]))
    [found] = session.last_logprobs([[5] * 128])
    np.testing.assert_allclose(found, whole(session, [5] * 128), atol=1e-4)


@each_format
def test_threads_that_ask_at_once_take_turns(sessions: dict[str, CausalSession], format: str) -> None:
    session = sessions[format]
    prompts = [[*range(40, 40 + size), 7] for size in range(3, 19)] * 2
    expected = [whole(session, ids) for ids in prompts]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda ids: next(session.last_logprobs([ids])), prompts))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_cache_that_cannot_be_cut_is_read_anew(
    sessions: dict[str, CausalSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = sessions["torch"]
    sequence = session.sequence()
    sequence.extend([40, 41, 42], 0)
    cut = sequence._cut
    monkeypatch.setattr(sequence, "_cut", lambda length: length == 0 and cut(0))
    assert kept_prefix(sequence, [40, 41, 50]) == 0
    assert (sequence.length, sequence.held) == (0, [])
    [found] = session.last_logprobs([[40, 41, 50]])
    np.testing.assert_allclose(found, whole(session, [40, 41, 50]), atol=1e-5)


def test_what_rounds_activations_together_reads_each_prompt_whole(tmp_path: Path) -> None:
    """Torch's dynamic INT8 has one scale for all that it is fed: what was computed alone is not what it would be."""
    import transformers

    from zoosmith.toolkit.quantization import dynamic_int8

    folder = tiny_llama(tmp_path, hidden=64, tied=False)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="auto").eval()
    assert TorchCausal(model, folder).reuses
    session = TorchCausal(dynamic_int8.quantize(model, per_channel=True), folder)
    assert not session.reuses
    prompts = [[*range(40, 60), token] for token in (7, 8, 9)]
    found = list(session.last_logprobs(prompts))
    alone = [next(session.last_logprobs([ids], reuse=False)) for ids in reversed(prompts)][::-1]
    np.testing.assert_array_equal(found, alone)
    session.reuses = True
    assert np.abs(np.subtract(list(session.last_logprobs(prompts)), alone)).max() > 1e-4
