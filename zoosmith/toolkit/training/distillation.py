"""What a student learns from a teacher: its logits, and its hidden states on the way there.

Sources: Hinton et al., 2015, "Distilling the knowledge in a neural network" (temperature); Ba and Caruana, 2014
(squared error of logits); Jiao et al., 2020, "TinyBERT" (hidden states of evenly spaced layers).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from zoosmith.contract.job import Job
from zoosmith.toolkit.training.train import tensors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 32
CACHE = "teacher.npy"
TO_TEACHER = "to_teacher"


class Lessons(BaseModel):
    """The loss is alpha * soft + (1 - alpha) * task loss + hidden_weight * squared error of hidden states.

    soft "kl": divergence of the answers at `temperature`, times its square; "mse": squared error of the logits.
    hidden_weight: 0 leaves hidden states free. Those of a student of another width than its teacher's are compared
    through a linear map that is learnt with it and left out of what is saved, as TinyBERT does.
    """

    alpha: float = Field(default=0.5, ge=0, le=1)
    soft: Literal["kl", "mse"] = "kl"
    temperature: float = Field(default=2.0, gt=0)
    hidden_weight: float = Field(default=0.0, ge=0)


class Teaching:
    """An objective for the training loop: the teacher answers each training example once, or on the way."""

    def __init__(self, job: Job, teacher: Any, student: Any, train: Sequence[Any], lessons: Lessons) -> None:
        """Ask the teacher, or see to it that hidden states can be compared."""
        self.job, self.teacher, self.train, self.lessons = job, teacher.to(job.device).eval(), train, lessons
        self.pairs = layer_pairs(student.config.num_hidden_layers, teacher.config.num_hidden_layers)
        if lessons.hidden_weight:
            _widen(student, teacher, job.seed)
        else:
            self.answers = _answers(job, self.teacher, train)

    def __call__(self, student: Any, inputs: dict[str, Any], indices: list[int], targets: Any) -> Any:
        """Loss of a batch, a scalar tensor."""
        import torch

        lessons = self.lessons
        if not lessons.hidden_weight:
            mine, theirs = student(**inputs), torch.from_numpy(self.answers[indices]).to(self.job.device)
            return self._outcome(mine.logits.float(), theirs, targets)
        shown = tensors(self.job, [self.train[i] for i in indices], self.teacher)
        with torch.no_grad():
            taught = self.teacher(**shown, output_hidden_states=True)
        mine = student(**inputs, output_hidden_states=True)
        widened = getattr(student, TO_TEACHER)
        hidden = [
            hidden_loss(widened(mine.hidden_states[i]), taught.hidden_states[j], inputs["attention_mask"])
            for i, j in self.pairs
        ]
        outcome = self._outcome(mine.logits.float(), taught.logits.float(), targets)
        return outcome + lessons.hidden_weight * sum(hidden) / len(hidden)

    def end(self, student: Any) -> None:
        """Take out of the student what it had for the lessons alone."""
        if self.lessons.hidden_weight:
            delattr(student, TO_TEACHER)

    def _outcome(self, mine: Any, theirs: Any, targets: Any) -> Any:
        soft = soft_loss(mine, theirs, self.lessons)
        return self.lessons.alpha * soft + (1 - self.lessons.alpha) * self.job.task.loss(mine, targets)


def soft_loss(mine: Any, theirs: Any, lessons: Lessons) -> Any:
    """Distance of the student's logits (batch, classes) from the teacher's, a scalar tensor."""
    from torch.nn.functional import kl_div, log_softmax, mse_loss

    if lessons.soft == "mse":
        return mse_loss(mine, theirs)
    heat = lessons.temperature
    student, teacher = (log_softmax(logits / heat, dim=-1) for logits in (mine, theirs))
    return kl_div(student, teacher, reduction="batchmean", log_target=True) * heat**2


def hidden_loss(mine: Any, theirs: Any, mask: Any) -> Any:
    """Mean squared error of hidden states (batch, sequence, width) over tokens that are no padding."""
    error = (mine.float() - theirs.float()).pow(2).mean(dim=-1)
    return (error * mask).sum() / mask.sum()


def layer_pairs(student: int, teacher: int) -> list[tuple[int, int]]:
    """Which hidden states are compared: embeddings with embeddings (0), layer i with the layer i/student of the way."""
    return [(i, round(i * teacher / student)) for i in range(student + 1)]


def _widen(student: Any, teacher: Any, seed: int) -> None:
    """Give the student, as a part of it while it learns, a map from its hidden states to the teacher's width."""
    import torch

    torch.manual_seed(seed)
    mine, theirs = student.config.hidden_size, teacher.config.hidden_size
    student.add_module(TO_TEACHER, torch.nn.Identity() if mine == theirs else torch.nn.Linear(mine, theirs))


def _answers(job: Job, teacher: Any, train: Sequence[Any]) -> NDArray[np.float32]:
    """The teacher's logits of shape (training examples, classes); they outlive a kill in the job's scratch."""
    import numpy as np
    import torch

    file = job.scratch / CACHE
    if file.is_file():
        kept: NDArray[np.float32] = np.load(file, allow_pickle=False)
        return kept
    found = []
    for start in range(0, len(train), BATCH):
        job.progress(text=f"the teacher answers {start} of {len(train)}")
        with torch.no_grad():
            found.append(teacher(**tensors(job, train[start : start + BATCH], teacher)).logits.float().cpu().numpy())
    answers: NDArray[np.float32] = np.concatenate(found)
    _keep(file, answers)
    return answers


def _keep(file: Path, answers: NDArray[np.float32]) -> None:
    import numpy as np

    temporary = file.with_suffix(".tmp.npy")
    np.save(temporary, answers)
    temporary.replace(file)
