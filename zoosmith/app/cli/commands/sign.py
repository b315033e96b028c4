"""Sign a version that is published in a folder, with a private key in a file, or keyless, as whoever logs in.

Every byte of it is compared with the registry first. The signature lies beside its files and is one of OpenSSF
model-signing over the whole tree; other signatures stay. A key's password is taken from $ZOOSMITH_KEY_PASSWORD.
--keyless opens a browser to log in, or takes the token of a machine in CI; who signed stands in a public log for good.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from zoosmith.app.cli.commands._registry import NAMED, json_argument, opened, registry_argument, tell_index

if TYPE_CHECKING:
    from zoosmith.publish.sign import Sign
    from zoosmith.publish.signing import Claim


def arguments(parser: argparse.ArgumentParser) -> None:
    """What, where, with which key or by whom."""
    parser.add_argument("name", help=NAMED)
    by = parser.add_mutually_exclusive_group(required=True)
    by.add_argument("--key", type=Path, metavar="FILE", help="private key in PEM (P-256, 384, 521)")
    keyless_arguments(parser, by)
    parser.add_argument("--alone", action="store_true", help="take signatures by others away: a key was lost")
    registry_argument(parser)
    json_argument(parser, "the version that was signed")


def main(given: argparse.Namespace) -> None:
    """Sign it, and say by which key or by whom."""
    import tempfile

    from zoosmith.app.cli.commands._progress import Progress
    from zoosmith.common.text import show, show_json
    from zoosmith.publish.catalog import check
    from zoosmith.publish.pull import Puller
    from zoosmith.publish.sign import sign_published
    from zoosmith.transfer.cache import Cache
    from zoosmith.transfer.retry import RetryPolicy

    sign, cache, progress = signs(given), Cache(), Progress()

    def asking(tree: Path) -> bytes:
        progress.close()  # whoever logs in is asked on the same terminal
        return sign(tree)

    catalog = opened(given, cache, given.name)
    version = catalog.find(given.name)
    check(version)
    try:
        with tempfile.TemporaryDirectory(prefix="sign-", dir=cache.root) as aside:
            puller = Puller(catalog, Path(aside), cache, progress, RetryPolicy())
            puller.require_room([version])
            claim = sign_published(version, asking, puller, alone=given.alone)
    finally:
        progress.close()
    tell_index(catalog.base, given.key)
    if given.json:
        show_json({"version": str(version)} | signer(claim))
        return
    show(f"{version} is signed by {told(claim)} --registry URL`")


def keyless_arguments(parser: argparse.ArgumentParser, by: argparse._MutuallyExclusiveGroup) -> None:
    """That nobody has a key, and whose log and authority it is instead."""
    by.add_argument("--keyless", action="store_true", help="log in instead; a public log names you for good")
    config = "with --keyless: another Sigstore instance (ClientTrustConfig in JSON)"
    parser.add_argument("--trust-config", type=Path, metavar="FILE", help=config)


def signs(given: argparse.Namespace) -> Sign:
    """What signs a tree: the key, or whoever logs in. Raises ZooError where that cannot be."""
    from zoosmith.publish import signing
    from zoosmith.signing import keys

    if given.keyless or given.trust_config:
        return keyless(given)
    keys.signer(given.key)
    return partial(signing.sign, key=given.key)


def keyless(given: argparse.Namespace) -> Sign:
    """What signs as whoever logs in. Raises ZooError for an instance without --keyless, and for what is none."""
    from zoosmith.contract.errors import ZooError
    from zoosmith.publish.keyless import Keyless

    if not given.keyless:
        raise ZooError("--trust-config names where one logs in to sign; say --keyless with it, and no key")
    return Keyless(given.trust_config)


def signer(claim: Claim) -> dict[str, str | None]:
    """Who signed, for programs: the id that stands in the row, and who that is where it is no key in a file."""
    identity, issuer = (None, None) if isinstance(claim.by, str) else claim.by
    return {"key": claim.id, "identity": identity, "issuer": issuer}


def told(claim: Claim) -> str:
    """Who signed, and how others trust them."""
    if isinstance(claim.by, str):
        return f"key {claim.id[:16]}; others trust it by `zoosmith trust add KEY.pub"
    named = f"--identity {quote(claim.by.identity)} --issuer {quote(claim.by.issuer)}"
    return f"{claim.by}; others trust them by `zoosmith trust add {named}"
