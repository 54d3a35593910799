"""What is answered: a status for machines, a sentence in Indonesian for people, and what the log may say of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True)
class Answer:
    """One answer."""

    status: int
    body: Mapping[str, Any] | str
    """A JSON object, or plain text."""
    log: Mapping[str, Any] = field(default_factory=dict)
    """Ids, lengths and outcomes, never what anybody wrote."""

    def response(self) -> dict[str, Any]:
        """As API Gateway wants it."""
        is_text = isinstance(self.body, str)
        return {
            "statusCode": self.status,
            "headers": {**HEADERS, "Content-Type": "text/plain" if is_text else "application/json"},
            "body": self.body if is_text else json.dumps(self.body, ensure_ascii=False),
            "isBase64Encoded": False,
        }


class RefusedError(Exception):
    """The request is answered with an error. The message never repeats what was sent."""

    def __init__(self, status: int, code: str, message: str, field: str | None = None) -> None:
        super().__init__(code)
        named = {} if field is None else {"field": field}
        self.answer = Answer(status, {"error": {"code": code, **named, "message": message}}, {"outcome": code})


def invalid(field: str, message: str, code: str = "invalid") -> RefusedError:
    """400: this field of the body is wrong."""
    return RefusedError(400, code, message, field)


def unauthenticated() -> RefusedError:
    """401: the one answer to whatever is wrong with key, signature or time, so that none of them can be tried."""
    return RefusedError(401, "unauthenticated", "Permintaan ditolak: kunci, tanda tangan, atau waktunya tidak sah.")


def too_large(most: int) -> RefusedError:
    """413: nothing of it was read."""
    return RefusedError(413, "too_large", f"Isi permintaan terlalu besar; paling banyak {most} bita.", "body")


def failure(error: Exception) -> Answer:
    """500: the log gets the error's class, AWS's own code and where in our code it came up.

    Not its message and not its stack: they repeat values, and a value may be what a citizen wrote.
    """
    place, trace = None, error.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__"))
        if module.partition(".")[0] in {"intake", "aduan"}:
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    answered = getattr(error, "response", None)
    code = answered.get("Error", {}).get("Code") if isinstance(answered, dict) else None
    message = "Terjadi gangguan pada sistem. Kirim ulang beberapa saat lagi; bila berulang, hubungi Diskominfo."
    return Answer(
        500,
        {"error": {"code": "internal", "message": message}},
        {"outcome": "failed", "error_type": type(error).__name__, "aws_code": code, "place": place},
    )
