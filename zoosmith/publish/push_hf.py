"""Publishing to a Hugging Face hub: uploads by hash, then one commit on a known parent, then a tag.

Files and the commit's own content decide what is left to do, so a push that was cut off anywhere goes on: the hub
says which large files it has, unchanged files are left out, and an empty commit is not made.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from zoosmith.contract.errors import ZooError
from zoosmith.publish import signing
from zoosmith.publish.release import Published, Release
from zoosmith.records.layout import POINTER, RESERVED, Pointer
from zoosmith.records.versions import clash
from zoosmith.sources.hf import require_answer

if TYPE_CHECKING:
    from huggingface_hub import HfApi

TAG = re.compile("v([1-9][0-9]*)")


class Refs(NamedTuple):
    """Commits of a repository: the head of main, and those of the tags v<N> by number."""

    head: str
    versions: dict[int, str]


def publish(release: Release, organisation: str) -> Published:
    """Publish to `organisation`'s repository of the artifact's name, made if it is missing. Raises ZooError."""
    # Xet has no fallback on a hub that lacks it; the switch is read when huggingface_hub is imported.
    os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
    from huggingface_hub import HfApi
    from huggingface_hub.utils.tqdm import disable_progress_bars

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # its warnings print addresses that are signed
    if not sys.stderr.isatty():
        disable_progress_bars()
    repo = f"{organisation}/{release.name}"
    require_answer(repo)
    try:
        return _publish(HfApi(library_name="zoosmith"), repo, release)
    except ZooError:
        raise
    except Exception as error:  # the library raises many kinds; each becomes one line with what to do
        raise ZooError(explain(repo, error)) from None


def _publish(api: HfApi, repo: str, release: Release) -> Published:
    refs = _refs(api, repo)
    commit = refs.versions.get(release.version)
    if commit is not None:
        _require_same(api, repo, release, commit, refs)
        _require_signed(api, repo, release, commit)
        return _published(release, repo, commit, fresh=False)
    files = set(api.list_repo_files(repo, revision=refs.head))
    old = _pointer(api, repo, refs.head) if POINTER in files else None
    if old is None and files - {*RESERVED}:
        raise ZooError(f"{repo} holds files that zoosmith did not publish; move them, or publish to another place")
    if old and old.version == release.version and old.tree_digest != release.tree:
        raise clash(release.name, release.version, repo, [*refs.versions, release.version])
    if old and old.version > release.version:
        raise ZooError(
            f"{repo} is at v{old.version}; v{release.version} is older, was never published there and would hide it. "
            f"Merge the registry.json that has v{old.version}, then publish that one, or publish to another place"
        )
    commit = _commit(api, repo, release, refs.head, _outdated(release, old, files))
    return _published(release, repo, _tag(api, repo, release, commit), fresh=True)


def _published(release: Release, repo: str, commit: str, *, fresh: bool) -> Published:
    return Published(release.name, release.version, f"hf://{repo}@{commit}", fresh)


def _refs(api: HfApi, repo: str) -> Refs:
    """The repository's commits; it is made if it is missing."""
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        found = api.list_repo_refs(repo)
    except RepositoryNotFoundError:
        api.create_repo(repo, exist_ok=True)
        found = api.list_repo_refs(repo)
    head = next(branch.target_commit for branch in found.branches if branch.name == "main")
    tags = ((TAG.fullmatch(tag.name), tag.target_commit) for tag in found.tags)
    return Refs(head, {int(match[1]): commit for match, commit in tags if match})


def _pointer(api: HfApi, repo: str, commit: str) -> Pointer:
    """zoosmith.json at a commit. Raises ZooError if it is damaged."""
    try:
        return Pointer.model_validate_json(Path(api.hf_hub_download(repo, POINTER, revision=commit)).read_bytes())
    except ValueError:
        raise ZooError(f"{POINTER} of {repo} at {commit[:12]} is damaged; restore it on the hub") from None


