"""Say whose signatures count on this machine, and which registries must be signed.

A key that is trusted for a registry counts there alone, and that registry must be signed from then on. A key without
one counts for each registry that has no keys of its own. Who signs keyless is trusted by --identity and --issuer.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from zoosmith.app.cli.commands._registry import json_argument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zoosmith.signing.trust import Signer, Trust

INDEX = "index"
HELP = (
    "KEY.pub (PEM) or N.root.json to add, else --identity; label or id, or `index`, to remove; "
    "`signed` or `nothing` to require"
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is to be done, to what."""
    parser.add_argument("do", choices=("add", "list", "remove", "require"))
    parser.add_argument("what", nargs="?", help=HELP)
    parser.add_argument("--registry", metavar="URL", help="folder or URL that this is about; else all others")
    parser.add_argument("--as", dest="label", metavar="LABEL", help="what you call them; else the key's file, or WHO")
    parser.add_argument("--identity", metavar="WHO", help="to add: who signs keyless, an address or a workflow's URL")
    parser.add_argument("--issuer", metavar="URL", help="with --identity: who vouches for them when they log in")
    root = "with --identity: trusted root of their Sigstore instance (JSON); else the public one"
    parser.add_argument("--trusted-root", type=Path, metavar="FILE", help=root)
    json_argument(parser, "the trust as it is afterwards")


def main(given: argparse.Namespace) -> None:
    """Change the user's trust, and show it."""
    from zoosmith.common.plain import plain
    from zoosmith.common.text import show, show_json
    from zoosmith.contract.errors import ZooError
    from zoosmith.signing import trust

    if given.do != "add" and (given.identity or given.issuer or given.trusted_root):
        raise ZooError(f"`zoosmith trust {given.do}` takes no --identity, --issuer or --trusted-root; `trust add` does")
    if given.identity or given.issuer or given.trusted_root:
        require_whole(given)
    elif (given.what is None) != (given.do == "list"):
        raise ZooError(f"`zoosmith trust {given.do}` {'takes nothing more' if given.what else 'needs: ' + HELP}")
    now = trust.read() if given.do == "list" else changed(given)
    if given.json:
        shown = {"keys": plain(now.keys), "identities": plain(now.identities)}
        show_json(shown | {"require": now.require, "roots": now.roots})
        return
    for line in lines(now):
        show(line)


def changed(given: argparse.Namespace) -> Trust:
    """The trust after what was asked for. Raises ZooError for what is no public key, nobody known, no policy."""
    from zoosmith.contract.errors import ZooError
    from zoosmith.publish.opening import folder_url
    from zoosmith.signing import keys, trust

    place = folder_url(given.registry) if given.registry else None
    if given.identity:
        id, signer = identity(given)
        return trust.change(lambda now: trust.added(now, id, signer, place))
    if given.do == "add":
        file = Path(given.what)
        try:
            data = file.read_bytes()
        except OSError as error:
            raise ZooError(f"{file} cannot be read ({error.strerror})") from None
        if data.lstrip()[:1] == b"{":
            return root_added(data, str(file), place)
        id, pem = keys.public_key(data, str(file))
        key = trust.Key(pem=pem, label=given.label or file.stem)
        return trust.change(lambda now: trust.added(now, id, key, place))
    if given.do == "remove":
        if given.what == INDEX and place:
            return trust.change(lambda now: now.model_copy(update={"roots": without(now.roots, place)}))
        return trust.change(lambda now: trust.removed(now, trust.found(now, given.what), place))
    if given.what not in ("signed", "nothing"):
        raise ZooError(f"{given.what!r} can not be required; say `signed` or `nothing`")
    return trust.change(
        lambda now: now.model_copy(update={"require": now.require | {place or trust.OTHERS: given.what}})
    )


def require_whole(given: argparse.Namespace) -> None:
    """Raise ZooError unless an identity, and nothing else, is to be added, with who vouches for it."""
    from urllib.parse import urlsplit

    from zoosmith.contract.errors import ZooError

    if given.what:
        raise ZooError(f"say either {given.what!r} or --identity; one command adds one of them")
    if not given.identity or not given.issuer:
        raise ZooError("an identity counts as one issuer knows it: say both --identity WHO and --issuer URL")
    if urlsplit(given.issuer).scheme not in ("http", "https") or not urlsplit(given.issuer).netloc:
        raise ZooError(
            f"{given.issuer!r} is no issuer; say its URL as it stands in signatures, such as "
            "https://github.com/login/oauth or https://accounts.google.com"
        )


def identity(given: argparse.Namespace) -> tuple[str, Signer]:
    """The id of somebody who signs keyless, and who it is. Raises ZooError for a root that is none."""
    from zoosmith.publish.keyless import root_text
    from zoosmith.signing.trust import Identity

    root = root_text(given.trusted_root) if given.trusted_root else None
    label = given.label or given.identity
    who = Identity(identity=given.identity, issuer=given.issuer, label=label, root=root)
    return who.whose.id, who


def root_added(data: bytes, what: str, place: str | None) -> Trust:
    """The trust with the root of a registry's signed index. Raises ZooError for what is none, or without a registry."""
    from zoosmith.contract.errors import ZooError
    from zoosmith.publish import index_read
    from zoosmith.signing import trust

    if place is None:
        raise ZooError(f"{what} is the root of one registry's index; say which by --registry URL")
    text = index_read.root(data, what)
    return trust.change(lambda now: now.model_copy(update={"roots": now.roots | {place: text}}))


def without(roots: dict[str, str], place: str) -> dict[str, str]:
    """The roots of all other registries. Raises ZooError where this one has none."""
    from zoosmith.contract.errors import ZooError

    if place not in roots:
        raise ZooError(f"no index of {place} is trusted; see `zoosmith trust list`")
    return {url: root for url, root in roots.items() if url != place}


def lines(trust: Trust) -> Iterator[str]:
    """A line a key, and one for each registry of which something is required."""
    for id, key in sorted(trust.keys.items(), key=lambda each: each[1].label):
        yield f"{key.label}  key {id[:16]}  for {', '.join(key.registries) or 'any registry without keys of its own'}"
    for who in sorted(trust.identities.values(), key=lambda each: each.label):
        instance = "a Sigstore instance of its own" if who.root else "the public Sigstore"
        yield f"{who}  by {instance}  for {', '.join(who.registries) or 'any registry without keys of its own'}"
    if not trust.signers:
        yield "no key is trusted: signatures are not checked"
    for place, what in sorted(trust.require.items()):
        meant = "must be signed" if what == "signed" else "nothing is required"
        yield f"{'all others' if place == '*' else place}: {meant}"
    for place in sorted(trust.roots):
        yield f"{place}: its signed index is checked"
