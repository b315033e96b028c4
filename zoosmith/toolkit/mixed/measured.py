"""Losses that were measured, kept in a file one by one, so that a search goes on after a kill where it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from zoosmith.contract.errors import BuildError

Types = Mapping[str, str]
"""Type by tensor."""
DIGITS = 4
"""Significant digits of a loss that is kept: the last ones depend on the processor."""


class Measured:
    """Losses by what was changed. A key holds everything that was, so none is taken for another."""

    def __init__(self, loss: Callable[[Types], float], file: Path) -> None:
        """Measure by `loss`, keep in `file`; what an earlier run left there is not measured again."""
        self.loss, self.file = loss, file
        self.known: dict[str, float] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}

    def __call__(self, types: Types) -> float:
        """The loss with these types. Raises BuildError where it is not a number."""
        key = " ".join(f"{name}={kind}" for name, kind in sorted(types.items()))
        if key not in self.known:
            self.known[key] = float(f"{self.loss(types):.{DIGITS}g}")
            self._keep()
        if not self.known[key] >= 0:
            raise BuildError(
                f"with {key[:80]} the model expects no finite probabilities: its weights or inputs exceed what the "
                "type can hold; leave the type out of `types`"
            )
        return self.known[key]

    def _keep(self) -> None:
        partial = self.file.with_suffix(".partial")
        partial.write_text(json.dumps(self.known), encoding="utf-8")
        partial.replace(self.file)


def table(
    measured: Measured,
    groups: Mapping[str, Sequence[str]],
    kinds: Mapping[str, Sequence[str]],
    source: str,
    progress: Callable[..., None],
) -> dict[str, dict[str, float]]:
    """Loss by group and type, each group changed alone; nothing in `source`, the type that they have, is lost.

    groups: names of tensors. kinds: types that each group fits.
    """
    found = {group: dict.fromkeys(offered, 0.0) for group, offered in kinds.items()}
    todo = [(group, kind) for group, offered in kinds.items() for kind in offered if kind != source]
    for done, (group, kind) in enumerate(todo):
        progress(done, len(todo), f"what {kind} costs {group}")
        found[group][kind] = measured(dict.fromkeys(groups[group], kind))
    return found
