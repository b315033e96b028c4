"""Who changes a registry: what the history of its names says of them."""

from __future__ import annotations

import getpass
import socket
from datetime import UTC, datetime

from zoosmith.records.naming import Author
from zoosmith.transfer.config import Config


def author(why: str = "") -> Author:
    """The user's `who` (`zoosmith config set who NAME`), else the login name and host; and the time in UTC."""
    return Author(Config.read().who or _login(), datetime.now(UTC).isoformat(timespec="seconds"), why)


def _login() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container with a user id that has no name
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
