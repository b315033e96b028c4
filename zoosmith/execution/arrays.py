"""Named arrays in files, for handing them from process to process. Never pickles."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


def write_arrays(file: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays by name. Source: numpy.savez."""
    import numpy as np

    with file.open("wb") as out:
        np.savez(out, allow_pickle=False, **arrays)


def read_arrays(source: Path | bytes) -> dict[str, NDArray[Any]]:
    """Arrays by name, out of a file or its bytes. Raises ValueError for one that holds Python objects."""
    import numpy as np

    with np.load(io.BytesIO(source) if isinstance(source, bytes) else source, allow_pickle=False) as found:
        return dict(found.items())


def joined(parts: Iterable[Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """The arrays of all parts, name by name, one after the other along their first axis."""
    import numpy as np

    whole = list(parts)
    return {name: np.concatenate([part[name] for part in whole]) for name in (whole[0] if whole else ())}
