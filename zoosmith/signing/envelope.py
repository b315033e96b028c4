"""Statements signed by a key in a file, as DSSE signs them.

Source: https://github.com/secure-systems-lab/dsse, v1.0.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from zoosmith.common.canonical import canonical
from zoosmith.signing import keys

IN_TOTO = "application/vnd.in-toto+json"


def signed(statement: dict[str, Any], key: Path) -> dict[str, Any]:
    """The envelope of an in-toto statement. Raises ZooError where the private key cannot be used."""
    signer = keys.signer_of(key)
    from securesystemslib.dsse import Envelope

    envelope = Envelope(canonical(statement), IN_TOTO, {})
    envelope.sign(signer)
    told: dict[str, Any] = envelope.to_dict()
    return told


def signing(key: Path, type: str) -> Callable[[bytes], dict[str, str]]:
    """What signs payloads of a type, each apart from its envelope. Raises ZooError for a private key of no use."""
    id, signer = keys.signer(key), keys.signer_of(key)

    def sign(payload: bytes) -> dict[str, str]:
        made = bytes.fromhex(signer.sign(_framed(payload, type)).signature)
        return {"keyid": id, "sig": base64.b64encode(made).decode()}

    return sign


def holds(payload: bytes, type: str, signature: Mapping[str, Any], pem: str) -> bool:
    """Whether the public key in `pem` signed a payload of this type so."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.exceptions import UnverifiedSignatureError
    from securesystemslib.signer import Signature, SSlibKey

    key = SSlibKey.from_crypto(load_pem_public_key(pem.encode()))
    try:
        made = base64.b64decode(signature["sig"], validate=True)
        key.verify_signature(Signature(key.keyid, made.hex()), _framed(payload, type))
    except (UnverifiedSignatureError, KeyError, TypeError, ValueError, binascii.Error):
        return False
    return True


def _framed(payload: bytes, type: str) -> bytes:
    """What is signed: DSSE's encoding of type and payload, which no payload of another type has."""
    from securesystemslib.dsse import Envelope

    framed: bytes = Envelope(payload, type, {}).pae()
    return framed
