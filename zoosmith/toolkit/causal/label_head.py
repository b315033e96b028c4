"""A causal language model as a classifier: logits of the label tokens after the last token of a prompt.

Of the output matrix only the rows of the labels are multiplied: a vocabulary of 49,152 times a prompt would be most of
a small model's work. Training, importance and greedy choices then treat it as any classifier.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.toolkit.torch import sessions

WITHIN = 1e-3  # relative; of the model's own logits at the label rows, in FP32
WITHIN_HALF = 0.1  # the same where weights have 8 or 11 bits of mantissa


class LabelHead:
    """A `*ForCausalLM` whose `forward` gives `.logits` (batch, classes); all else is the model's own.

    Nothing is added to the model and nothing copied: what trains through this is the model, tied matrices included.
    """

    def __init__(self, model: Any, answers: Sequence[int]) -> None:
        """`answers`: one token id a label, in the order of the labels. Raises BuildError for impossible ones."""
        self.model = model
        whole = model.get_base_model() if hasattr(model, "get_base_model") else model
        self._body = getattr(whole, whole.base_model_prefix)
        self._matrix = whole.get_output_embeddings()
        self._answers = _checked(answers, self._matrix.weight.shape[0])

    def __getattr__(self, name: str) -> Any:
        """What is not the head's is the model's."""
        return getattr(self.model, name)

    def __call__(self, **inputs: Any) -> Any:
        """As modules are called."""
        return self.forward(**inputs)

    def forward(self, input_ids: Any, attention_mask: Any) -> Any:
        """`.logits` (batch, classes) in FP32, of prompts (batch, longest) that are padded on the right."""
        import torch

        states = self._body(input_ids=input_ids, attention_mask=attention_mask, use_cache=False).last_hidden_state
        rows = torch.arange(len(input_ids), device=states.device)
        last = states[rows, attention_mask.sum(dim=1) - 1].float()
        chosen = torch.tensor(self._answers, device=states.device)
        bias = getattr(self._matrix, "bias", None)
        with torch.autocast(states.device.type, enabled=False):  # of two near answers, BF16 tells no difference
            logits = last @ self._matrix.weight[chosen].float().T
            return SimpleNamespace(logits=logits if bias is None else logits + bias[chosen].float())

    def to(self, device: Any) -> LabelHead:
        """Move the model; the head again, not the model."""
        self.model.to(device)
        return self

    def train(self, mode: bool = True) -> LabelHead:
        """Put the model into training mode."""
        self.model.train(mode)
        return self

    def eval(self) -> LabelHead:
        """Put the model into evaluation mode."""
        self.model.eval()
        return self


def trainable(job: Job, model: Any) -> Any:
    """What a training calls: `model` itself, or its label head where it is a causal language model.

    Raises BuildError where the task has no answer tokens, or not one a label, and for models whose logits are more
    than states times output matrix (soft caps, scales).
    """
    if not sessions.is_causal(type(model).__name__):
        return model
    if not hasattr(job.task, "answer_ids"):
        raise BuildError(
            f"a causal language model learns labels as answer tokens, and {job.task.spec.kind} has none; "
            "use the task kind label-token"
        )
    answers, labels = job.task.answer_ids(), job.task.spec.labels
    if len(answers) != len(labels):
        raise BuildError(f"the task has {len(labels)} labels ({', '.join(labels)}) and {len(answers)} answer tokens")
    head = LabelHead(model, answers)
    _check_plain(job, head)
    return head


def _checked(answers: Sequence[int], rows: int) -> tuple[int, ...]:
    if not answers or len(set(answers)) != len(answers) or not 0 <= min(answers) <= max(answers) < rows:
        raise BuildError(
            f"answer tokens {list(answers)}: each label needs a token of its own among the {rows} rows of the output "
            "matrix; choose other `labels`, or take the tokenizer that belongs to the model"
        )
    return tuple(answers)


def _check_plain(job: Job, head: LabelHead) -> None:
    """Compare with the model's own logits on one probe: no table of architectures is complete."""
    import torch

    encoded = job.task.encode(list(job.task.probes())[:1])
    inputs = {name: torch.from_numpy(encoded[name]).to(head.device) for name in ("input_ids", "attention_mask")}
    training = head.training
    with torch.no_grad():
        mine = head.eval()(**inputs).logits
        theirs = head.model(**inputs).logits[:, -1, list(head._answers)].float()
    head.train(training)
    if not torch.isfinite(theirs).all():
        raise BuildError("NaN or infinite logits for a probe before any training: the checkpoint's weights are damaged")
    limit = WITHIN if head.dtype == torch.float32 else WITHIN_HALF
    if not torch.allclose(mine, theirs, rtol=limit, atol=limit):
        raise BuildError(
            f"{type(head.model).__name__} gives other logits than its output matrix, by "
            f"{float((mine - theirs).abs().max()):.3g} on a probe: it scales or caps them, and label rows alone would "
            "be trained to something else"
        )