def _require_same(api: HfApi, repo: str, release: Release, commit: str, refs: Refs) -> None:
    if _pointer(api, repo, commit).tree_digest != release.tree:
        raise clash(release.name, release.version, repo, refs.versions)


def _require_signed(api: HfApi, repo: str, release: Release, commit: str) -> None:
    """Raise ZooError where a signature is to be added to a commit, which never changes."""
    lost = {signing.file_name(id) for id in release.signatures} - set(api.list_repo_files(repo, revision=commit))
    if lost:
        raise ZooError(
            f"{release.name} v{release.version} is published in {repo} without this signature, and a commit never "
            "changes; on a hub a version is signed when it is first pushed"
        )


def _outdated(release: Release, old: Pointer | None, files: set[str]) -> list[str]:
    """Files of the version at the head that this one does not have."""
    if old is None:
        return []
    new = {*RESERVED, *release.texts(), *(file.at for file in release.pointer.files)}
    signatures = {path for path in files if signing.NAME.fullmatch(path)}
    return sorted(({file.at for file in old.files} | {file.path for file in old.beside} | signatures) & files - new)


def _commit(api: HfApi, repo: str, release: Release, parent: str, outdated: list[str]) -> str:
    """Upload what the hub lacks and commit on `parent`; the head itself if nothing differs."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    added = []
    for file in release.pointer.files:
        operation = CommitOperationAdd(file.at, release.store.file(file.sha256))
        operation.upload_info.sha256 = bytes.fromhex(file.sha256)  # verified: the hub refuses any other bytes
        added.append(operation)
    texts = [CommitOperationAdd(name, text) for name, text in release.texts().items()]
    removed = [CommitOperationDelete(path, is_folder=False) for path in outdated]
    done = api.create_commit(
        repo,
        [*added, *texts, *removed],
        commit_message=f"{release.name} v{release.version}",
        commit_description=f"Tree {release.tree}",
        parent_commit=parent,
    )
    if _pointer(api, repo, done.oid) != release.pointer:  # if nothing differed, this is the current head
        raise ZooError(_meanwhile(repo))
    return str(done.oid)


def _tag(api: HfApi, repo: str, release: Release, commit: str) -> str:
    """Tag the commit, and return the one that carries the tag: another push may have set it."""
    from huggingface_hub.errors import HfHubHTTPError

    try:
        api.create_tag(repo, tag=f"v{release.version}", revision=commit)
    except HfHubHTTPError as error:
        if error.response.status_code != 409:
            raise
        refs = _refs(api, repo)
        commit = refs.versions[release.version]
        _require_same(api, repo, release, commit, refs)
    return commit


def _meanwhile(repo: str) -> str:
    return f"somebody else has published to {repo} meanwhile; run the same command again to see what is there"


def explain(repo: str, error: BaseException) -> str:
    """One line for what a hub answered to a push, with the next thing to do."""
    from huggingface_hub import constants, get_token

    hub, owner = constants.ENDPOINT, repo.partition("/")[0]
    cause: BaseException | None = error
    while cause is not None and getattr(cause, "response", None) is None:
        cause = cause.__cause__
    status = cause.response.status_code if cause is not None else 0  # type: ignore[attr-defined]
    again = "what is uploaded is kept; run the same command again"
    if status == 401:
        return f"{hub} knows no such token; set HF_TOKEN to one that may write to {owner} ({hub}/settings/tokens)"
    if status == 403:
        return f"this token may not write to {repo}; set HF_TOKEN to one that may ({hub}/settings/tokens)"
    if status == 412:
        return _meanwhile(repo)
    if status == 429:
        wait = cause.response.headers.get("Retry-After")  # type: ignore[union-attr]
        return f"{hub} asks to slow down; wait{f' {wait} s' if wait else ''}, then {again.partition('; ')[2]}"
    message = f"status {status}" if status else f"{type(error).__name__}: {' '.join(str(error).split())}"
    token = get_token()
    message = message.replace(token, "***") if token else message
    return f"{hub} did not take {repo} ({message[:300]}); {again}"
