"""A request as API Gateway hands it over: headers by small name, the body as the bytes that were signed."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from intake.answers import invalid, too_large


@dataclass(frozen=True)
class Request:
    """An event of a REST API."""

    event: Mapping[str, Any]

    @property
    def method(self) -> str:
        """``GET`` or ``POST``."""
        return str(self.event.get("httpMethod"))

    @property
    def source(self) -> str:
        """The last part of the address: a partner, or ``meta``."""
        return str(self.event.get("path")).rpartition("/")[2]

    def header(self, name: str) -> str:
        """A header, however its name is spelled; empty when there is none."""
        headers: Mapping[str, str] = self.event.get("headers") or {}
        return next((value for known, value in headers.items() if known.lower() == name), "")

    def parameter(self, name: str) -> str:
        """A parameter of the query string; empty when there is none."""
        parameters: Mapping[str, str] = self.event.get("queryStringParameters") or {}
        return parameters.get(name, "")

    def body(self, most: int) -> bytes:
        """The raw body, which the gateway may have wrapped into base 64.

        Raises:
            RefusedError: 413 when it is longer than `most`, 400 when it is no base 64 although it should be.
        """
        data = str(self.event.get("body") or "").encode("utf-8", "surrogatepass")
        wrapped = bool(self.event.get("isBase64Encoded"))
        # Four letters of base 64 are three bytes: too long is seen before anything is decoded.
        if len(data) > (most * 4 // 3 + 4 if wrapped else most):
            raise too_large(most)
        if wrapped:
            try:
                data = base64.b64decode(data, validate=True)
            except ValueError:
                raise invalid("body", "Isi permintaan bukan base64 yang sah.") from None
            if len(data) > most:
                raise too_large(most)
        return data


def json_object(data: bytes) -> dict[str, Any]:
    """The JSON object a body holds.

    Raises:
        RefusedError: 400.
    """
    try:
        value = json.loads(data.decode())
    except (ValueError, RecursionError):  # also what is no UTF-8
        raise invalid("body", "Isi permintaan harus JSON yang sah.") from None
    if not isinstance(value, dict):
        raise invalid("body", "Isi permintaan harus satu objek JSON.")
    return value
