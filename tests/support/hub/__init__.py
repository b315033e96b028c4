"""A model hub on the loopback, for the real client libraries: reads, writes, keeps history, and fails on demand.

    root/models/<org>/<name>/<files>      root/datasets/<org>/<name>/<files>

What lies in `root` is each repository's first commit, its SHA-1 made of the contents unless `commits` says
otherwise. Repositories that clients make, and all later commits, live beside it in a temporary folder: `root` is
only read. Routes as huggingface_hub 2.4 and datasets 5.2 ask for them.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.hub.faults import Fault, Faults
from tests.support.hub.repos import Repos
from tests.support.hub.server import Handler

__all__ = ["Fault", "Hub", "serving"]


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are what tests are about; all else is told."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Hub(Repos):
    """State of the server: repositories, faults to come, and what was asked.

    `asked` holds "METHOD /path" of every request; `tokens` the bearer tokens seen. Where `token` is set, writing
    needs it. Files of `lfs_from` bytes and more are LFS, as are weights of any size. `ranges` holds path and Range of
    every GET of a file. With `xet`, LFS files are told to be in a Xet storage that is not there. `denied` is
    what everybody is told instead of an answer.
    """

    def __init__(self, root: Path, written: Path, commits: dict[str, str] | None = None) -> None:
        super().__init__(root, written, commits or {})
        self.asked: list[str] = []
        self.tokens: set[str] = set()
        self.token: str | None = None
        self.gated: set[str] = set()
        self.ranges: list[tuple[str, str]] = []
        self.xet = False
        self.denied = ""
        self.faults = Faults()
        self.server = _Server(("127.0.0.1", 0), type("Handler", (Handler,), {"hub": self}))
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def count(self, start: str) -> int:
        """How many requests began with this."""
        return sum(line.startswith(start) for line in self.asked)


@contextmanager
def serving(root: Path, commits: dict[str, str] | None = None) -> Iterator[Hub]:
    """A hub that runs while the block does."""
    with tempfile.TemporaryDirectory(prefix="hub-") as written:
        hub = Hub(root, Path(written), commits)
        thread = threading.Thread(target=hub.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            hub.server.shutdown()
            hub.server.server_close()
            thread.join()
