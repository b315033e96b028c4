"""What an opened artifact answers that sees pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from zoosmith.contract.session import Generation


class Seen(NamedTuple):
    """A picture, as the bytes of a file such as PNG or JPEG, and what is asked about it."""

    picture: bytes
    prompt: str


class VisionLanguageModel(Protocol):
    """An opened artifact that writes about pictures; a runtime offers it as the capability `generate_from_images`."""

    def generate_from_images(self, requests: Sequence[Seen], *, max_new_tokens: int) -> list[Generation]:
        """Greedy answers, each on its own, until an end token of the model or `max_new_tokens`.

        Raises ZooError for a picture that cannot be read.
        """
