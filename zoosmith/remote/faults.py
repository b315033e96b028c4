"""What obstore and the system say went wrong, in words of ours: theirs may repeat headers, keys and signatures."""

from __future__ import annotations

import errno
import re

from zoosmith.remote.config import CacheConfig
from zoosmith.remote.stores import CacheFault

NO_BUCKET = ("NoSuchBucket", "ContainerNotFound", "specified bucket does not exist", "Unable to canonicalize")
FULL = ("No space left", "QuotaExceeded", "StorageFull", "Quota exceeded", "status: 507", "507 Insufficient")
SLOW = ("kind: Timeout", "TimedOut", "timed out")
NO_HOST = ("kind: Connect", "dns error", "onnection refused")
NO_KEYS = ("InvalidCredentials", "MissingCredentials", "MissingA", "MissingSecretAccessKey", "UnableToGetCredential")
ELSEWHERE = ("BareRedirect", "PermanentRedirect", "AuthorizationHeaderMalformed")
NO_CONDITIONS = re.compile(r"status(?: code)?: 501")
CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}


def fault_of(error: Exception, config: CacheConfig) -> CacheFault | None:
    """The fault behind an exception; None for one that is no affair of the store. kind "missing": no such object."""
    from obstore.exceptions import BaseError, NotSupportedError, PermissionDeniedError, UnauthenticatedError

    text = str(error)
    if not isinstance(error, (BaseError, OSError, NotImplementedError)):
        return None
    if any(word in text for word in NO_BUCKET):
        return CacheFault("absent", _no_bucket(config))
    if isinstance(error, FileNotFoundError):
        return CacheFault("missing", "there is no such object")
    if any(word in text for word in FULL) or getattr(error, "errno", None) == errno.ENOSPC:
        return CacheFault("full", "it is full")
    if isinstance(error, (PermissionDeniedError, UnauthenticatedError, PermissionError)) or any(
        word in text for word in ("Permission denied", "status: 401", "status: 403", *NO_KEYS)
    ):
        return CacheFault("denied", _denied(config))
    if isinstance(error, (NotSupportedError, NotImplementedError)):
        return CacheFault("unsupported", "a store of this kind does not do that")
    return CacheFault("unreachable", _unreachable(text, config))


def lacks_conditions(error: Exception) -> bool:
    """Whether a store refuses to write an object only where there is none; S3 of Swift says so by status 501."""
    from obstore.exceptions import NotSupportedError

    return isinstance(error, (NotSupportedError, NotImplementedError)) or bool(NO_CONDITIONS.search(str(error)))


def _no_bucket(config: CacheConfig) -> str:
    if config.scheme == "file":
        return "there is no such folder; make it, or mount the disk that it is on"
    return "there is no such bucket; make it, or mend the URL"


def _denied(config: CacheConfig) -> str:
    names = CREDENTIALS.get(config.scheme)
    return f"access is denied; look at {names}" if names else "access is denied"


def _unreachable(text: str, config: CacheConfig) -> str:
    if any(word in text for word in ELSEWHERE):
        return "the bucket is in another region; say it with `region`"
    if status := re.search(r"status(?: code)?: ([45]\d\d)", text):
        return f"it answered {status[1]}"
    if any(word in text for word in SLOW):
        return f"no answer came within {config.timeout_s:g} s"
    return "it cannot be reached" if any(word in text for word in NO_HOST) else "it does not answer as it should"
