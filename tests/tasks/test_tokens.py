"""Our tokenizers give the ids of transformers' AutoTokenizer, single and pair, cut and whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.job import PAIR, TEXT, spec
from tests.support.zoo import write_tokenizer
from zoosmith.contract.errors import BuildError
from zoosmith.tasks._classification.encoding import BoundTask
from zoosmith.tasks._classification.tokens import load_tokenizer

WORDS = "the film was good un ##break ##able ##s play ##ing ! . , ' - a b c d e f g ##a ##b ##c ##d ##e 東 京 é 1 2 ##3"
TEXTS = (
    "", " ", "a", "The FILM was good!", "unbreakable playing", "naïve café", "東京 1 23", "x" * 300, "[SEP] the [MASK]",
    "tab\tand\nline\u00a0space", "🙂👍🏽", "the film " * 60, "d'accord - b.c", "\u200b\ufeff", "ﬁne Ⅳ ½",
)  # fmt: skip


def wordpiece(folder: Path) -> None:
    import transformers

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS.split()]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    transformers.BertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=True).save_pretrained(folder)


def byte_bpe(folder: Path) -> None:
    """As RoBERTa: bytes, <s> and </s></s> between texts, <pad> named in tokenizer_config.json."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", cls_token="<s>", sep_token="</s>",
        unk_token="<unk>", pad_token="<pad>", model_input_names=["input_ids", "attention_mask"],
    ).save_pretrained(folder)  # fmt: skip


KINDS = {"wordpiece": wordpiece, "byte-bpe": byte_bpe}


@pytest.fixture(scope="module", params=KINDS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp(request.param)
    KINDS[request.param](made)
    return made


@pytest.fixture(scope="module")
def theirs(folder: Path) -> Any:
    import transformers

    return transformers.AutoTokenizer.from_pretrained(folder)


def task(folder: Path, kind: str = TEXT, max_length: int = 32) -> BoundTask:
    return BoundTask(spec(kind, max_length=max_length), folder)


def assert_equal(ours: Any, expected: Any) -> None:
    for name in ("input_ids", "attention_mask", "token_type_ids"):
        if name in expected:
            assert ours[name].tolist() == [list(row) for row in expected[name]], name


anything = st.text(max_size=80) | st.lists(st.sampled_from(WORDS.split()), max_size=40).map(" ".join)
quiet = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quiet
@given(text=anything, max_length=st.integers(4, 40))
def test_one_text_gets_the_same_ids(folder: Path, theirs: Any, text: str, max_length: int) -> None:
    bound = task(folder, max_length=max_length)
    assert_equal(bound.encode([bound.unlabelled(text)]), theirs([text], truncation=True, max_length=max_length))


@quiet
@given(first=anything, second=anything, max_length=st.integers(6, 40))
def test_a_pair_gets_the_same_ids(folder: Path, theirs: Any, first: str, second: str, max_length: int) -> None:
    bound = task(folder, PAIR, max_length)
    expected = theirs([first], [second], truncation=True, max_length=max_length)
    assert_equal(bound.encode([bound.unlabelled((first, second))]), expected)


@pytest.mark.parametrize("max_length", [4, 16, 512])
def test_a_batch_is_padded_on_the_right_to_its_longest(folder: Path, theirs: Any, max_length: int) -> None:
    bound = task(folder, max_length=max_length)
    ours = bound.encode([bound.unlabelled(text) for text in TEXTS])
    assert_equal(ours, theirs(list(TEXTS), truncation=True, max_length=max_length, padding=True))
    assert ours["input_ids"].shape[1] <= max_length
    assert {str(value.dtype) for value in ours.values()} == {"int64"}


def test_pairs_in_a_batch_too(folder: Path, theirs: Any) -> None:
    bound = task(folder, PAIR, 24)
    pairs = [(first, second) for first in TEXTS[:8] for second in TEXTS[6:]]
    ours = bound.encode([bound.unlabelled(pair) for pair in pairs])
    first, second = zip(*pairs, strict=True)
    assert_equal(ours, theirs(list(first), list(second), truncation=True, max_length=24, padding=True))


def test_a_missing_tokenizer_is_told(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"no tokenizer\.json in .*: the artifact cannot read text"):
        load_tokenizer(tmp_path, 16)


def test_a_damaged_tokenizer_is_told(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(BuildError, match=r"tokenizer\.json in .* cannot be read"):
        load_tokenizer(tmp_path, 16)


def test_a_padding_token_that_is_not_in_the_vocabulary_is_told(tmp_path: Path) -> None:
    write_tokenizer(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"pad_token": "<pad>"}))
    with pytest.raises(BuildError, match=r"no padding token '<pad>'; tokenizer_config\.json names it"):
        load_tokenizer(tmp_path, 16)


@pytest.mark.parametrize("config", [None, {}, {"pad_token": None}, {"pad_token": {"content": "[PAD]"}}])
def test_the_padding_token_is_found(tmp_path: Path, config: dict[str, Any] | None) -> None:
    write_tokenizer(tmp_path)
    (tmp_path / "tokenizer_config.json").unlink()
    if config is not None:
        (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    encodings = load_tokenizer(tmp_path, 16).encode_batch(["the film", "a"])
    assert [encoding.ids[-1] for encoding in encodings] == [3, 0]


def test_a_usual_padding_token_serves_where_none_is_named(tmp_path: Path) -> None:
    byte_bpe(tmp_path)
    (tmp_path / "tokenizer_config.json").unlink()
    assert [encoding.ids[-1] for encoding in load_tokenizer(tmp_path, 16).encode_batch(["the film", "a"])] == [2, 1]


def test_a_padding_token_that_only_the_special_tokens_map_names_is_found(tmp_path: Path) -> None:
    byte_bpe(tmp_path)
    config = json.loads((tmp_path / "tokenizer_config.json").read_text())
    del config["pad_token"]
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    for token in ("<unk>", {"content": "</s>"}):
        (tmp_path / "special_tokens_map.json").write_text(json.dumps({"pad_token": token}))
        padding = load_tokenizer(tmp_path, 32).padding
        assert padding["pad_token"] == (token["content"] if isinstance(token, dict) else token)
        assert padding["pad_id"] == load_tokenizer(tmp_path, 32).token_to_id(padding["pad_token"])
