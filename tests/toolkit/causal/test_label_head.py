"""Label rows alone give what the whole model gives at them, whatever the lengths; and nothing is added to the model."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import causal
from tests.support.label_task import bound
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.causal.label_head import LabelHead, trainable
from zoosmith.toolkit.torch.forward import TorchForward

ANSWERS = (301, 17, 40)


@pytest.fixture(scope="module", params=[True, False], ids=["tied", "untied"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    import transformers

    folder = causal.tiny_llama(tmp_path_factory.mktemp("llama"), hidden=64, tied=request.param)
    return transformers.AutoModelForCausalLM.from_pretrained(folder).eval()


def padded(rows: list[list[int]]) -> dict[str, Any]:
    """Token ids padded on the right."""
    import torch

    longest = max(map(len, rows))
    ids = [row + [0] * (longest - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}


def whole(model: Any, rows: list[list[int]]) -> Any:
    """The model's own logits after each row, asked alone."""
    import torch

    with torch.no_grad():
        found = [model(input_ids=torch.tensor([row])).logits[0, -1, list(ANSWERS)].float() for row in rows]
    return torch.stack(found).numpy()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(st.integers(0, 383), min_size=1, max_size=40), min_size=1, max_size=5))
def test_logits_are_those_of_the_whole_model(model: Any, rows: list[list[int]]) -> None:
    encoded = {name: value.numpy() for name, value in padded(rows).items()}
    found = TorchForward(LabelHead(model, ANSWERS)).classify(encoded)
    np.testing.assert_allclose(found, whole(model, rows), atol=1e-5, rtol=1e-5)


ROWS = [[5, 80, 200], [9, 9, 9, 9, 100, 31], [7]]


def test_under_bf16_the_states_are_rounded_and_the_product_is_not(model: Any) -> None:
    import torch

    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        found = LabelHead(model, ANSWERS)(**padded(ROWS)).logits
    assert found.dtype == torch.float32
    exact = whole(model, ROWS)
    assert 0 < np.abs(found.numpy() - exact).max() < 0.02 * np.abs(exact).max()


def test_it_sees_adapters_that_peft_wraps_around_a_model(tmp_path: Path) -> None:
    import peft
    import torch
    import transformers

    base = transformers.AutoModelForCausalLM.from_pretrained(causal.tiny_llama(tmp_path, hidden=64))
    wrapped = peft.get_peft_model(base, peft.LoraConfig(r=4, target_modules=["q_proj"], init_lora_weights=False)).eval()
    found = LabelHead(wrapped, ANSWERS)(**padded(ROWS)).logits.detach().numpy()
    np.testing.assert_allclose(found, whole(wrapped, ROWS), atol=1e-5, rtol=1e-5)
    with wrapped.disable_adapter(), torch.no_grad():
        assert np.abs(found - whole(wrapped, ROWS)).max() > 1e-3


def test_gradients_are_those_of_the_whole_model(model: Any) -> None:
    import torch
    from torch.nn.functional import cross_entropy

    targets, inputs = torch.tensor([0, 2, 1]), padded(ROWS)
    last = inputs["attention_mask"].sum(dim=1) - 1
    gradients = []
    for logits in (
        LabelHead(model, ANSWERS)(**inputs).logits,
        model(**inputs).logits[torch.arange(3), last][:, list(ANSWERS)],
    ):
        model.zero_grad()
        cross_entropy(logits, targets).backward()
        gradients.append({name: weight.grad.clone() for name, weight in model.named_parameters()})
    assert gradients[0].keys() == gradients[1].keys()
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][name], atol=1e-5, rtol=1e-4)


def job(folder: Path, **changes: Any) -> Any:
    """A job whose task is the toy one; `changes` take the place of its `answer_ids`."""
    task = bound(folder)
    asks = changes or {"answer_ids": task.answer_ids}
    return SimpleNamespace(task=SimpleNamespace(spec=task.spec, encode=task.encode, probes=task.probes, **asks))


def llama(folder: Path) -> Any:
    import transformers

    return transformers.AutoModelForCausalLM.from_pretrained(causal.tiny_llama(folder, hidden=64))


def test_a_classifier_is_handed_back_unchanged(tmp_path: Path) -> None:
    classifier = SimpleNamespace()
    assert trainable(job(tmp_path), classifier) is classifier


def test_nothing_is_added_to_a_language_model(tmp_path: Path) -> None:
    model = llama(tmp_path)
    before = dict(model.named_parameters())
    head = trainable(job(tmp_path), model)
    assert head.model is model
    assert dict(head.named_parameters()).keys() == before.keys()
    assert head.train().training and model.training
    assert not head.eval().training


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ((40,), r"the task has 2 labels \(n, y\) and 1 answer tokens"),
        ((40, 40), r"answer tokens \[40, 40\]: each label needs a token of its own"),
        ((40, 384), r"answer tokens \[40, 384\]: .* among the 384 rows of the output matrix"),
    ],
)
def test_impossible_answer_tokens_are_told(tmp_path: Path, answers: tuple[int, ...], message: str) -> None:
    with pytest.raises(BuildError, match=message):
        trainable(job(tmp_path, answer_ids=lambda: answers), llama(tmp_path))


def test_a_task_without_answer_tokens_is_told(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"label-token has none; use the task kind label-token"):
        trainable(job(tmp_path, other=None), llama(tmp_path))


def test_a_model_that_caps_its_logits_is_told(tmp_path: Path) -> None:
    model = llama(tmp_path)
    forward = model.forward

    def capped(**inputs: Any) -> Any:
        answer = forward(**inputs)
        answer.logits = answer.logits.tanh()
        return answer

    model.forward = capped
    with pytest.raises(BuildError, match="LlamaForCausalLM gives other logits than its output matrix, by"):
        trainable(job(tmp_path), model)
