"""Signatures over the tree of an artifact, by OpenSSF model-signing and a key in a file; no network is needed.

What is signed is an in-toto statement: its subject is named NAME@N, its predicate lists the SHA-256 of every file. It
stands in a DSSE envelope in a Sigstore bundle, so other tools check it too. Source: https://github.com/sigstore/
model-transparency, v1.1; https://github.com/secure-systems-lab/dsse, v1.0.
"""

from __future__ import annotations

import base64
import binascii
import importlib.util
import os
import re
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from zoosmith.common import safe
from zoosmith.contract.errors import ZooError

MAX_BYTES = 16 << 20
PASSWORD = "ZOOSMITH_KEY_PASSWORD"  # noqa: S105 - the name of a variable
NAME = re.compile(r"model-[0-9a-f]{16}\.sig")
KEY = re.compile("[0-9a-f]{64}")
CURVES = ("secp256r1", "secp384r1", "secp521r1")
NEEDED = ("model_signing", "cryptography", "tuf")
EC = "expected a key of an elliptic curve, P-256, P-384 or P-521: `openssl ecparam -name prime256v1 -genkey -noout`"


class Claim(NamedTuple):
    """What a signature says, before it is checked: the key's id, the subject's name, SHA-256 by path."""

    key: str
    subject: str
    files: dict[str, str]


def file_name(key: str) -> str:
    """Where the signature by a key lies beside a published version."""
    return f"model-{key[:16]}.sig"


def require_extra() -> None:
    """Raise ZooError, with what to install, where signatures can be neither made nor checked."""
    if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        raise ZooError(f"signatures need {', '.join(missing)}: run `pip install 'zoosmith[sign]'`")


def public_key(data: bytes, what: str) -> tuple[str, str]:
    """The id and the PEM of a public key: SHA-256 of its SubjectPublicKeyInfo in PEM, as model-signing names keys.

    Raises ZooError for a private key, and for a kind that model-signing does not take.
    """
    require_extra()
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    if b"PRIVATE KEY" in data:
        raise ZooError(f"{what} is a private key, which nobody else may have: take `openssl pkey -in KEY -pubout`")
    try:
        key = serialization.load_pem_public_key(data)
    except ValueError:
        raise ZooError(f"{what} is no public key in PEM; take `openssl pkey -in KEY -pubout -out KEY.pub`") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in CURVES:
        raise ZooError(f"{what}: {EC}")
    pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    told = hashes.Hash(hashes.SHA256())
    told.update(pem)
    return told.finalize().hex(), pem.decode()


def signer(file: Path) -> str:
    """The id of a private key's public half. Raises ZooError if it cannot be read, or needs another password."""
    require_extra()
    from cryptography.hazmat.primitives import serialization

    try:
        data = file.read_bytes()
    except OSError as error:
        raise ZooError(f"the key {file} cannot be read ({error.strerror})") from None
    try:
        key = serialization.load_pem_private_key(data, (os.environ.get(PASSWORD) or "").encode() or None)
    except (ValueError, TypeError):
        raise ZooError(f"{file} is no private key in PEM, or {PASSWORD} does not hold its password; {EC}") from None
    public = key.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return public_key(pem, str(file))[0]


def sign(folder: Path, key: Path) -> bytes:
    """The signature over all files of `folder`, whose name is the subject: NAME@N. Raises ZooError as `signer` does."""
    signer(key)
    from model_signing import signing

    password: Any = (os.environ.get(PASSWORD) or "").encode() or None
    with tempfile.TemporaryDirectory() as aside:
        made = Path(aside) / "model.sig"
        config = signing.Config().use_elliptic_key_signer(private_key=key, password=password)
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
    require_extra()
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
