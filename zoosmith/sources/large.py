"""Large files of a model repo, put into the hub's cache by a download that survives a kill.

huggingface_hub 2.4 resumes only within one call: what a process had when it ended is lost, and a base of some GB over
a bad line may never arrive. So files of LFS from `LARGE` bytes on come through our own download, into a part that
the step keeps; whole and hashed, each becomes the blob of the cache that `snapshot_download` would have made.
Source: huggingface_hub, "Understand caching" (blobs are named by their ETag, which is the SHA-256 for LFS).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zoosmith.common import safe
from zoosmith.records.schema import File
from zoosmith.transfer import locations
from zoosmith.transfer.download import download
from zoosmith.transfer.retry import RetryPolicy

LARGE = 10 << 20  # what huggingface_hub reads at a time, and so loses at most


def fetch(repo: str, revision: str, patterns: dict[str, Any], scratch: Path, progress: Callable[..., None]) -> None:
    """Bring the large files that `patterns` let through into the cache. Raises ZooError, or what the library raises.

    Files over 50 GB are left to the library: the hub gives them by xet alone.
    """
    from huggingface_hub import HfApi, constants, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.utils._paths import filter_repo_objects

    if not safe.HUB.fullmatch(f"hf://{repo}@{revision}"):
        return
    told = HfApi(library_name="zoosmith").model_info(repo, revision=revision, files_metadata=True)
    files = [
        File(path=each.rfilename, size=each.lfs.size, sha256=each.lfs.sha256)
        for each in filter_repo_objects(told.siblings or [], key=lambda sibling: sibling.rfilename, **patterns)
        if each.lfs and LARGE <= each.lfs.size <= constants.MAX_HTTP_DOWNLOAD_SIZE
    ]
    missing = [file for file in files if not (_blobs(repo) / file.sha256).exists()]
    for file in missing[:1]:  # the hub tells everybody of gated files; only asking for one says why it is not given
        get_hf_file_metadata(hf_hub_url(repo, file.path, revision=revision), library_name="zoosmith")
    location = locations.within(f"hf://{repo}@{revision}", "")
    for file in missing:
        part = scratch / file.sha256
        download(location, file.path, file, part, _counter(f"{repo}: {file.path}", file.size, progress), RetryPolicy())
        _put(part, _blobs(repo) / file.sha256)


def _blobs(repo: str) -> Path:
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    return Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=repo, repo_type="model") / "blobs"


def _counter(text: str, total: int, progress: Callable[..., None]) -> Callable[[int], None]:
    done = 0

    def won(count: int) -> None:
        nonlocal done
        done += count
        progress(done, total, text)

    return won


def _put(part: Path, blob: Path) -> None:
    """Move a finished file to its place, which may be on another disk: it is there whole or not at all."""
    blob.parent.mkdir(parents=True, exist_ok=True)
    fresh = blob.with_name(f"{blob.name}.zoosmith.incomplete")
    shutil.move(part, fresh)
    fresh.replace(blob)
