"""What is refused, and how each protocol says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OF_STATUS = {429: "rate_limit_error", 500: "server_error", 503: "server_error"}


class Refused(Exception):
    """A request that gets no answer: the HTTP status, one message that says what to do, and what else clients read.

    param, code: as OpenAI's errors have them; None where there is nothing to say.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Keep them."""
        super().__init__(message)
        self.status, self.message, self.param, self.code = status, message, param, code
        self.headers = dict(headers or {})


def body_of(refused: Refused, path: str) -> dict[str, Any]:
    """The JSON body of an error: OpenAI's shape below /v1/, else that of the Open Inference Protocol.

    Sources: OpenAI API reference, "Error codes"; Open Inference Protocol v2, "$inference_error_response".
    """
    return openai_error(refused) if path.startswith("/v1/") else {"error": refused.message}


def openai_error(refused: Refused) -> dict[str, Any]:
    """As OpenAI's clients read it."""
    kind = OF_STATUS.get(refused.status, "invalid_request_error")
    return {"error": {"message": refused.message, "type": kind, "param": refused.param, "code": refused.code}}
