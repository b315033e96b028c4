"""Questions about pictures: a row has a picture as a data URL, a question, and the answer that is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from zoosmith.common import picture
from zoosmith.contract.errors import BuildError
from zoosmith.contract.manifest import TaskSpec

INPUTS = ("image", "question")
OFFERS = ("generate_from_images",)
AUTO_MODEL = "AutoModelForImageTextToText"
PICTURE_TOKENS = 576  # of LLaVA-1.5; only for estimates
MOST_BYTES = 20 << 20
FLAG = ((200, 30, 30), (255, 255, 255), (30, 60, 200))
DRAWN = (
    (((0,) * 32,) * 32, "What color is the picture?"),
    (((1,) * 48,) * 20, "What color is the picture?"),
    (((0,) * 10 + (1,) * 10 + (2,) * 10,) * 30, "How many stripes are there?"),
    (((2,) * 40,) * 20 + ((0,) * 40,) * 20, "Which color is at the top?"),
    (((1, 2) * 8,) * 16, ""),
    (((1,),), "Was ist auf dem Bild zu sehen, größer als ein Punkt?"),
    (((0, 1), (2, 0)), "絵は何色ですか。"),
    (((0,) * 24 + (2,) * 24,) * 48, "Is the left half red, and is the right half blue? Look at both. " * 8),
)
"""Rows of indices into FLAG, and what is asked: pictures plain, striped, tiny and oblong; questions odd and long."""
PROBES = tuple((picture.data_url(picture.png(pixels, FLAG)), question) for pixels, question in DRAWN)


class Example(NamedTuple):
    """A picture's bytes, a question, and its answer where it is known."""

    image: bytes
    question: str
    answer: str = ""


@dataclass(frozen=True)
class VisualQuestions:
    """The task bound to a spec. The session reads text and picture itself, so no tokenizer is needed."""

    spec: TaskSpec
    auto_model: str = AUTO_MODEL

    def example(self, row: Mapping[str, Any]) -> Example:
        """Raises BuildError for a row without picture, question or answer."""
        for name in (*INPUTS, "answer"):
            if not isinstance(row.get(name), str) or (name != "question" and not row[name]):
                found = f"{row.get(name)!r:.60}"
                raise BuildError(f"column {name!r} should be text; found {found}; map it under `columns:`")
        return Example(_of_url(row["image"]), row["question"], row["answer"])

    def unlabelled(self, value: Any) -> Example:
        """The example of a picture, as a file's path or a data URL, and a question."""
        if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != 2:
            raise BuildError(f"vqa takes a picture and a question; found {value!r:.80}")
        image, question = value
        if not all(isinstance(part, str | Path) for part in (image, question)):
            raise BuildError(f"vqa takes a picture's path or data URL, and a text; found {value!r:.80}")
        text = str(image)
        return Example(_of_url(text) if text.startswith(picture.PREFIX) else _of_file(Path(text)), str(question))

    def value(self, example: Example) -> list[str]:
        """What `unlabelled` makes the example of, as JSON can hold it."""
        return [picture.data_url(example.image), example.question]

    def length(self, example: Example) -> int:
        """About how many tokens a model reads."""
        return PICTURE_TOKENS + 1 + len(example.question) // 4

    def probes(self) -> list[Example]:
        """The task's fixed inputs."""
        return [self.unlabelled(probe) for probe in PROBES]

    def with_labels(self, labels: Sequence[str]) -> VisualQuestions:
        """There are none."""
        return self


def bind(spec: TaskSpec, folder: Path) -> VisualQuestions:
    """The task as the artifact in `folder` answers it."""
    return VisualQuestions(spec)


def _of_url(text: str) -> bytes:
    try:
        return _limited(picture.of_data_url(text), "the data URL")
    except ValueError as error:
        raise BuildError(f"column 'image': {error}") from None


def _of_file(path: Path) -> bytes:
    try:
        return _limited(path.read_bytes(), str(path))
    except OSError as error:
        raise BuildError(f"the picture {path} cannot be read: {error.strerror}") from None


def _limited(data: bytes, name: str) -> bytes:
    if len(data) > MOST_BYTES:
        raise BuildError(f"{name} has {len(data) >> 20} MiB, and a picture at most {MOST_BYTES >> 20}; make it smaller")
    return data
