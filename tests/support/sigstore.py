"""A Sigstore instance of its own on loopback: authority, certificate log, transparency log and login, with real keys.

The client that speaks to it, and what checks its signatures, is the real sigstore-python. Sources: RFC 6962 (logs),
https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md, https://docs.sigstore.dev/about/bundle/,
https://github.com/transparency-dev/formats/blob/main/log/README.md (checkpoints).
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

SHA = ec.ECDSA(hashes.SHA256())
START = "2024-01-01T00:00:00Z"
MINUTES = timedelta(minutes=10)
SIGNED_TIMESTAMPS = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
ISSUER = ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
MEDIA = "application/vnd.dev.sigstore"


def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def spki(private: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return private.public_key().public_bytes(serialization.Encoding.DER, form)


def log_id(private: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(spki(private)).digest()


class Tree:
    """A Merkle tree, RFC 6962 section 2.1."""

    @classmethod
    def root(cls, leaves: list[bytes]) -> bytes:
        if len(leaves) == 1:
            return hashlib.sha256(b"\0" + leaves[0]).digest()
        at = cls.split(leaves)
        return hashlib.sha256(b"\1" + cls.root(leaves[:at]) + cls.root(leaves[at:])).digest()

    @classmethod
    def path(cls, index: int, leaves: list[bytes]) -> list[bytes]:
        if len(leaves) == 1:
            return []
        at = cls.split(leaves)
        if index < at:
            return [*cls.path(index, leaves[:at]), cls.root(leaves[at:])]
        return [*cls.path(index - at, leaves[at:]), cls.root(leaves[:at])]

    @staticmethod
    def split(leaves: list[bytes]) -> int:
        return 1 << (len(leaves) - 1).bit_length() - 1


class Authority:
    """Makes certificates for ten minutes, each noted in a log of certificates (Fulcio)."""

    def __init__(self) -> None:
        self.private, self.ct = key(), key()
        self.noted_by: ec.EllipticCurvePrivateKey | None = None  # signs timestamps in place of the log, for once
        name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "an authority of the tests")])
        now = datetime.now(UTC)
        ski = x509.SubjectKeyIdentifier.from_public_key(self.private.public_key())
        signs = dict.fromkeys(("key_cert_sign", "crl_sign"), True)
        self.root = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage(**signs), critical=True)
            .add_extension(ski, critical=False)
            .sign(self.private, hashes.SHA256())
        )

    def certificate(self, public: Any, identity: str, issuer: str) -> x509.Certificate:
        """For a public key, with its signed certificate timestamp inside."""
        now = datetime.now(UTC)
        kind = x509.UniformResourceIdentifier if "://" in identity else x509.RFC822Name
        own = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.private.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.root.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(seconds=5))
            .not_valid_after(now + MINUTES)
            .add_extension(usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(own, critical=False)
            .add_extension(x509.SubjectAlternativeName([kind(identity)]), critical=True)
            .add_extension(x509.UnrecognizedExtension(ISSUER, issuer.encode()), critical=False)
        )
        before = builder.sign(self.private, hashes.SHA256()).tbs_certificate_bytes
        noted = x509.UnrecognizedExtension(SIGNED_TIMESTAMPS, self._timestamps(before))
        return builder.add_extension(noted, critical=False).sign(self.private, hashes.SHA256())

    def _timestamps(self, body: bytes) -> bytes:
        """The list of one timestamp over a certificate that has none yet, as its extension holds it (3.2, 3.3)."""
        at = int(time.time() * 1000)
        entry = log_id(self.private) + len(body).to_bytes(3, "big") + body
        made = (self.noted_by or self.ct).sign(struct.pack("!BBQH", 0, 0, at, 1) + entry + b"\0\0", SHA)
        one = b"\0" + log_id(self.ct) + struct.pack("!QHBBH", at, 0, 4, 3, len(made)) + made
        listed = struct.pack("!HH", len(one) + 2, len(one)) + one
        return b"\x04" + (bytes([len(listed)]) if len(listed) < 128 else b"\x81" + bytes([len(listed)])) + listed


def usage(**true: bool) -> x509.KeyUsage:
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    more = ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**dict.fromkeys((*names, *more), False) | true)


class Log:
    """Entries that are only added (Rekor); `late` seconds are added to the time at which it takes them."""

    def __init__(self) -> None:
        self.private, self.late = key(), 0
        self.leaves = [b"somebody's entry", b"another entry", b"a third one"]

    def add(self, body: bytes) -> dict[str, Any]:
        """As its first version answers, with promise, proof and checkpoint."""
        self.leaves.append(body)
        index, root = len(self.leaves) - 1, Tree.root(self.leaves)
        id, at = log_id(self.private), int(time.time()) + self.late
        told = {"body": b64(body), "integratedTime": at, "logID": id.hex(), "logIndex": index}
        promised = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
        note = f"log.test - 1\n{len(self.leaves)}\n{b64(root)}\n"
        signed = b64(id[:4] + self.private.sign(note.encode(), SHA))
        proof = {
            "logIndex": index,
            "treeSize": len(self.leaves),
            "rootHash": root.hex(),
            "hashes": [each.hex() for each in Tree.path(index, self.leaves)],
            "checkpoint": f"{note}\n\N{EM DASH} log.test {signed}\n",
        }
        promise = b64(self.private.sign(promised, SHA))
        verification = {"signedEntryTimestamp": promise, "inclusionProof": proof}
        return {hashlib.sha256(b"\0" + body).hexdigest(): told | {"verification": verification}}

    def envelope(self, proposed: dict[str, Any]) -> dict[str, Any]:
        """The entry of a DSSE envelope, as kind `dsse` 0.0.1 keeps it."""
        content = proposed["spec"]["proposedContent"]
        envelope = json.loads(content["envelope"])
        payload = base64.b64decode(envelope["payload"])
        (verifier,) = content["verifiers"]
        spec = {
            "envelopeHash": {"algorithm": "sha256", "value": hashlib.sha256(content["envelope"].encode()).hexdigest()},
            "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
            "signatures": [{"signature": each["sig"], "verifier": verifier} for each in envelope["signatures"]],
        }
        return self.add(json.dumps({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}).encode())


@dataclass
class Instance:
    """All of it, and who logs in: `identity`, as `issuer` says (None: this instance's own address).

    refused: the path that answers 503.
    """

    url: str = ""
    identity: str = "ann@example.org"
    issuer: str | None = None
    refused: str = ""
    authority: Authority = field(default_factory=Authority)
    log: Log = field(default_factory=Log)
    asked: list[str] = field(default_factory=list)
    challenges: dict[str, str] = field(default_factory=dict)

    @property
    def says(self) -> str:
        return self.issuer or self.url

    def token(self) -> str:
        now = int(time.time())
        claims = {"iss": self.says, "aud": "sigstore", "sub": self.identity, "iat": now, "nbf": now - 1}
        return jwt.encode(claims | {"exp": now + 60}, "a secret of the tests' own issuer, long enough")

    def root(self) -> dict[str, Any]:
        """The trusted root."""

        def log(private: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
            public = {"rawBytes": b64(spki(private)), "keyDetails": "PKIX_ECDSA_P256_SHA_256"}
            known = {"publicKey": public | {"validFor": {"start": START}}, "logId": {"keyId": b64(log_id(private))}}
            return {"baseUrl": self.url, "hashAlgorithm": "SHA2_256"} | known

        chain = [{"rawBytes": b64(self.authority.root.public_bytes(serialization.Encoding.DER))}]
        named = {"organization": "tests", "commonName": "tests"}
        own = {"subject": named, "uri": self.url, "certChain": {"certificates": chain}, "validFor": {"start": START}}
        return {
            "mediaType": f"{MEDIA}.trustedroot+json;version=0.1",
            "tlogs": [log(self.log.private)],
            "certificateAuthorities": [own],
            "ctlogs": [log(self.authority.ct)],
            "timestampAuthorities": [],
        }

    def config(self) -> dict[str, Any]:
        """What a client needs to sign here."""
        service = {"url": self.url, "majorApiVersion": 1, "validFor": {"start": START}, "operator": "tests"}
        signing = {
            "mediaType": f"{MEDIA}.signingconfig.v0.2+json",
            "caUrls": [service],
            "oidcUrls": [service],
            "rekorTlogUrls": [service],
            "tsaUrls": [],
            "rekorTlogConfig": {"selector": "ANY"},
            "tsaConfig": {"selector": "ANY"},
        }
        kind = f"{MEDIA}.clienttrustconfig.v0.1+json"
        return {"mediaType": kind, "trustedRoot": self.root(), "signingConfig": signing}

    def write(self, folder: Path, name: str) -> tuple[Path, Path]:
        """The files of both: for who signs, for who checks."""
        config, root = folder / f"{name}.config.json", folder / f"{name}.root.json"
        config.write_text(json.dumps(self.config()))
        root.write_text(json.dumps(self.root()))
        return config, root


def handler(instance: Instance) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            split = urlsplit(self.path)
            instance.asked.append(split.path)
            if split.path == "/.well-known/openid-configuration":
                ends = {"authorization_endpoint": f"{instance.url}/login", "token_endpoint": f"{instance.url}/token"}
                return self.answer(ends | {"issuer": instance.url})
            asked = {name: values[0] for name, values in parse_qs(split.query).items()}
            if split.path == "/ambient":  # as GitHub gives a workflow its token
                sound = self.headers["Authorization"] == "bearer of the workflow"
                return self.answer({"value": instance.token()} if sound else {}, 200 if sound else 401)
            if split.path != "/login":
                return self.answer({}, 404)
            instance.challenges["a code"] = asked["code_challenge"]
            self.send_response(302)
            back = urlencode({"code": "a code", "state": asked["state"]})
            self.send_header("Location", f"{asked['redirect_uri']}?{back}")
            self.end_headers()
            return None

        def do_POST(self) -> None:
            instance.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == instance.refused:
                return self.answer({}, 503)
            if self.path == "/token":
                return self.answer(*self.token({name: each[0] for name, each in parse_qs(body.decode()).items()}))
            if self.path == "/api/v2/signingCert":
                return self.answer(self.certificate(json.loads(body)))
            if self.path == "/api/v1/log/entries":
                return self.answer(instance.log.envelope(json.loads(body)), 201)
            return self.answer({}, 404)

        def token(self, asked: dict[str, str]) -> tuple[dict[str, str], int]:
            made = hashlib.sha256(asked["code_verifier"].encode()).digest()
            if instance.challenges.pop(asked["code"], "") != base64.urlsafe_b64encode(made).rstrip(b"=").decode():
                return {"error": "invalid_grant"}, 400
            return {"access_token": instance.token(), "token_type": "Bearer"}, 200

        def certificate(self, asked: dict[str, str]) -> dict[str, Any]:
            claims = jwt.decode(self.headers["Authorization"].partition(" ")[2], options={"verify_signature": False})
            request = x509.load_pem_x509_csr(base64.b64decode(asked["certificateSigningRequest"]))
            own = instance.authority
            made = own.certificate(request.public_key(), claims["sub"], claims["iss"])
            pems = [each.public_bytes(serialization.Encoding.PEM).decode() for each in (made, own.root)]
            return {"signedCertificateEmbeddedSct": {"chain": {"certificates": pems}}}

        def answer(self, told: dict[str, Any], status: int = 200) -> None:
            data = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: object) -> None:
            pass

    return Handler


@contextmanager
def serving() -> Iterator[Instance]:
    """An instance on a port that is free."""
    instance = Instance()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(instance)) as server:
        instance.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield instance
        finally:
            server.shutdown()
            thread.join()
