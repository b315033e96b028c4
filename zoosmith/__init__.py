"""Zoosmith: a build system for model zoos.

`load` opens a built artifact by folder or by name; everything else is reached through `doit` and the
`zoosmith` command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoosmith.publish.damage import load

__version__ = "0.1.0"
__all__ = ["__version__", "load"]


def __getattr__(name: str) -> object:
    """Import what opens artifacts only when it is asked for: `import zoosmith` stays torch-free and instant."""
    if name == "load":
        from zoosmith.publish.damage import load

        return load
    raise AttributeError(f"module 'zoosmith' has no attribute {name!r}")
