"""Show or set where things lie: registries by priority, the cache, your name in histories.

What is set holds for every zoo of this user; options and environment variables go before it.
"""

from __future__ import annotations

import argparse

from zoosmith.app.cli.commands._registry import json_argument
from zoosmith.transfer.config import KEYS


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, with which key."""
    listed = "; ".join(f"{key}: {about}" for key, about in KEYS.items())
    parser.add_argument("do", choices=("list", "get", "set", "unset"), nargs="?", default="list")
    parser.add_argument("key", nargs="?", help=listed)
    parser.add_argument("value", nargs="*", help="of set; registries take several")
    json_argument(parser, "every key with its value, and the file")


def main(given: argparse.Namespace) -> None:
    """Print values, or write them. Raises ZooError for an unknown key, a missing one, and values too many."""
    from zoosmith.common.text import show, show_json
    from zoosmith.contract.errors import ZooError
    from zoosmith.transfer.config import Config, config_file

    known = Config.read()
    if given.do in ("set", "unset"):
        if given.key is None or bool(given.value) != (given.do == "set"):
            raise ZooError(
                "say `zoosmith config set KEY VALUE` or `zoosmith config unset KEY`; keys: " + ", ".join(KEYS)
            )
        known = known.having(given.key, given.value)
        file = known.write()
        if not given.json:
            show(f"{given.key} is {'set' if given.value else 'unset'} in {file}")
    elif given.do == "get" or given.key:
        known.having(given.key or "", ())
        show_json({given.key: getattr(known, given.key)}) if given.json else show_values(getattr(known, given.key))
        return
    if given.json:
        show_json({**known.__dict__, "file": str(config_file())})
    elif given.do == "list":
        show_all()


def show_values(value: str | tuple[str, ...] | None) -> None:
    """One value a line, as a script reads them."""
    from zoosmith.common.text import show

    for each in (value,) if isinstance(value, str) else value or ():
        show(each)


def show_all() -> None:
    """Every key with its value and where that comes from."""
    import os

    from zoosmith.common.text import columns, show
    from zoosmith.publish.author import author
    from zoosmith.publish.opening import VARIABLE
    from zoosmith.transfer.cache import default_root
    from zoosmith.transfer.config import Config, config_file

    known = Config.read()
    variable = os.environ.get(VARIABLE)
    rows = [
        (
            "registries",
            variable or ", ".join(known.registries) or "none",
            f"${VARIABLE}" if variable else source(known.registries),
        ),
        ("cache", str(default_root()), source(known.cache)),
        ("who", author().who, source(known.who)),
    ]
    for line in columns(rows):
        show(line)
    show(f"file: {config_file()}")


def source(value: object) -> str:
    """Where a value comes from."""
    return "set" if value else "default"
