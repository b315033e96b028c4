"""What a hub says of the repositories that a recipe names: which commit a name stands for, and whether pins hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.pins import Pin
from zoosmith.sources import hf

if TYPE_CHECKING:
    from huggingface_hub import HfApi


@dataclass(frozen=True)
class Finding:
    """A pin beside the hub. `commit` is what its revision stands for there, "" if it stands for nothing.

    `newest` is the head of main with its `date` (YYYY-MM-DD). `remarks` are good to know; `faults` are to be mended.
    """

    pin: Pin
    commit: str = ""
    newest: str = ""
    date: str = ""
    remarks: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def to_write(self) -> bool:
        """Whether the recipe should name `commit` instead of what it names."""
        return bool(self.commit) and not self.pin.is_commit and not self.faults


def look_up(pins: list[Pin], tell: Callable[[str], None]) -> list[Finding]:
    """Ask the hub about each. Raises ZooError if no hub may be asked, or none answers."""
    from huggingface_hub import HfApi, constants

    if constants.HF_HUB_OFFLINE:
        raise ZooError(
            "HF_HUB_OFFLINE is set, so no hub is asked and no pin can be resolved or checked; unset it, or run "
            "`zoosmith lock` where the hub or a mirror (HF_ENDPOINT) can be reached"
        )
    api = HfApi(library_name="zoosmith")
    found = []
    for pin in pins:
        hf.require_answer(pin.repo)
        tell(f"asking {constants.ENDPOINT} about {pin.repo} ...")
        found.append(_look_up(api, pin))
    return found


def _look_up(api: HfApi, pin: Pin) -> Finding:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    try:
        head = _info(api, pin, None)
        found = Finding(pin, newest=head.sha, date=_day(head.last_modified), remarks=_gate(api, pin, head))
        return _resolved(api, found)
    except Exception as error:  # the library raises many kinds; each becomes one line with what to do
        fault = hf.explain(_path(pin), pin.revision, error)
        if isinstance(error, RepositoryNotFoundError) and not isinstance(error, GatedRepoError):
            fault += _idea(api, pin)
        return Finding(pin, faults=(fault,))


def _info(api: HfApi, pin: Pin, revision: str | None) -> Any:
    ask = api.model_info if pin.kind == "model" else api.dataset_info
    return ask(pin.repo, revision=revision, files_metadata=bool(pin.files) and revision is not None)


def _resolved(api: HfApi, found: Finding) -> Finding:
    """The finding with what its revision, or main if it names none, stands for."""
    from huggingface_hub.errors import RevisionNotFoundError

    pin = found.pin
    try:
        info = _info(api, pin, pin.revision or found.newest)
    except RevisionNotFoundError as error:
        return replace(found, faults=(hf.explain(_path(pin), pin.revision, error) + _other_revision(api, found),))
    remarks = (_age(api, found, info.sha), *found.remarks)
    faults, compared = _compare(pin, info)
    return replace(found, commit=info.sha, remarks=(*remarks, *compared), faults=faults)


def _age(api: HfApi, found: Finding, commit: str) -> str:
    """Whether a commit is the head of main, behind it, or on another branch, in words."""
    from huggingface_hub.errors import HfHubHTTPError

    if commit == found.newest:
        return "the newest"
    try:
        history = api.list_repo_commits(found.pin.repo, repo_type=found.pin.kind)
    except HfHubHTTPError:  # such as a gated repository, of which only the head is told
        return "not the newest"
    for behind, older in enumerate(history):
        if older.commit_id == commit:
            return f"of {_day(older.created_at)}, {behind} commit{'s' * (behind > 1)} behind main"
    return "not in the history of main: of another branch, or of a pull request that anybody may have made"


def _gate(api: HfApi, pin: Pin, head: Any) -> tuple[str, ...]:
    """Whether the repository is gated, and open to this user."""
    from huggingface_hub.errors import HfHubHTTPError

    if not head.gated:
        return ("the recipe says `gated: true`, and the hub gives it to everybody",) if pin.gated else ()
    said = ("gated, which the recipe does not say: add `gated: true`",) if pin.kind == "model" and not pin.gated else ()
    try:
        api.auth_check(pin.repo, repo_type=pin.kind)
    except HfHubHTTPError as error:
        return (hf.explain(_path(pin), pin.revision, error), *said)
    return ("gated, and open to your token", *said)


def _compare(pin: Pin, info: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Faults and a remark on the recipe's hashes; the hub tells the SHA-256 of LFS files alone."""
    if not pin.files:
        return (), ()
    there = {file.rfilename: file for file in info.siblings}
    faults, compared = [], 0
    for path, expected in pin.files.items():
        if path not in there:
            faults.append(f"{pin.repo} has no {path} at {info.sha[:12]}{nearest(path, there)}")
        elif lfs := there[path].lfs:
            compared += 1
            if lfs.sha256 != expected:
                faults.append(f"{path} has SHA-256 {lfs.sha256} at {info.sha[:12]}, the recipe says {expected[:16]}...")
    summary = f"{compared} of {len(pin.files)} files have a SHA-256 there"
    return tuple(faults), (summary if faults or not compared else f"{summary}, as in the recipe",)


def _other_revision(api: HfApi, found: Finding) -> str:
    """The likeliest cause if a revision does not exist."""
    pin = found.pin
    if pin.is_commit:
        return f"; the newest is {found.newest} of {found.date}"
    if re.fullmatch("[0-9a-f]{7,39}", pin.revision):
        history = [commit.commit_id for commit in api.list_repo_commits(pin.repo, repo_type=pin.kind)]
        if whole := [commit for commit in history if commit.startswith(pin.revision)]:
            return f"; did you mean {whole[0]}?"
    refs = api.list_repo_refs(pin.repo, repo_type=pin.kind)
    return nearest(pin.revision, [ref.name for ref in [*refs.branches, *refs.tags]])


def _idea(api: HfApi, pin: Pin) -> str:
    """The likeliest cause if a repository does not exist: the other kind, or another name of the same owner."""
    try:
        if api.repo_exists(pin.repo, repo_type="dataset" if pin.kind == "model" else "model"):
            return "; a data set has this name: put it under `data:`" if pin.kind == "model" else "; a model has it"
        ask = api.list_models if pin.kind == "model" else api.list_datasets
        owner, _, name = pin.repo.rpartition("/")
        found = ask(author=owner) if owner else ask(search=name, limit=50)
        return nearest(pin.repo, [str(each.id) for each in found])
    except Exception:  # it is a hint alone, and not every hub can search
        return ""


def _path(pin: Pin) -> str:
    """Where the repository's page is below the hub."""
    return pin.repo if pin.kind == "model" else f"datasets/{pin.repo}"


def _day(moment: Any) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""
