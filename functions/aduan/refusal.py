"""Errors that answer a request: a status for machines, an Indonesian sentence for people, and what may be logged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Headers of every answer: no cache may keep personal data, and no browser may guess the type of the content."""


class RefusedError(Exception):
    """The request is answered with an error. The message never repeats what was sent."""

    def __init__(  # what an error answer consists of
        self,
        status: int,
        code: str,
        message: str,
        field: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """Return the body of the answer: ``{"error": {"code", "message"}}``, with ``field`` when one is at fault."""
        field = {} if self.field is None else {"field": self.field}
        return {"error": {"code": self.code, **field, "message": self.message}}


def invalid(field: str, message: str, code: str = "invalid") -> RefusedError:
    """Return a 400 error: this field of the request is wrong."""
    return RefusedError(400, code, message, field)


def not_found(message: str) -> RefusedError:
    """Return a 404 error: there is no such thing, or the caller may not know of it."""
    return RefusedError(404, "not_found", message)


def too_large(most: int) -> RefusedError:
    """Return a 413 error: the body has more than `most` bytes, and nothing of it was read."""
    return RefusedError(413, "too_large", f"Isi permintaan terlalu besar; paling banyak {most} bita.", "body")


def without_text(error: BaseException, package: str) -> dict[str, str | None]:
    """Return what may be logged of a failure: its class, AWS's code, and the last place in `package` or `aduan`.

    The message and the stack are left out: they repeat values, and a value may be what a citizen wrote.
    """
    place = None
    trace = error.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__"))
        if module.partition(".")[0] in {package, "aduan"}:
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    answered = getattr(error, "response", None)
    code = answered.get("Error", {}).get("Code") if isinstance(answered, dict) else None
    return {"error_type": type(error).__name__, "aws_code": code, "place": place}
