"""Who signed without a key of their own: what a Sigstore certificate says, before anything of it is checked.

Source: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
"""

from __future__ import annotations

from typing import NamedTuple

from zoosmith.common import safe
from zoosmith.common.canonical import digest

ISSUER = "1.3.6.1.4.1.57264.1.1"


class Whose(NamedTuple):
    """An identity, and the issuer of tokens that vouched for it when the certificate was made."""

    identity: str
    issuer: str

    @property
    def id(self) -> str:
        """What stands for both where the id of a key would."""
        return digest({"identity": self.identity, "issuer": self.issuer})

    def __str__(self) -> str:
        return " ".join(safe.printable(f"{self.identity}, as {self.issuer} says").split())


def of_certificate(der: bytes) -> Whose:
    """Whom a certificate names. Raises ValueError for one that does not name just one identity and its issuer."""
    from cryptography import x509

    try:
        extensions = x509.load_der_x509_certificate(der).extensions
        (name,) = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        issuer = extensions.get_extension_for_oid(x509.ObjectIdentifier(ISSUER)).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise ValueError(str(error)) from None
    if not isinstance(name, x509.RFC822Name | x509.UniformResourceIdentifier):
        raise ValueError("neither an address nor a workflow")
    assert isinstance(issuer, x509.UnrecognizedExtension)
    return Whose(name.value, issuer.value.decode())
