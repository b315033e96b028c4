"""Repositories with their history. Each commit is a full snapshot: path -> file on the disk."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from pathlib import Path

WEIGHTS = (".safetensors", ".onnx", ".gguf", ".bin", ".npz")


class Refused(Exception):
    """What a hub answers instead: status, X-Error-Code, message, and more of the body."""

    def __init__(self, status: int, code: str = "", message: str = "", **more: str) -> None:
        super().__init__(message or code)
        self.status, self.code, self.message, self.more = status, code, message or code, more


@dataclass
class Repo:
    """`branches` and `tags` name commits; a repository begins with one commit on main."""

    commits: dict[str, dict[str, Path]]
    branches: dict[str, str]
    tags: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)

    def resolve(self, revision: str) -> str:
        """Full commit of a branch, tag or commit."""
        commit = self.branches.get(revision) or self.tags.get(revision) or revision
        if commit not in self.commits:
            raise Refused(404, "RevisionNotFound", "Revision not found")
        return commit

    def ref(self, names: dict[str, str], name: str, revision: str) -> None:
        """Set a new branch or tag."""
        if name in names:
            raise Refused(409, "", f"Reference {name} exists already")
        names[name] = self.resolve(revision)


class Repos:
    """All repositories, and the LFS objects that were uploaded. Safe for threads that hold `lock`."""

    def __init__(self, root: Path, written: Path, commits: dict[str, str]) -> None:
        self.root, self.written, self.given = root, written, commits
        self.lock = threading.RLock()
        self.lfs_from = 10_000_000
        self.repos: dict[tuple[str, str], Repo] = {}
        self.hashes: dict[Path, str] = {}

    def repo(self, kind: str, id: str) -> Repo:
        """A repository; one below `root` is read when it is first asked for."""
        with self.lock:
            if (kind, id) not in self.repos:
                folder = self.root / kind / id
                if not folder.is_dir():
                    raise Refused(404, "RepoNotFound", "Repository not found")
                files = {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*")) if p.is_file()}
                first = self.given.get(id) or _sha1(*(name.encode() + p.read_bytes() for name, p in files.items()))
                self.repos[kind, id] = Repo({first: files}, {"main": first})
            return self.repos[kind, id]

    def ids(self, kind: str) -> list[str]:
        """All repositories of a kind."""
        there = {f"{p.parent.name}/{p.name}" for p in (self.root / kind).glob("*/*")}
        return sorted(there | {id for found, id in self.repos if found == kind})

    def commit(self, kind: str, id: str) -> str:
        """The head of main."""
        return self.repo(kind, id).branches["main"]

    def files(self, kind: str, id: str, revision: str = "main") -> dict[str, bytes]:
        """Everything at a revision."""
        repo = self.repo(kind, id)
        return {name: path.read_bytes() for name, path in repo.commits[repo.resolve(revision)].items()}

    def create(self, kind: str, id: str) -> None:
        """A repository with .gitattributes alone."""
        if (kind, id) in self.repos or (self.root / kind / id).is_dir():
            raise Refused(409, "", "You already created this model repo")
        files = {".gitattributes": self.keep(b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n")}
        first = _sha1(f"{kind}/{id}".encode())
        self.repos[kind, id] = Repo({first: files}, {"main": first})

    def change(self, repo: Repo, branch: str, parent: str | None, new: dict[str, Path], gone: list[str]) -> str:
        """One commit on a branch, refused where its head is not `parent`."""
        head = repo.resolve(branch)
        if parent is not None and parent != head:
            raise Refused(412, "", "A commit has happened since. Please refresh and try again.")
        files = dict(repo.commits[head])
        for path in gone:
            if files.pop(path, None) is None:
                raise Refused(404, "EntryNotFound", f"A file with this name doesn't exist: {path}")
        listed = sorted((files | new).items())
        commit = _sha1(head.encode(), *(f"{name} {self.sha256(path)}".encode() for name, path in listed))
        repo.commits[commit] = dict(listed)
        if commit != head:
            repo.parents[commit] = head
        repo.branches[branch] = commit
        return commit

    def is_lfs(self, path: str, size: int) -> bool:
        """Whether a file is stored apart; text that people read never is."""
        return path.endswith(WEIGHTS) or (size >= self.lfs_from and not path.endswith((".md", ".gitattributes")))

    def object(self, sha256: str) -> Path:
        """Where the bytes of an LFS object are or would be."""
        return self.written / sha256

    def keep(self, data: bytes) -> Path:
        """A file that holds these bytes."""
        path = self.object(hashlib.sha256(data).hexdigest())
        path.write_bytes(data)
        return path

    def sha256(self, path: Path) -> str:
        """Of a file's bytes; read once."""
        if path not in self.hashes:
            with path.open("rb") as file:
                self.hashes[path] = hashlib.file_digest(file, "sha256").hexdigest()
        return self.hashes[path]


def git_oid(path: Path) -> str:
    """SHA-1 by which git names a blob."""
    data = path.read_bytes()
    return _sha1(f"blob {len(data)}\0".encode(), data)


def _sha1(*parts: bytes) -> str:
    return hashlib.sha1(b"".join(parts), usedforsecurity=False).hexdigest()
