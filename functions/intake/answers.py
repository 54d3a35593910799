"""Answers of the intake: a status for machines, a sentence in Indonesian for people, and what may be logged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aduan.refusal import HEADERS, RefusedError, without_text


@dataclass(frozen=True)
class Answer:
    """One answer to a request."""

    status: int
    body: Mapping[str, Any] | str
    """A JSON object, or plain text."""
    log: Mapping[str, Any] = field(default_factory=dict)
    """Ids, lengths and outcomes, never what anybody wrote."""
    quarantined: int = 0
    """How many posts were put aside."""

    def response(self) -> dict[str, Any]:
        """Return the answer in the shape that API Gateway wants."""
        is_text = isinstance(self.body, str)
        body = self.body if is_text else json.dumps(self.body, ensure_ascii=False)
        return {
            "statusCode": self.status,
            "headers": {**HEADERS, "Content-Type": "text/plain" if is_text else "application/json"},
            # The gateway cannot send half a letter, which a caller's parameter may hold.
            "body": str(body).encode("utf-8", "replace").decode(),
            "isBase64Encoded": False,
        }


def unauthenticated() -> RefusedError:
    """Return the 401 for a wrong key, signature or time: one answer for all, so that none can be guessed."""
    return RefusedError(401, "unauthenticated", "Permintaan ditolak: kunci, tanda tangan, atau waktunya tidak sah.")


def refused(error: RefusedError, **log: Any) -> Answer:
    """Return the answer that states why a request was refused."""
    return Answer(error.status, error.body(), {"outcome": error.code, **log})


def failed(error: Exception) -> Answer:
    """Return a 500 without details; the log gets only what cannot hold a citizen's words."""
    message = "Terjadi gangguan pada sistem. Kirim ulang beberapa saat lagi; bila berulang, hubungi Diskominfo."
    answer = refused(RefusedError(500, "internal", message))
    return Answer(answer.status, answer.body, {"outcome": "failed", **without_text(error, "intake")})
