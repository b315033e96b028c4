"""A statement in a DSSE envelope, signed by a key in a file.

Source: https://github.com/secure-systems-lab/dsse, v1.0.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zoosmith.common.canonical import canonical
from zoosmith.signing.keys import signer_of

IN_TOTO = "application/vnd.in-toto+json"


def signed(statement: dict[str, Any], key: Path) -> dict[str, Any]:
    """The envelope of an in-toto statement. Raises ZooError where the private key cannot be used."""
    signer = signer_of(key)
    from securesystemslib.dsse import Envelope

    envelope = Envelope(canonical(statement), IN_TOTO, {})
    envelope.sign(signer)
    told: dict[str, Any] = envelope.to_dict()
    return told
