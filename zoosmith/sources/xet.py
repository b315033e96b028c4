"""Xet, the hub's chunked storage, on a hub of one's own: huggingface_hub does not fall back if the hub lacks it.

Files that a hub tells to be in Xet storage are fetched through it, or not at all; only `HF_HUB_DISABLE_XET=1`, which
is read once, when huggingface_hub is imported, brings the plain download back. Source: huggingface_hub 2.4,
`file_download._download_to_tmp_and_move` and `constants`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

SWITCH = "HF_HUB_DISABLE_XET"
OFFICIAL = ("huggingface.co", "hf.co")
SAID = (
    f"{SWITCH}=1 is set for this step, because HF_ENDPOINT names another hub than huggingface.co: where such a hub "
    f"has no xet, downloads through it fail. Set {SWITCH}=0 if yours has"
)


def switch(environment: Mapping[str, str]) -> dict[str, str]:
    """What to add to a process's environment: xet off for another hub, unless the user has decided or is offline.

    An endpoint that is no URL counts as another hub; asking it is the error (`hf.require_answer`).
    """
    endpoint = environment.get("HF_ENDPOINT", "")
    host = urlsplit(endpoint).hostname or endpoint or None
    offline = environment.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")
    if host is None or offline or environment.get(SWITCH) or any(f".{host}".endswith(f".{name}") for name in OFFICIAL):
        return {}
    return {SWITCH: "1"}


def remark(run: Mapping[str, Any]) -> str | None:
    """What to tell before a step that asks a hub of the user's own, by what its action carries; None for others."""
    source = run.get("base") or run.get("data")
    asks = isinstance(source, dict) and source.get("repo")
    return SAID if asks and switch(os.environ) else None


def hint() -> str:
    """The cure, after an error of a process that uses xet with another hub; else nothing."""
    from huggingface_hub import constants

    if constants.HF_HUB_DISABLE_XET or not switch({"HF_ENDPOINT": constants.ENDPOINT}):
        return ""
    return f"; xet is on: where this hub does not have it, set {SWITCH}=1 before the start"
