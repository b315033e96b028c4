"""Signatures over the tree of an artifact, by OpenSSF model-signing; by a key in a file here, which needs no network.

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
from zoosmith.signing import identities, keys
from zoosmith.signing.identities import Whose

MAX_BYTES = 16 << 20
PREDICATE = "https://model_signing/signature/v1.0"
NAME = re.compile(r"model-[0-9a-f]{16}\.sig")
KEY = re.compile("[0-9a-f]{64}")


class Claim(NamedTuple):
    """What a signature says, before it is checked: the key's id or who it was, the subject's name, SHA-256 by path."""

    by: str | Whose
    subject: str
    files: dict[str, str]

    @property
    def id(self) -> str:
        """What names the signer in a row and in the signature's file."""
        return self.by.id if isinstance(self.by, Whose) else self.by


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
        config.set_hashing_config(hashing()).sign(folder, made)
        return made.read_bytes()


def claim(data: bytes, what: str) -> Claim:
    """What a signature says. Raises ZooError for one that is damaged, or of a form that is not written here."""
    told = safe.parse_json(data, what)
    try:
        payload = base64.b64decode(told["dsseEnvelope"]["payload"], validate=True)
        return Claim(_signer(told["verificationMaterial"]), *stated(payload, what))
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        raise ZooError(f"{what} is damaged, or no signature of model-signing by a key or an identity") from None


def stated(payload: bytes, what: str) -> tuple[str, dict[str, str]]:
    """The subject's name and SHA-256 by path of a statement. Raises what `claim` catches for one of another form."""
    statement = safe.parse_json(payload, what)
    (subject,) = statement["subject"]
    predicate = statement["predicate"]
    files = {each["name"]: each["digest"] for each in predicate["resources"] if each["algorithm"] == "sha256"}
    whole = len(files) == len(predicate["resources"]) and predicate["serialization"]["method"] == "files"
    if not whole or statement["predicateType"] != PREDICATE:
        raise ValueError("another form")
    return str(subject["name"]), files


def _signer(material: dict[str, Any]) -> str | Whose:
    if "certificate" in material:
        return identities.of_certificate(base64.b64decode(material["certificate"]["rawBytes"], validate=True))
    hint: str = material["publicKey"]["hint"]
    if not KEY.fullmatch(hint):
        raise ValueError("no key")
    return hint


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
            config.set_hashing_config(hashing()).verify(folder, signature)
        except Exception as error:  # the library raises many kinds; none may pass
            raise refused(what, error, "it is not by this key over these bytes") from None


def refused(what: str, error: Exception, else_: str) -> ZooError:
    """That a signature does not hold, as a library says it, which may say nothing."""
    reason = safe.printable(" ".join(str(error).split()))[:200] or else_
    return ZooError(f"{what} does not hold: {reason}: refused")


def hashing() -> Any:
    """Every file, by SHA-256; nothing is left out."""
    from model_signing.hashing import Config

    return (
        Config().use_file_serialization(hashing_algorithm="sha256").set_ignored_paths(paths=[], ignore_git_paths=False)
    )
