"""From an artifact to answers: the runtime of its format and the task of its manifest put together."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any, cast

from pydantic import ValidationError

from zoosmith import plugins
from zoosmith.common import gate
from zoosmith.common.canonical import digest
from zoosmith.common.names import nearest
from zoosmith.common.packages import module_of
from zoosmith.common.safe import parse_json
from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import PAYLOAD_MANIFEST, Manifest, TaskSpec
from zoosmith.contract.task import Task
from zoosmith.project import find_project
from zoosmith.toolkit.torch import soundness


class Predictor:
    """An artifact that answers. What an input is and what an answer, its task says."""

    def __init__(self, manifest: Manifest, task: Task, session: Any, scoring: ModuleType) -> None:
        """Put an opened session, its bound task and what judges its answers together."""
        self.manifest = manifest
        self.task = task
        self.session = session
        self.scoring = scoring

    def __repr__(self) -> str:
        """Format, precision, task, and what it answers."""
        spec = self.task.spec
        answers = f" -> {', '.join(spec.labels)}" if spec.labels else ""
        return f"<{self.manifest.format} {self.manifest.precision}, {spec.kind}: {', '.join(spec.inputs)}{answers}>"

    def predict(self, inputs: Any) -> list[Any]:
        """One answer for each input, each computed on its own; a lone text is one input.

        Raises ZooError naming the first input, counted from 1, that the task does not take.
        """
        return [self._answer(number, value) for number, value in enumerate(_several(inputs), 1)]

    def _answer(self, number: int, value: Any) -> Any:
        try:
            self.task.unlabelled(value)
        except (ZooError, TypeError, ValueError, LookupError, AttributeError) as error:
            raise ZooError(f"input {number}: {error}") from error
        return self.scoring.answer(self.session, self.task, value)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels in the order of the model's outputs; none where the task has none."""
        return self.task.spec.labels


def _several(inputs: Any) -> Iterable[Any]:
    """The inputs themselves; what is no collection of inputs, as a text, is one."""
    lone = isinstance(inputs, (str, bytes, Mapping)) or not isinstance(inputs, Iterable)
    return [inputs] if lone else inputs


def read_manifest(folder: Path) -> Manifest:
    """The manifest of an artifact's folder. Raises ZooError where there is none that can be read."""
    file = folder / PAYLOAD_MANIFEST
    if not file.is_file():
        raise ZooError(f"{folder} is no artifact: it has no {PAYLOAD_MANIFEST}; build one with `doit build:NAME`")
    try:
        return Manifest.model_validate(parse_json(file.read_bytes(), "it"))
    except (ValidationError, ZooError) as error:
        raise ZooError(f"{file} is damaged or of a newer version: {error}") from None


def open_artifact(
    folder: Path,
    *,
    project: Path,
    threads: int = 1,
    device: str = "cpu",
    needs: Mapping[str, Path] | None = None,
) -> Predictor:
    """Open the artifact in `folder` on `device` with `threads` threads.

    Raises ZooError when a package is missing, the artifact's runtime does not answer on such a device, or its
    config.json describes another kind of answer than its task.
    """
    manifest = read_manifest(folder)
    if manifest.task is None:
        raise ZooError(f"{folder} answers no task: it is a {manifest.format} checkpoint to build from")
    runtime = plugins.load("runtimes", manifest.format, project)
    missing = [name for name in runtime.REQUIRES if importlib.util.find_spec(module_of(name)) is None]
    if missing:
        raise ZooError(
            f"opening a {manifest.format} artifact needs {', '.join(missing)}: "
            f"run `pip install 'zoosmith[{runtime.EXTRA}]'`"
        )
    if device.partition(":")[0] not in _devices(runtime):
        raise ZooError(f"{manifest.format} artifacts answer on {', '.join(_devices(runtime))}; found device {device!r}")
    gate.require(folder, str(folder))
    for base in (needs or {}).values():  # which transformers opens, and would follow to another model
        gate.require(base, str(base), adapters=False)
    _check_needs(folder, manifest, needs or {})
    task = bind(manifest.task.kind, manifest.task, folder, project)
    if hasattr(task, "auto_model"):  # a task of one's own may know no transformers class
        soundness.check_config(folder, str(folder), task)
    session = runtime.open(folder, manifest, threads=threads, device=device, needs=needs)
    scoring = plugins.load_part("tasks", manifest.task.kind, "scoring", project)
    return Predictor(manifest, task, session, scoring)


