"""Keys of elliptic curves in PEM files, as OpenSSF model-signing takes them."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import ZooError

PASSWORD = "ZOOSMITH_KEY_PASSWORD"  # noqa: S105 - the name of a variable
CURVES = ("secp256r1", "secp384r1", "secp521r1")
NEEDED = ("model_signing", "cryptography", "tuf")
EC = "expected a key of an elliptic curve, P-256, P-384 or P-521: `openssl ecparam -name prime256v1 -genkey -noout`"


def require_extra(*more: str) -> None:
    """Raise ZooError, with what to install, where signatures can be neither made nor checked."""
    if missing := [name for name in (*NEEDED, *more) if importlib.util.find_spec(name) is None]:
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
        key = serialization.load_pem_private_key(data, password())
    except (ValueError, TypeError):
        raise ZooError(f"{file} is no private key in PEM, or {PASSWORD} does not hold its password; {EC}") from None
    public = key.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return public_key(pem, str(file))[0]


def signer_of(file: Path) -> Any:
    """What signs with a private key in a file. Raises ZooError as `signer` does."""
    signer(file)  # says what is wrong with it
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.signer import CryptoSigner

    private: Any = load_pem_private_key(file.read_bytes(), password())
    return CryptoSigner(private)


def password() -> Any:
    """The password of private keys, of the environment; None where they have none."""
    return (os.environ.get(PASSWORD) or "").encode() or None
