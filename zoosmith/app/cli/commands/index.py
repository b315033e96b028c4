"""Sign which registry.json is the newest, and until when, of a registry in a folder (The Update Framework).

Who trusts its root (`zoosmith trust add 1.root.json --registry URL`) is told of a host that replays an old index, mixes
versions, keeps a newer one back or replaces a row. Passwords of keys are taken from $ZOOSMITH_KEY_PASSWORD.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is done, where, with which keys."""
    parser.add_argument("do", choices=("create", "update", "rotate"))
    parser.add_argument("--registry", required=True, metavar="DIR", help="a folder that `zoosmith push` fills")
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="private key that renews it (PEM)")
    parser.add_argument("--root", type=Path, metavar="FILE", help="private key that names keys: of create and rotate")
    parser.add_argument("--new-root", type=Path, metavar="FILE", help="of rotate: the root key from now on")
    parser.add_argument("--days", type=int, default=30, help="until it expires; 30")


def main(given: argparse.Namespace) -> None:
    """Do it, and say what clients need."""
    from zoosmith.common.text import show
    from zoosmith.contract.errors import ZooError
    from zoosmith.publish import index_sign

    folder = Path(given.registry.removeprefix("file://"))
    if (given.root is None) != (given.do == "update"):
        raise ZooError(f"`zoosmith index {given.do}` " + ("takes no --root" if given.root else "needs --root FILE"))
    if given.new_root and given.do != "rotate":
        raise ZooError(f"`zoosmith index {given.do}` takes no --new-root")
    if not 1 <= given.days <= 3650:
        raise ZooError(f"--days {given.days}: expected 1 to 3650")
    if given.do == "create":
        index_sign.create(folder, given.root, given.key, given.days)
        show(f"{folder}: signed for {given.days} days; others trust {folder / index_sign.FOLDER / '1.root.json'}")
    elif given.do == "update":
        version = index_sign.update(folder, given.key, given.days)
        show(f"{folder}: index {version}, signed for {given.days} days")
    else:
        version = index_sign.rotate(folder, given.root, given.key, given.days, given.new_root)
        show(f"{folder}: root {version}, signed for {given.days} days; who trusts an older root follows it")