def bind(kind: str, spec: TaskSpec, folder: Path, project: Path) -> Task:
    """The task `kind` with the tokenizer in `folder`; a kind that asks another task's questions gets that of `spec`."""
    encoding = plugins.load_part("tasks", kind, "encoding", project)
    if hasattr(encoding, "over") and spec.kind != kind:
        own = bind(spec.kind, spec, folder, project)
        return cast(Task, encoding.over(own, plugins.load_part("tasks", spec.kind, "scoring", project)))
    return cast(Task, encoding.bind(spec, folder))


def answers_on(folder: Path, device: str, project: Path) -> bool:
    """Whether the runtime of the artifact in `folder` knows the device."""
    runtime = plugins.load("runtimes", read_manifest(folder).format, project)
    return device.partition(":")[0] in _devices(runtime)


def _devices(runtime: ModuleType) -> tuple[str, ...]:
    found: tuple[str, ...] = getattr(runtime, "DEVICES", ("cpu",))
    return found


def _check_needs(folder: Path, manifest: Manifest, needs: Mapping[str, Path]) -> None:
    """Raise ZooError for another tree than the manifest names: of the same shape, it would answer otherwise."""
    for role, tree in manifest.needs.items():
        found = manifest_digest(needs[role]) if role in needs else None
        if found not in (None, tree):
            raise ZooError(
                f"{folder}: the adapter is for another base: it needs the tree {tree[:16]}..., and {needs[role]} is "
                f"{found[:16]}...; give the one that it was trained over"
            )


def load(path_or_name: str | Path, *, threads: int = 1) -> Predictor:
    """Open an artifact by folder, or by name from `artifacts/` of the zoo at or above the working directory.

    What it cannot be opened without is found beside it. The zoo is never looked for from the artifact's folder: an
    artifact must not bring code along. Raises ZooError.
    """
    folder, project = folder_of(path_or_name), find_project()
    return open_artifact(folder, project=project, threads=threads, needs=needed(folder, project))


def needed(folder: Path, project: Path) -> dict[str, Path]:
    """Role -> folder of each tree that the artifact in `folder` needs, beside it or in `artifacts/` of the zoo.

    They are told by the digests that their manifests give; `zoosmith verify` hashes the files. What a pull or delivery
    that was killed has left beside them (`.NAME.pull-old`) is none of them. Raises ZooError.
    """
    needs = read_manifest(folder).needs
    homes = dict.fromkeys((folder.resolve().parent, project / "artifacts")) if needs else {}
    files = [file for home in homes for file in sorted(home.glob(f"[!.]*/{PAYLOAD_MANIFEST}"))]
    found = {tree: file.parent for file in reversed(files) if (tree := manifest_digest(file.parent))}
    for role, tree in needs.items():
        if tree not in found:
            raise ZooError(
                f"{folder} cannot be opened without {role!r}, the tree {tree[:16]}..., which is neither beside it nor "
                f"in {project / 'artifacts'}; `zoosmith pull {folder.name}` and `doit artifact:{folder.name}` bring it"
            )
    return {role: found[tree] for role, tree in needs.items()}


def manifest_digest(folder: Path) -> str | None:
    """The digest of the tree in `folder` by its manifest's hashes; None where it has no whole tree."""
    try:
        told = read_manifest(folder).files
        own = hashlib.sha256((folder / PAYLOAD_MANIFEST).read_bytes()).hexdigest()
        paths = sorted(PurePosixPath(path) for path in (told | {PAYLOAD_MANIFEST: own}))
        sizes = {str(path): (folder / path).stat().st_size for path in paths}
    except (ZooError, OSError):
        return None
    return digest([[path, size, told.get(path, own)] for path, size in sizes.items()])


def folder_of(path_or_name: str | Path) -> Path:
    """The folder of an artifact: itself, or by name below `artifacts/` of the zoo. Raises ZooError."""
    folder = Path(path_or_name)
    if (folder / PAYLOAD_MANIFEST).is_file():
        return folder
    home = find_project() / "artifacts"
    folder = home / str(path_or_name)
    if not folder.is_dir():
        built = [p.name for p in home.iterdir() if not p.name.startswith(".")] if home.is_dir() else []
        raise ZooError(
            f"no artifact {str(path_or_name)!r} in {home}{nearest(str(path_or_name), built)}; "
            f"build it with `doit build:{path_or_name}`, or fetch it with `zoosmith pull {path_or_name}`"
        )
    return folder
