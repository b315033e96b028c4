"""A prompt in, one token of a set out: what is encoded, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.causal import CHAT_TEMPLATE
from tests.support.labelled import PROMPT, answering_llama, asked, spec
from zoosmith.contract.errors import BuildError, ZooError
from zoosmith.contract.manifest import Manifest, TaskSpec
from zoosmith.tasks._classification.encoding import Example
from zoosmith.toolkit.causal.tokenizer import FolderTokenizer

PAIR = Example(("Ann Lee", "A. Lee"), 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return answering_llama(tmp_path_factory.mktemp("labelled") / "tiny", hidden=32, layers=1)


def test_a_row_becomes_a_prompt(folder: Path) -> None:
    task = asked(folder)
    example = task.example({"first": "Ann Lee", "second": "A. Lee", "label": "YES", "kind": "initial"})
    assert example == PAIR
    assert task.prompt_of(example) == "one: Ann Lee two: A. Lee the answer:"
    reader = FolderTokenizer(folder)
    assert task.prompt_ids(example) == reader.encode(task.prompt_of(example))
    assert task.targets([example]).tolist() == [2]


def test_the_answer_stands_after_a_space_unless_the_prompt_ends_in_one(folder: Path) -> None:
    names = {prompt: asked(folder, prompt=prompt, labels=("no", "yes")) for prompt in (PROMPT, PROMPT + " ")}
    told = [[task.reader.name_of(token) for token in task.answer_ids()] for task in names.values()]
    assert told == [["Ġno", "Ġyes"], ["no", "yes"]]


def test_answers_follow_the_order_of_the_labels(folder: Path) -> None:
    task = asked(folder)
    swapped = task.with_labels(("yes", "no", "partial"))
    no, partial, yes = task.answer_ids()
    assert swapped.answer_ids() == (yes, no, partial)
    assert swapped.example({"first": "a", "second": "b", "label": "yes"}).target == 0


def test_a_label_of_several_tokens_is_told_with_the_way_out(folder: Path) -> None:
    with pytest.raises(
        ZooError,
        match=r"label 'partial' is 7 tokens of this tokenizer without a space \('p', .*\), and must be one; after a "
        "space it is one: let the prompt end without a space",
    ):
        asked(folder, prompt=PROMPT + "\n").answer_ids()
    with pytest.raises(ZooError, match=r"label 'unclear' is \d tokens .* neither form is one: use another word"):
        asked(folder, labels=("no", "unclear")).answer_ids()


def test_labels_that_are_one_token_are_told(folder: Path) -> None:
    with pytest.raises(ZooError, match=r"labels 'yes' and 'yes' are one token \(\d+\) of this tokenizer"):
        asked(folder, labels=("no", "yes", "yes")).answer_ids()


def test_a_label_that_is_unknown_to_the_vocabulary_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = asked(folder, labels=("no", "yes"))
    (unknown,) = task.reader.encode("o")
    plain = task.reader.encode
    monkeypatch.setattr(task.reader, "encode", lambda text, **how: [unknown] if "yes" in text else plain(text, **how))
    with pytest.raises(ZooError, match="label 'yes' becomes the token 'o', which reads 'o'"):
        task.answer_ids()


def test_a_prompt_is_never_cut(folder: Path) -> None:
    task, long = asked(folder), Example(("Ann Lee " * 40, "b"))
    for refused in (task.prompt_ids, task.length, lambda example: task.cut([PAIR, example])):
        with pytest.raises(BuildError, match=r"prompt of \('Ann Lee A.* has \d+ tokens; max_length is 96.* never cut"):
            refused(long)
    assert task.cut([PAIR]) == 0
    assert task.length(PAIR) == len(task.prompt_ids(PAIR))


def test_batches_are_padded_on_the_right_and_hold_prompts_alone(folder: Path) -> None:
    task = asked(folder)
    examples = [PAIR, Example(("a", "b"))]
    encoded = task.encode(examples)
    assert set(encoded) == {"input_ids", "attention_mask"}
    for row, example in enumerate(examples):
        ids = task.prompt_ids(example)
        assert encoded["input_ids"][row, : len(ids)].tolist() == ids
        assert encoded["attention_mask"][row].tolist() == [1] * len(ids) + [0] * (
            encoded["input_ids"].shape[1] - len(ids)
        )
    assert encoded["input_ids"].dtype == np.int64


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.text("abc é", max_size=8), st.text("xyz", max_size=8)), min_size=1, max_size=4))
def test_alone_or_in_a_batch_prompts_are_the_same(folder: Path, pairs: list[tuple[str, str]]) -> None:
    task = asked(folder)
    examples = [Example(pair) for pair in pairs]
    batch = task.encode(examples)
    for row, example in enumerate(examples):
        kept = batch["input_ids"][row][batch["attention_mask"][row] == 1]
        assert kept.tolist() == task.encode([example])["input_ids"][0].tolist()


def test_through_the_chat_template_a_prompt_is_a_users_message(folder: Path) -> None:
    task = asked(folder, chat=True, labels=("no", "yes"))
    text = task.reader._tokenizer.decode(task.prompt_ids(PAIR), skip_special_tokens=False)
    assert text == f"<|im_start|>user\n{task.prompt_of(PAIR)}<|im_end|>\n<|im_start|>assistant\n"
    assert [task.reader.name_of(token) for token in task.answer_ids()] == ["no", "yes"], "the template ends in a line"
    assert "add_generation_prompt" in CHAT_TEMPLATE


def test_a_chat_without_a_template_is_told(tmp_path: Path) -> None:
    task = asked(answering_llama(tmp_path, hidden=32, layers=1, chat=False), chat=True)
    with pytest.raises(ZooError, match="no chat template"):
        task.prompt_ids(PAIR)


def test_probes_are_those_that_fit(folder: Path, tmp_path: Path) -> None:
    short, long = asked(folder), asked(folder, max_length=2048)
    assert 8 <= len(short.probes()) < len(long.probes())
    assert all(len(short.prompt_ids(probe)) <= 96 for probe in short.probes())
    assert 0 < len(asked(tmp_path, max_length=64).probes()) < len(long.probes()), "without a tokenizer"
    one = asked(folder, inputs=("text",), prompt="{text}: the answer:", labels=("no", "yes"))
    assert {len(probe.texts) for probe in one.probes()} == {1}


def test_without_a_tokenizer_a_length_is_an_estimate_and_nothing_is_counted(tmp_path: Path) -> None:
    task = asked(tmp_path)
    assert 5 < task.length(PAIR) < 20
    assert task.cut([PAIR]) is None


def test_the_spec_keeps_its_old_bytes_where_nothing_is_asked() -> None:
    plain = Manifest(format="torch", precision="fp32", task=TaskSpec(kind="text-classification", inputs=("text",)))
    assert '"task":{"kind":"text-classification","inputs":["text"],"labels":[],"max_length":128}' in (
        plain.model_dump_json(by_alias=True)
    )
    told = spec(chat=True)
    assert told.model_dump(mode="json")["prompt"] == PROMPT
    assert TaskSpec.model_validate_json(told.model_dump_json()) == told
