"""Models and data sets of a Hugging Face hub, through huggingface_hub and its cache."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from zoosmith.contract.errors import ZooError
from zoosmith.sources import large, xet
from zoosmith.store.files import copy_file

PROBE_S = 3.0
NOT_FETCHED = (
    "*.bin", "*.h5", "*.msgpack", "*.ot", "*.onnx", "*.onnx_data", "*.onnx.data", "*.pt", "*.pth", "*.ckpt", "*.pkl",
    "flax*", "tf_*",
)  # fmt: skip
"""Weights of other frameworks, and pickles, which a repository often has beside its safetensors."""
QUERY = re.compile(r"(https?://[^\s?]+)\?[^\s'\"]*", re.IGNORECASE)  # a signature, if a hub redirects to a store


def require_answer(repo: str) -> None:
    """Raise ZooError at once when nothing listens at the endpoint: the library's own retries take minutes.

    Also if HF_ENDPOINT is no URL, which the library would report as a request without a protocol.
    """
    from huggingface_hub import constants

    url = urlsplit(constants.ENDPOINT)
    if constants.HF_HUB_OFFLINE:
        return
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ZooError(
            f"HF_ENDPOINT is {constants.ENDPOINT!r}, which is no URL of a hub; expected https://HOST, such as "
            "https://hub.example.org"
        )
    if _by_proxy(url):
        return
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        socket.create_connection((url.hostname, port), timeout=PROBE_S).close()
    except OSError as error:
        raise ZooError(
            f"{constants.ENDPOINT} cannot be reached for {repo} ({error}); set HF_ENDPOINT to a mirror that can be, "
            "or fill the cache elsewhere and set HF_HUB_OFFLINE=1 (docs/air-gapped.md)"
        ) from None


def _by_proxy(url: SplitResult) -> bool:
    """Whether requests go to a proxy, by the variables that huggingface_hub's client reads too."""
    return bool({url.scheme, "all"} & getproxies().keys()) and not proxy_bypass(url.netloc)


def snapshot(
    repo: str, revision: str, files: list[str], folder: Path, scratch: Path, progress: Callable[..., None]
) -> Path:
    """A model repo at a commit, from the local cache or the hub; only `files`, or all but weights in pickles.

    Without `files` the cache cannot tell whether it is complete, so the hub is asked unless it is switched off.
    Large files that were cut off go on from what is in `scratch`. Returns `folder` with the files, or raises
    ZooError saying what to do.
    """
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    patterns = {"allow_patterns": files or None, "ignore_patterns": None if files else [*NOT_FETCHED]}
    arguments: dict[str, Any] = {"revision": revision, **patterns}
    try:
        found = Path(snapshot_download(repo, local_files_only=True, **arguments))
        if constants.HF_HUB_OFFLINE or (files and all((found / name).is_file() for name in files)):
            return without_links(found, folder)
    except LocalEntryNotFoundError:
        pass  # not in the cache, so the hub is asked
    require_answer(repo)
    progress(text=f"downloading {repo}")
    try:
        large.fetch(repo, revision, patterns, scratch, progress)
        return without_links(Path(snapshot_download(repo, **arguments)), folder)
    except ZooError:
        raise
    except Exception as error:  # the library raises many kinds; each becomes one line; its chain may quote headers
        raise ZooError(explain(repo, revision, error)) from None


def without_links(snapshot: Path, folder: Path) -> Path:
    """The cache holds links to its blobs; `folder` gets files, which are the blobs themselves on one file system."""
    for path in snapshot.rglob("*"):
        if path.is_file():
            file = folder / path.relative_to(snapshot)
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path.resolve(), file)
            except OSError:
                copy_file(path, file)
    return folder


def explain(repo: str, revision: str, error: Exception) -> str:
    """One line for what a hub answered, with the next thing to do. `repo` is the path of its page below the hub."""
    from huggingface_hub import constants, errors, get_token

    hub, page = constants.ENDPOINT, f"{constants.ENDPOINT}/{repo}"
    status = error.response.status_code if isinstance(error, errors.HfHubHTTPError) else 0
    if isinstance(error, errors.GatedRepoError):
        return f"{repo} is gated: accept its terms at {page}, then set HF_TOKEN to a token of that account"
    if isinstance(error, errors.RevisionNotFoundError):
        return f"{repo} has no commit {revision}; look at {page}/commits and pin one of these"
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"{page} does not exist, or needs HF_TOKEN set to a token that may read it"
    if status == 401:
        found = "does not know your token" if get_token() else "asks for a token"
        return (
            f"{hub} {found} for {repo}: set HF_TOKEN to one of an account that may read {page} ({hub}/settings/tokens)"
        )
    if status == 403:
        return f"your token may not read {repo}: ask for access at {page}, and set HF_TOKEN to a token that has it"
    if isinstance(error, (errors.LocalEntryNotFoundError, ConnectionError)):
        return f"{repo} is not in the cache, and HF_HUB_OFFLINE is set or {hub} cannot be reached{xet.hint()}"
    message = QUERY.sub(r"\1", (str(error).splitlines() or [""])[0])
    return f"{hub} answered for {repo}: {type(error).__name__}: {message}{xet.hint()}"
