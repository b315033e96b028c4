"""From token ids to text while they come: nothing is shown that a later token could still change."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zoosmith.contract.errors import ZooError

UNFINISHED = "\N{REPLACEMENT CHARACTER}"
"""How decoders show bytes that are not (yet) a character of UTF-8."""
BEFORE = 8
"""Tokens before the answer that are decoded along with it: more than any tokenizer looks back on for a space."""


class TextStream:
    """Text of tokens that follow others, piece by piece.

    The tokens since the last piece are decoded together with those of the piece before it, and what was known is
    taken off: so a word keeps the space before it, which tokenizers drop at the start of a text. Where bytes that are
    no character follow one of bytes, tokenizers take that one back; here it stands as it was shown.
    """

    def __init__(self, detokenize: Callable[[Sequence[int]], str], before: Sequence[int]) -> None:
        """What follows the tokens `before`, which are not part of the text."""
        self._detokenize = detokenize
        self._known = list(before[-BEFORE:])
        self._new: list[int] = []

    def push(self, token: int) -> str:
        """The text that has become certain with this token: "" in the middle of a character that has several."""
        self._new.append(token)
        return self._piece(last=False)

    def finish(self) -> str:
        """What was held back, with U+FFFD for bytes that never became a character."""
        return self._piece(last=True)

    def _piece(self, *, last: bool) -> str:
        text = self._detokenize(self._known + self._new)
        if text.endswith(UNFINISHED) and not last:
            return ""
        known = self._detokenize(self._known)
        piece = text[len(known) :] if text.startswith(known) else self._detokenize(self._new)
        if piece:  # a token without text (a control token) is no ground to stand the next one on
            self._known, self._new = self._new, []
        return piece


class Answer:
    """Text that ends before the first stop string in it, shown as soon as no stop string can reach into it."""

    def __init__(self, stop: Sequence[str], on_text: Callable[[str], None] | None) -> None:
        """Nothing is written yet. Raises ZooError for an empty stop string, which would end every answer."""
        if not all(stop):
            raise ZooError("a stop string has at least one character; found an empty one")
        self.text = ""
        self._stop = tuple(stop)
        self._on_text = on_text
        self._shown = 0

    def write(self, piece: str) -> bool:
        """Append a piece; True once a stop string has come, and the text ends before it."""
        self.text += piece
        ends = [at for word in self._stop if (at := self.text.find(word, self._shown)) >= 0]
        if ends:
            self.text = self.text[: min(ends)]
        self._show(len(self.text) if ends else len(self.text) - self._held())
        return bool(ends)

    def finish(self) -> None:
        """Show what was held back: no more text will come."""
        self._show(len(self.text))

    def _held(self) -> int:
        """Length of the longest end of the text that begins a stop string."""
        starts = (word[:size] for word in self._stop for size in range(1, len(word)))
        return max((len(start) for start in starts if self.text.endswith(start)), default=0)

    def _show(self, end: int) -> None:
        if self._on_text is not None and end > self._shown:
            self._on_text(self.text[self._shown : end])
        self._shown = max(self._shown, end)
