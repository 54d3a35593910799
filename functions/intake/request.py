"""A request as API Gateway hands it over: headers by small name, the body as the bytes that were signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aduan.request_body import raw_body


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
        """The raw body, as the bytes that were signed.

        Raises:
            RefusedError: 413 when it is longer than `most`, 400 when it is no base 64 although it should be.
        """
        return raw_body(self.event, most)
