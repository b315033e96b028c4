"""Whether a registry's signed index knows what the registry holds; a change renews it where a key is at hand."""

from __future__ import annotations

import json
from pathlib import Path
from shlex import quote
from urllib.parse import unquote, urlsplit

from zoosmith.contract.errors import ZooError
from zoosmith.publish import index_sign
from zoosmith.publish.index_sign import FOLDER, TARGET
from zoosmith.store.files import sha256_file
from zoosmith.transfer import locations
from zoosmith.transfer.retry import RetryPolicy

DAYS = 30
UNSEEN = "who trusts the signed index of {} does not see what changed"
ONCE = RetryPolicy(tries=1, timeout_s=15.0)


def behind(registry: Path) -> bool:
    """Whether registry.json is another than the one that was signed; no where a folder has no index, or nothing."""
    if not index_sign.versions(registry, "root") or not (registry / TARGET).is_file():
        return False
    number = max(index_sign.versions(registry, "targets"), default=0)
    try:
        told = json.loads((registry / FOLDER / f"{number}.targets.json").read_bytes())
        signed = told["signed"]["targets"][TARGET]["hashes"]["sha256"]
    except (OSError, ValueError, KeyError, TypeError):  # gone or damaged: to be signed anew
        return True
    return bool(signed != sha256_file(registry / TARGET))


def settled(base: str, key: Path | None = None) -> str:
    """One line of what is to be known of a registry's signed index after a change; empty where that is nothing.

    base: URL of the registry's folder. key: a private key that is at hand; where the index names it, the index is
    renewed. Raises ZooError where that fails.
    """
    if urlsplit(base).scheme != "file":
        return _of_hub(base) if base.startswith("hf://") else ""
    folder = Path(unquote(urlsplit(base).path))
    if not behind(folder):
        return ""
    if key is not None and index_sign.may_renew(folder, key):
        return f"{folder}: index {index_sign.update(folder, key, DAYS)}, signed for {DAYS} days"
    other = f" ({key} is no key of it)" if key else ""
    return (
        f"{UNSEEN.format(folder)}, until it is renewed{other}: "
        f"`zoosmith index update --registry {quote(str(folder))} --key FILE`"
    )


def _of_hub(base: str) -> str:
    """What lies on a hub is signed in a folder, and uploaded."""
    try:
        locations.within(base, FOLDER).open("timestamp.json", 0, ONCE).close()
    except ZooError as error:
        return "" if "answered 404" in str(error) else f"whether {base} has a signed index is not known: {error}"
    return (
        f"{UNSEEN.format(base)}, until it is renewed: download it into a folder DIR, run `zoosmith index update "
        f"--registry DIR --key FILE`, and upload its {FOLDER}/"
    )
