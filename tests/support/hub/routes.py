"""The routes of a hub, reading and writing."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.support.hub.repos import Refused, Repo, git_oid

if TYPE_CHECKING:
    from tests.support.hub.server import Handler

API = re.compile(r"/api/(?P<kind>models|datasets)/(?P<id>[^/]+/[^/]+?)(?:/(?P<what>[a-z-]+)(?:/(?P<rest>.*))?)?")
LISTING = re.compile(r"/api/(?P<kind>models|datasets)")
RESOLVE = re.compile(r"/(?:(?P<kind>datasets)/)?(?P<id>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)")
BATCH = re.compile(r"/(?:datasets/)?(?P<id>[^/]+/[^/]+)\.git/info/lfs/objects/batch")
OBJECT = re.compile(r"/lfs/(?P<sha256>[0-9a-f]{64})")


def answer(request: Handler) -> None:
    """Answer one request. Raises Refused."""
    path, hub = request.path_only, request.hub
    if hub.denied:
        raise Refused(401, "", hub.denied)
    denied = hub.token is not None and request.headers.get("Authorization") != f"Bearer {hub.token}"
    if denied and request.command == "POST":
        raise Refused(401, "", "Invalid credentials in Authorization header")
    if path == "/api/repos/create":
        create(request)
    elif path == "/api/validate-yaml":
        request.json({"errors": [], "warnings": []})
    elif match := LISTING.fullmatch(path):
        listing(request, match["kind"])
    elif match := API.fullmatch(path):
        api(request, match["kind"], match["id"], match["what"] or "", match["rest"] or "")
    elif match := RESOLVE.fullmatch(path):
        resolve(request, match["kind"] or "models", match["id"], match["revision"], match["path"])
    elif BATCH.fullmatch(path):
        batch(request)
    elif match := OBJECT.fullmatch(path):
        upload(request, match["sha256"])
    else:
        raise Refused(404, "EntryNotFound")


def known(request: Handler, kind: str, id: str) -> Repo:
    """A repository that the client may see."""
    repo = request.hub.repo(kind, id)
    if id in request.hub.gated:
        raise Refused(403, "GatedRepo", "Access is restricted")
    return repo


def listing(request: Handler, kind: str) -> None:
    """Repositories of an author, or with a word in their name."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
    ids = request.hub.ids(kind)
    ids = [id for id in ids if query.get("author") in (None, id.split("/")[0])]
    ids = [id for id in ids if query.get("search", "") in id]
    request.json([{"id": id, "modelId": id} for id in ids])


def api(request: Handler, kind: str, id: str, what: str, rest: str) -> None:
    """Everything below /api/models/ORG/NAME. What a gated repository is, everybody may know."""
    revision, _, inside = rest.partition("/")
    if request.command != "POST" and what in ("", "revision"):
        repo = request.hub.repo(kind, id)
        request.json(info(request, id, repo, repo.resolve(rest or "main")))
        return
    repo = known(request, kind, id)
    if what == "auth-check":
        request.json({})
    elif what == "commits":
        request.json(history(repo, repo.resolve(rest)))
    elif what == "tree":
        tree(request, repo.commits[repo.resolve(revision)], inside)
    elif what == "refs":
        request.json({"branches": refs("heads", repo.branches), "tags": refs("tags", repo.tags), "converts": []})
    elif what == "preupload":
        preupload(request, repo.commits[repo.resolve(revision)])
    elif what == "commit":
        commit(request, id, repo, rest)
    elif what in ("tag", "branch"):
        new = json.loads(request.body or b"{}")
        with request.hub.lock:
            if what == "tag":
                repo.ref(repo.tags, new["tag"], rest)
            else:
                repo.ref(repo.branches, rest, new.get("startingPoint", "main"))
        request.json({})
    else:
        raise Refused(404, "EntryNotFound")


def info(request: Handler, id: str, repo: Repo, commit: str) -> dict[str, Any]:
    files = [{"rfilename": name} for name in repo.commits[commit]]
    if "blobs=true" in urlsplit(request.path).query.lower():
        files = [blob(request, name, path) for name, path in repo.commits[commit].items()]
    return {
        "id": id, "modelId": id, "sha": commit, "private": False,
        "gated": "manual" if id in request.hub.gated else False,
        "disabled": False, "tags": [], "downloads": 0, "likes": 0, "author": id.split("/")[0],
        "lastModified": date(repo, repo.branches["main"]), "createdAt": date(repo, next(iter(repo.commits))),
        "siblings": files,
    }  # fmt: skip


def blob(request: Handler, name: str, path: Path) -> dict[str, Any]:
    told = entry(request, name, path)
    found = {"rfilename": name, "size": told["size"], "blobId": told["oid"]}
    if lfs := told.get("lfs"):
        found["lfs"] = {"sha256": lfs["oid"], "size": lfs["size"], "pointerSize": lfs["pointerSize"]}
    return found


def history(repo: Repo, commit: str) -> list[dict[str, Any]]:
    """The commits up to one of them, the newest first."""
    ancestry = [commit]
    while parent := repo.parents.get(ancestry[-1]):
        ancestry.append(parent)
    return [{"id": id, "authors": [], "date": date(repo, id), "title": "", "message": ""} for id in ancestry]


def date(repo: Repo, commit: str) -> str:
    """A day for each commit."""
    return f"2026-01-{1 + list(repo.commits).index(commit):02}T00:00:00.000Z"


