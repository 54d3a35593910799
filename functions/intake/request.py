"""A request as API Gateway hands it over: headers by lower-case name, and the body as the bytes that were signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aduan.request_body import raw_body


@dataclass(frozen=True)
class Request:
    """A request, made from an event of a REST API."""

    event: Mapping[str, Any]

    @property
    def method(self) -> str:
        """``GET`` or ``POST``."""
        return str(self.event.get("httpMethod"))

    @property
    def source(self) -> str:
        """The last part of the address: a partner's account, or ``meta``."""
        return str(self.event.get("path")).rpartition("/")[2]

    def header(self, name: str) -> str:
        """Return a header by its lower-case `name`, whatever case it was sent in; empty when it is missing."""
        headers: Mapping[str, str] = self.event.get("headers") or {}
        return next((value for known, value in headers.items() if known.lower() == name), "")

    def parameter(self, name: str) -> str:
        """Return a parameter of the query string; empty when it is missing."""
        parameters: Mapping[str, str] = self.event.get("queryStringParameters") or {}
        return parameters.get(name, "")

    def body(self, most: int) -> bytes:
        """Return the raw body, as the bytes that were signed.

        Raises:
            RefusedError: 413 when the body is longer than `most` bytes, 400 when its base 64 is broken.
        """
        return raw_body(self.event, most)
