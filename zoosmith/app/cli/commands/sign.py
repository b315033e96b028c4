"""Sign a version that is published in a folder, with a private key in a file.

Every byte of it is compared with the registry first. The signature lies beside its files and is one of OpenSSF
model-signing over the whole tree; other signatures stay. A key's password is taken from $ZOOSMITH_KEY_PASSWORD.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from zoosmith.app.cli.commands._registry import NAMED, json_argument, opened, registry_argument, tell_index


def arguments(parser: argparse.ArgumentParser) -> None:
    """What, where, with which key."""
    parser.add_argument("name", help=NAMED)
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="private key in PEM (P-256, 384, 521)")
    parser.add_argument("--alone", action="store_true", help="take signatures by other keys away: one of them was lost")
    registry_argument(parser)
    json_argument(parser, "the version that was signed")


def main(given: argparse.Namespace) -> None:
    """Sign it, and say by which key."""
    import tempfile

    from zoosmith.app.cli.commands._progress import Progress
    from zoosmith.common.text import show, show_json
    from zoosmith.publish.catalog import check
    from zoosmith.publish.pull import Puller
    from zoosmith.publish.sign import sign_published
    from zoosmith.transfer.cache import Cache
    from zoosmith.transfer.retry import RetryPolicy

    cache, progress = Cache(), Progress()
    catalog = opened(given, cache, given.name)
    version = catalog.find(given.name)
    check(version)
    try:
        with tempfile.TemporaryDirectory(prefix="sign-", dir=cache.root) as aside:
            puller = Puller(catalog, Path(aside), cache, progress, RetryPolicy())
            puller.require_room([version])
            id = sign_published(version, given.key, puller, alone=given.alone)
    finally:
        progress.close()
    tell_index(catalog.base, given.key)
    if given.json:
        show_json({"version": str(version), "key": id})
        return
    show(f"{version} is signed by key {id[:16]}; others trust it by `zoosmith trust add KEY.pub --registry URL`")
