"""The words of cards of models that answer questions about pictures."""

from __future__ import annotations

from typing import Any

PIPELINE_TAG = "image-text-to-text"
HEADLINE = ("accuracy", "mentioned")
EXAMPLE = 'photo.png "What color is the car?"'
REBUILT = "texts about the task's probes are these"


def answers(build: Any) -> str:
    """What an artifact answers, and to what."""
    return "It answers a question about a picture in a few words."


def length(build: Any) -> str:
    """What becomes of large pictures."""
    return "Pictures are scaled and cut as the processor of the checkpoint says, so small print in large ones is lost."


def apart(versus: Any, on: str) -> str:
    """How far it is from the reference on one eval."""
    same = versus.divergence.get("same_text")
    lost = "" if versus.lost is None else f": {versus.lost} right answers lost, {versus.won} won"
    return f"It writes the reference's text to {100 * same.value:.1f}% of the questions{on}{lost}." if same else ""
