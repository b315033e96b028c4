"""OpenAI's API, asked by OpenAI's own client and by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest

from zoosmith import load
from zoosmith.serve.openai_replies import event


@pytest.fixture
def api(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_models_are_listed(api: openai.OpenAI) -> None:
    assert [model.id for model in api.models.list()] == ["letters"], "classifiers are asked elsewhere"
    assert api.models.retrieve("letters").owned_by == "zoosmith"
    with pytest.raises(openai.NotFoundError, match="no model 'leters' is served here; did you mean 'letters'"):
        api.models.retrieve("leters")


def test_at_temperature_zero_a_chat_is_answered_as_run_answers(api: openai.OpenAI, zoo: Any) -> None:
    model = load(zoo / "artifacts" / "letters")
    [expected] = model.session.generate(["Hello"], max_new_tokens=40, chat=True)
    found = api.chat.completions.create(
        model="letters", messages=[{"role": "user", "content": "Hello"}], temperature=0, max_tokens=40
    )
    [choice] = found.choices
    assert choice.message.content == expected.text
    assert choice.finish_reason == ("stop" if expected.stopped else "length")
    assert found.usage is not None
    assert found.usage.prompt_tokens == len(model.session.chat_ids("Hello"))
    assert found.usage.completion_tokens == expected.tokens
    assert found.usage.total_tokens == found.usage.prompt_tokens + expected.tokens


def test_the_pieces_of_a_stream_are_the_whole_answer(api: openai.OpenAI) -> None:
    asked: Any = {
        "model": "letters", "messages": [{"role": "user", "content": "Hello"}], "max_completion_tokens": 30, "seed": 5,
        "temperature": 1.3, "top_p": 0.9,
    }  # fmt: skip
    whole = api.chat.completions.create(**asked)
    pieces = list(api.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    *chunks, last = pieces
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert len(chunks) > 5, "an answer comes as it is written"
    assert [chunk.choices[0].finish_reason for chunk in chunks[-2:]] == [None, whole.choices[0].finish_reason]
    assert (last.choices, last.usage) == ([], whole.usage)
    assert len({piece.id for piece in pieces}) == 1


def test_a_seed_makes_an_answer_again(api: openai.OpenAI) -> None:
    def asked(**more: Any) -> str:
        return api.completions.create(model="letters", prompt="Once", max_tokens=30, **more).choices[0].text

    assert asked(seed=3) == asked(seed=3) == asked(seed=3, temperature=1)
    assert len({asked(seed=seed) for seed in range(4)}) > 1
    assert asked(temperature=0, seed=1) == asked(temperature=0, seed=2)
    assert len({asked() for _ in range(4)}) > 1, "without a seed each answer is drawn afresh"


def test_completions_of_several_prompts_and_their_stream(api: openai.OpenAI, zoo: Any) -> None:
    session = load(zoo / "artifacts" / "letters").session
    one, two = session.generate(["Once", "upon"], max_new_tokens=16)
    found = api.completions.create(model="letters", prompt=["Once", "upon"], temperature=0)
    assert [choice.text for choice in found.choices] == [one.text, two.text], "16 tokens, as OpenAI's"
    assert [choice.index for choice in found.choices] == [0, 1]
    assert found.usage is not None
    assert found.usage.completion_tokens == one.tokens + two.tokens
    stream = api.completions.create(model="letters", prompt="Once", temperature=0, stream=True)
    assert "".join(chunk.choices[0].text for chunk in stream) == one.text


def test_a_stop_string_ends_an_answer_before_it(api: openai.OpenAI) -> None:
    asked: Any = {"model": "letters", "prompt": "Once", "temperature": 0, "max_tokens": 40}
    text = api.completions.create(**asked).choices[0].text
    assert len(text) > 8
    for stop in (text[4:6], ["\u2603", text[4:6]]):
        found = api.completions.create(**asked, stop=stop).choices[0]
        assert (found.text, found.finish_reason) == (text[: text.index(text[4:6])], "stop")
        pieces = api.completions.create(**asked, stop=stop, stream=True)
        assert "".join(piece.choices[0].text for piece in pieces) == found.text


def test_parts_of_text_and_the_role_developer(api: openai.OpenAI) -> None:
    def asked(*messages: Any) -> str | None:
        found = api.chat.completions.create(model="letters", messages=list(messages), temperature=0, max_tokens=20)
        return found.choices[0].message.content

    user, parts = "Hello you", [{"type": "text", "text": "Hello "}, {"type": "text", "text": "you"}]
    assert asked({"role": "user", "content": user}) == asked({"role": "user", "content": parts})
    plain = asked({"role": "system", "content": "s"}, {"role": "user", "content": user})
    assert plain == asked({"role": "developer", "content": "s"}, {"role": "user", "content": user})


CHAT = [{"role": "user", "content": "Hi"}]


@pytest.mark.parametrize(
    ("path", "asked", "status", "said", "param"),
    [
        ("completions", {}, 400, "the parameter 'prompt' is missing", "prompt"),
        ("completions", {"prompt": [1, 2]}, 400, "prompt.*valid string", "prompt"),
        ("completions", {"prompt": "a", "temprature": 1}, 400, "'temprature'; did you mean 'temperature'", None),
        ("completions", {"prompt": "a", "temperature": 3}, 400, "temperature: .*found 3", "temperature"),
        ("completions", {"prompt": "a", "temperature": "hot"}, 400, "temperature: .*found 'hot'", "temperature"),
        ("completions", {"prompt": "a", "max_tokens": 0}, 400, "max_tokens", "max_tokens"),
        ("completions", {"prompt": "a", "max_tokens": 65}, 422, "64 tokens at most.*--max-tokens", "max_tokens"),
        ("completions", {"prompt": "a", "n": 2}, 400, "n: ", "n"),
        ("completions", {"prompt": "a", "logprobs": 3}, 400, "logprobs: ", "logprobs"),
        ("completions", {"prompt": "a", "presence_penalty": 1}, 400, "presence_penalty: ", "presence_penalty"),
        ("completions", {"prompt": "a", "stop": ["1", "2", "3", "4", "5"]}, 400, "stop", "stop"),
        ("completions", {"prompt": "a", "stop": ""}, 400, "at least one character", "stop"),
        ("completions", {"prompt": "a" * 301}, 422, "prompt 1 has 301 characters", None),
        ("completions", {"prompt": "a" * 129}, 400, "has 129 tokens, and the model's context holds 128", "prompt"),
        ("completions", {"prompt": ["a", "b"], "stream": True}, 400, "a stream answers one prompt", "prompt"),
        ("completions", {"prompt": "a", "model": "mood"}, 400, "mood is a classifier: ask it at /predict", "model"),
        ("completions", {"prompt": "a", "model": "lettters"}, 404, "did you mean 'letters'", "model"),
        ("chat/completions", {"messages": []}, 400, "messages", "messages"),
        ("chat/completions", {"messages": [{"role": "user"}]}, 400, "content' is missing", "messages.0.content"),
        ("chat/completions", {"messages": [{"role": "tool", "content": "a"}]}, 400, "role", "messages.0.role"),
        ("chat/completions", {"messages": CHAT, "tools": [{}]}, 400, "tools: ", "tools"),
        ("chat/completions", {"messages": CHAT, "response_format": {"type": "json_object"}}, 400, "type", None),
        (
            "chat/completions", {"messages": CHAT, "max_completion_tokens": 99}, 422, "max_completion_tokens 99",
            "max_completion_tokens",
        ),
    ],
)  # fmt: skip
def test_what_is_refused_has_the_shape_of_openais_errors(
    client: httpx2.Client, path: str, asked: dict[str, Any], status: int, said: str, param: str | None
) -> None:
    found = client.post(f"/v1/{path}", json=asked)
    assert found.status_code == status, found.text
    error = found.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert re.search(said, error["message"]), error
    assert error["type"] == "invalid_request_error"
    assert param is None or error["param"] == param


def test_openais_client_raises_its_own_errors(api: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as found:
        api.completions.create(model="letters", prompt="a" * 200)
    assert found.value.code == "context_length_exceeded"
    with pytest.raises(openai.UnprocessableEntityError, match="64 tokens at most"):
        api.completions.create(model="letters", prompt="a", max_tokens=1000)


def test_an_event_is_one_line_whatever_is_in_it() -> None:
    text = "a\n\ndata: [DONE]\n\r\u2028ü"
    written = event({"text": text})
    assert written.count("\n") == 2
    assert json.loads(written.removeprefix("data: ")) == {"text": text}