def refs(kind: str, names: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": n, "ref": f"refs/{kind}/{n}", "targetCommit": commit} for n, commit in names.items()]


def tree(request: Handler, files: dict[str, Path], inside: str) -> None:
    """Files and folders below `inside`; its direct children only, unless the query says recursive."""
    start = f"{inside}/" if inside else ""
    below = {name: path for name, path in files.items() if name.startswith(start)}
    if inside and not below:
        raise Refused(404, "EntryNotFound", "Entry not found")
    folders = {str(parent) for name in below for parent in Path(name).parents if str(parent) not in (".", inside)}
    folders = {name for name in folders if name.startswith(start)}
    names = sorted(folders | below.keys())
    if "recursive=true" not in urlsplit(request.path).query.lower():
        names = [name for name in names if "/" not in name.removeprefix(start)]
    request.json([entry(request, name, files.get(name)) for name in names])


def entry(request: Handler, name: str, path: Path | None) -> dict[str, Any]:
    if path is None:
        return {"type": "directory", "path": name, "size": 0, "oid": "0" * 40}
    size = path.stat().st_size
    found = {"type": "file", "path": name, "size": size, "oid": git_oid(path)}
    if request.hub.is_lfs(name, size):
        found["lfs"] = {"oid": request.hub.sha256(path), "size": size, "pointerSize": 128}
    return found


def resolve(request: Handler, kind: str, id: str, revision: str, path: str) -> None:
    """A file at a revision."""
    repo = known(request, kind, id)
    commit = repo.resolve(revision)
    file = repo.commits[commit].get(path)
    if file is None:
        raise Refused(404, "EntryNotFound")
    etag = f'"{request.hub.sha256(file)}"'
    headers = {"X-Repo-Commit": commit, "ETag": etag, "X-Linked-Etag": etag, "Accept-Ranges": "bytes"}
    if request.hub.xet and request.hub.is_lfs(path, file.stat().st_size):
        headers |= {"X-Xet-Hash": request.hub.sha256(file), "X-Xet-Refresh-Route": f"{request.hub.url}/no-such-store"}
    request.ranges(path)
    request.send_file(file, headers | {"X-Linked-Size": str(file.stat().st_size)})


def create(request: Handler) -> None:
    """A new repository."""
    wanted = json.loads(request.body)
    kind, id = f"{wanted.get('type', 'model')}s", f"{wanted.get('organization') or 'user'}/{wanted['name']}"
    url = f"{request.hub.url}/{id}"
    try:
        with request.hub.lock:
            request.hub.create(kind, id)
    except Refused as refused:  # huggingface_hub reads `url` out of this answer too
        raise Refused(refused.status, refused.code, refused.message, url=url) from None
    request.json({"url": url, "name": id})


def preupload(request: Handler, files: dict[str, Path]) -> None:
    """For each file whether it is LFS, and what stands there now (git's SHA-1, or SHA-256 for LFS)."""
    answers = []
    for file in json.loads(request.body)["files"]:
        mode = "lfs" if request.hub.is_lfs(file["path"], file["size"]) else "regular"
        told = {"path": file["path"], "uploadMode": mode, "shouldIgnore": False}
        if old := files.get(file["path"]):
            told["oid"] = request.hub.sha256(old) if mode == "lfs" else git_oid(old)
        answers.append(told)
    request.json({"files": answers})


def batch(request: Handler) -> None:
    """Where to put the objects that are not there yet. Source: git-lfs, docs/api/batch.md."""
    objects = []
    for wanted in json.loads(request.body)["objects"]:
        known = request.hub.object(wanted["oid"]).is_file()
        href = f"{request.hub.url}/lfs/{wanted['oid']}"
        objects.append(wanted if known else wanted | {"actions": {"upload": {"href": href}}})
    request.json({"transfer": "basic", "objects": objects})


def upload(request: Handler, sha256: str) -> None:
    """Take an object, refused where its bytes are not those of its name."""
    digest, hub = hashlib.sha256(), request.hub
    with tempfile.NamedTemporaryFile(dir=hub.written, delete=False) as file:
        for data in request.stream():
            digest.update(data)
            file.write(data)
    if digest.hexdigest() != sha256:
        raise Refused(400, "", "The bytes do not have this SHA-256")
    os.replace(file.name, hub.object(sha256))  # noqa: PTH105
    request.send(200, b"", {})


def commit(request: Handler, id: str, repo: Repo, branch: str) -> None:
    """One commit out of JSON lines: header, file, lfsFile, deletedFile."""
    lines = [json.loads(line) for line in request.body.splitlines()]
    header, new, gone = lines[0]["value"], {}, []
    for line in lines[1:]:
        value = line["value"]
        if line["key"] == "file":
            new[value["path"]] = request.hub.keep(base64.b64decode(value["content"]))
        elif line["key"] == "lfsFile":
            new[value["path"]] = request.hub.object(value["oid"])
            if not new[value["path"]].is_file():
                raise Refused(400, "", f"LFS object {value['oid']} was never uploaded")
        elif line["key"] == "deletedFile":
            gone.append(value["path"])
        else:
            raise Refused(400, "", f"unknown line {line['key']}")
    with request.hub.lock:
        made = request.hub.change(repo, branch, header.get("parentCommit"), new, gone)
    request.json({"success": True, "commitOid": made, "commitUrl": f"{request.hub.url}/{id}/commit/{made}"})
