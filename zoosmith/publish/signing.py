"""Signatures over the tree of an artifact, by OpenSSF model-signing and a key in a file; no network is needed.

What is signed is an in-toto statement: its subject is named NAME@N, its predicate lists the SHA-256 of every file. It
stands in a DSSE envelope in a Sigstore bundle, so other tools check it too. Source: https://github.com/sigstore/
model-transparency, v1.1; https://github.com/secure-systems-lab/dsse, v1.0.
"""

from __future__ import annotations

import base64
import binascii
import re
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from zoosmith.common import safe
from zoosmith.contract.errors import ZooError
from zoosmith.signing import keys

MAX_BYTES = 16 << 20
NAME = re.compile(r"model-[0-9a-f]{16}\.sig")
KEY = re.compile("[0-9a-f]{64}")


class Claim(NamedTuple):
    """What a signature says, before it is checked: the key's id, the subject's name, SHA-256 by path."""

    key: str
    subject: str
    files: dict[str, str]


def file_name(key: str) -> str:
    """Where the signature by a key lies beside a published version."""
    return f"model-{key[:16]}.sig"


def sign(folder: Path, key: Path) -> bytes:
    """The signature over all files of `folder`, whose name, NAME@N, is its subject. Raises ZooError as `signer`."""
    keys.signer(key)
    from model_signing import signing

    with tempfile.TemporaryDirectory() as aside:
        made = Path(aside) / "model.sig"
        config = signing.Config().use_elliptic_key_signer(private_key=key, password=keys.password())
        config.set_hashing_config(_hashing()).sign(folder, made)
        return made.read_bytes()


def claim(data: bytes, what: str) -> Claim:
    """What a signature says. Raises ZooError for one that is damaged, or of a form that is not written here."""
    told = safe.parse_json(data, what)
    try:
        payload = base64.b64decode(told["dsseEnvelope"]["payload"], validate=True)
        statement = safe.parse_json(payload, what)
        (subject,) = statement["subject"]
        predicate = statement["predicate"]
        files = {each["name"]: each["digest"] for each in predicate["resources"] if each["algorithm"] == "sha256"}
        if len(files) != len(predicate["resources"]) or predicate["serialization"]["method"] != "files":
            raise ValueError("another form")
        hint = told["verificationMaterial"]["publicKey"]["hint"]
        if not KEY.fullmatch(hint):
            raise ValueError("no key")
        return Claim(hint, str(subject["name"]), files)
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        raise ZooError(f"{what} is damaged, or no signature by a key in a file") from None


def check(data: bytes, folder: Path, pem: str, what: str) -> None:
    """Raise ZooError unless the key made this signature over just the files that are in `folder`."""
    keys.require_extra()
    from model_signing import verifying

    with tempfile.TemporaryDirectory() as aside:
        signature, key = Path(aside) / "model.sig", Path(aside) / "key.pub"
        signature.write_bytes(data)
        key.write_text(pem)
        try:
            config = verifying.Config().use_elliptic_key_verifier(public_key=key)
            config.set_hashing_config(_hashing()).verify(folder, signature)
        except Exception as error:  # the library raises many kinds; none may pass
            reason = safe.printable(" ".join(str(error).split()))[:200] or "it is not by this key over these bytes"
            raise ZooError(f"{what} does not hold: {reason}: refused") from None


def _hashing() -> Any:
    """Every file, by SHA-256; nothing is left out."""
    from model_signing import hashing

    return (
        hashing.Config()
        .use_file_serialization(hashing_algorithm="sha256")
        .set_ignored_paths(paths=[], ignore_git_paths=False)
    )
