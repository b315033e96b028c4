"""manifest.json: what lies in an artifact's folder and what it answers."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

SCHEMA = 1
PAYLOAD_MANIFEST = "manifest.json"


class TaskSpec(BaseModel):
    """What an artifact answers. `labels` stand in the order of the model's outputs.

    prompt, chat: how a language model is asked, where the task asks one: a template with `{input}` for each input, and
    whether it goes through the model's chat template as a user's message. symmetric: both texts of a pair are read in
    an order of their own, so that swapping them changes nothing. JSON has none of these where it is unset.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: str
    inputs: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    max_length: int = 128
    prompt: str | None = Field(default=None, exclude_if=lambda value: value is None)
    chat: bool = Field(default=False, exclude_if=lambda value: not value)
    symmetric: bool = Field(default=False, exclude_if=lambda value: not value)


class Manifest(BaseModel):
    """manifest.json: deterministic, inside each tree; same inputs and params give the same bytes.

    `files` maps each payload path to its SHA-256; `needs` maps a role to the digest of another tree that
    is required to open this one (an unmerged adapter names its base).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    schema_: int = Field(default=SCHEMA, alias="schema")
    format: str
    precision: str
    task: TaskSpec | None = None
    target: str | None = None
    needs: dict[str, str] = {}
    files: dict[str, str] = {}
    facts: dict[str, Any] = {}
