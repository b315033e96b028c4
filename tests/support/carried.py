"""A registry with two artifacts, one of which needs the other, and a bundle of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.published import publish, row_of
from tests.support.user import FILES, User, at
from zoosmith.app.cli.main import main
from zoosmith.records.registry import Row

SMALL = {"model.onnx": b"weights" * 100, "tokenizer.json": b"{}"}


def registry(folder: Path, files: dict[str, bytes] = SMALL) -> User:
    """Somebody with a registry of toy-base and of toy-a, which needs it."""
    user = User(folder)
    base = publish(user.registry, "toy-base", {"base.safetensors": b"base" * 50})
    publish(user.registry, "toy-a", files, at, needs={"base": base.tree_digest})
    return user


def bundled(user: User, target: Path, *names: str) -> Path:
    """A bundle of what is named, toy-a if nothing is."""
    assert main(["-q", "bundle", *(names or ("toy-a",)), "-o", str(target), "--registry", str(user.registry)]) == 0
    return target


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    """Who has that registry, in a folder of their own, with a cache of their own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.chdir(tmp_path)
    return registry(tmp_path)


def elsewhere(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine: no cache, no registry."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(user.home.parent / "other"))
    user.registry.rename(user.registry.with_name("gone"))


__all__ = ["FILES", "SMALL", "Row", "bundled", "elsewhere", "registry", "row_of", "user"]
