"""Signatures without a key of one's own, by Sigstore: a login vouches for who signs, and a public log for when.

Making one asks the network, checking one does not: the signature holds a certificate and the entry in the log, with the
proof that it is in there; both are checked by a trusted root. Source: https://docs.sigstore.dev/about/bundle/.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from zoosmith.common import safe
from zoosmith.contract.errors import ZooError
from zoosmith.publish import signing
from zoosmith.signing import keys
from zoosmith.signing.envelope import IN_TOTO
from zoosmith.signing.trust import Identity

if TYPE_CHECKING:
    from sigstore.models import Bundle, ClientTrustConfig, TrustedRoot
    from sigstore.oidc import IdentityToken
    from sigstore.verify import Verifier

CONFIG = "expected a ClientTrustConfig in JSON, as the operators of a Sigstore instance give it out"
ROOT = "expected a TrustedRoot in JSON, as the operators of a Sigstore instance give it out (trusted_root.json)"


def require_extra() -> None:
    """Raise ZooError, with what to install, where Sigstore cannot be spoken to; keep its warnings off the terminal."""
    keys.require_extra("sigstore")
    logging.getLogger("sigstore").setLevel(logging.ERROR)


class Keyless:
    """Signs trees as whoever logs in; one login serves all of them while its token is valid."""

    def __init__(self, config: Path | None = None) -> None:
        """As a Sigstore instance in a file has it, else by the public one. Raises ZooError for a file that is none."""
        require_extra()
        self.file = config
        self.private = None if config is None else _config(config)
        self.token: IdentityToken | None = None

    def __call__(self, folder: Path) -> bytes:
        """The signature over all files of `folder`, whose name, NAME@N, is its subject. Raises ZooError."""
        from model_signing import signing as model

        try:
            token = str(self._token())
        except Exception as error:  # the library raises many kinds; each becomes one line
            raise ZooError(f"nobody logged in to sign: {_said(error)}; run the same command again") from None
        with tempfile.TemporaryDirectory() as aside:
            made = Path(aside) / "model.sig"
            try:
                config = model.Config().use_sigstore_signer(identity_token=token, trust_config=self.file)
                config.set_hashing_config(signing.hashing()).sign(folder, made)
            except Exception as error:  # as above; what it says may hold the token
                said = _said(error, token)
                raise ZooError(f"{folder.name} was not signed: {said}; run the same command again") from None
            return made.read_bytes()

    def _token(self) -> IdentityToken:
        """Of the machine in CI, else of who logs in in a browser."""
        from sigstore.models import ClientTrustConfig
        from sigstore.oidc import IdentityToken, Issuer, detect_credential

        if self.token is None or not self.token.in_validity_period():
            if ambient := detect_credential():
                self.token = IdentityToken(ambient)
            else:
                config = self.private or ClientTrustConfig.production()
                self.token = Issuer(config.signing_config.get_oidc_url()).identity_token()
        return self.token


def _config(file: Path) -> ClientTrustConfig:
    from sigstore.models import ClientTrustConfig

    try:
        return ClientTrustConfig.from_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ZooError(f"{file} cannot be read ({error.strerror})") from None
    except Exception:  # of the library's parser, which names no kind of its own
        raise ZooError(f"{file} is no configuration of a Sigstore instance: {CONFIG}") from None


def _said(error: BaseException, secret: str | None = None) -> str:
    """What a library says, or what made it fail; its kind where neither says anything. The secret is left out."""
    while not str(error) and error.__cause__ is not None:
        error = error.__cause__
    text = str(error).replace(secret, "***") if secret else str(error)
    return safe.printable(" ".join(text.split()))[:300] or type(error).__name__


def check(data: bytes, folder: Path, who: Identity, what: str) -> None:
    """Raise ZooError unless `who` made this signature over just the files that are in `folder`; nothing is asked."""
    require_extra()
    from sigstore.errors import CertValidationError
    from sigstore.verify import policy

    verifier = _verifier(_root(who.root))
    try:
        wanted = policy.Identity(identity=who.identity, issuer=who.issuer)
        type, payload = verifier.verify_dsse(_bundle(data), wanted)
        if type != IN_TOTO or signing.stated(payload, what) != signing.claim(data, what)[1:]:
            raise ValueError("what is signed is another statement")
        here = signing.hashing().hash(folder).resource_descriptors()
        found = {each.identifier: each.digest.digest_hex for each in here}
        if found != signing.claim(data, what).files:
            raise ValueError("it is over other files")
    except CertValidationError as error:
        said = ValueError(f"its certificate is by no authority of the trusted root, or not of that time ({error})")
        raise signing.refused(what, said, "") from None
    except Exception as error:  # the library raises many kinds; none may pass
        raise signing.refused(what, error, "it is not by this identity over these bytes") from None


def _bundle(data: bytes) -> Bundle:
    """A signature in the library's form. Raises ValueError, with the place, for one that lacks something."""
    from sigstore.models import Bundle, InvalidBundle

    try:
        return Bundle.from_json(data)
    except InvalidBundle as error:
        _, *more = str(error).splitlines()
        if not more:
            raise
        raise ValueError(f"it is no whole Sigstore bundle: look at {more[0].strip()}") from None


def root_text(file: Path) -> str:
    """The trusted root in a file. Raises ZooError for what is none."""
    require_extra()
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ZooError(f"{file} cannot be read ({getattr(error, 'strerror', 'no text')})") from None
    try:
        _verifier(_root(text))
    except ZooError:
        raise ZooError(f"{file} is no trusted root: {ROOT}") from None
    return text


def _root(text: str | None) -> TrustedRoot:
    """A trusted root, else the one that the library carries or has fetched when something was signed last."""
    from sigstore.models import ClientTrustConfig, TrustedRoot

    try:
        if text is None:
            return ClientTrustConfig.production(offline=True).trusted_root
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            return TrustedRoot.from_file(file.name)
    except Exception as error:  # of the file, its JSON or the library's parser
        raise ZooError(f"the trusted root of Sigstore cannot be read: {_said(error)}") from None


def _verifier(root: TrustedRoot) -> Verifier:
    from sigstore.verify import Verifier

    try:
        return Verifier(trusted_root=root)
    except Exception as error:  # the library takes a root apart without checking it first
        raise ZooError(f"the trusted root of Sigstore names no log or no authority: {_said(error)}") from None
