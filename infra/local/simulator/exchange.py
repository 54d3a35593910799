"""Requests and answers, independent of any HTTP library."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

_AUTHORIZATION_SCHEMES = ("bearer", "oauth")


@dataclass(frozen=True)
class Request:
    """What a client asks of a platform.

    `quirks` name the ways to misbehave that a fault has switched on and that only the code that reads can carry out.
    """

    method: str
    path: str
    params: Mapping[str, str]
    base_url: str
    authorization: str = field(default="", repr=False)
    quirks: frozenset[str] = frozenset()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Header values by lower-case name."""

    @property
    def parts(self) -> list[str]:
        """The parts of the path; on the Graph API these are the version, the object and, mostly, the edge."""
        return [part for part in self.path.split("/") if part]

    @property
    def token(self) -> str | None:
        """The access token; the header takes precedence over the query."""
        scheme, _, token = self.authorization.partition(" ")
        if scheme.lower() in _AUTHORIZATION_SCHEMES:
            return token.strip()
        return self.params.get("access_token")

    def with_quirk(self, quirk: str) -> Request:
        """Return the same request, to be answered with this quirk."""
        return replace(self, quirks=self.quirks | {quirk})

    def with_params(self, **params: str) -> Request:
        """Return the same request with these parameters changed."""
        return replace(self, params={**self.params, **params})


@dataclass(frozen=True)
class Answer:
    """What the client gets; `text` replaces `body` where a fault spoils the JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any
    text: str | None = None
    delay_seconds: float = 0
    slashes_escaped: bool = False

    def written(self) -> str:
        r"""Return the body as text; like Meta, it writes `\/` and `\uXXXX`, which is still valid JSON."""
        if self.text is not None:
            return self.text
        if self.slashes_escaped:
            return json.dumps(self.body, separators=(",", ":")).replace("/", "\\/")
        return json.dumps(self.body, separators=(",", ":"), ensure_ascii=False)

    def encoded(self) -> bytes:
        """Return the body's bytes as sent."""
        body = self.written().encode()
        return gzip.compress(body, mtime=0) if self.headers.get("Content-Encoding") == "gzip" else body


JSON_HEADERS = {"Content-Type": "application/json; charset=UTF-8"}


def parameters(query: str, body: bytes, content_type: str) -> dict[str, str]:
    """Return the parameters of a query and of a body that is a form or a JSON object; values in JSON stay JSON."""
    found = dict(parse_qsl(query))
    if content_type.startswith("application/x-www-form-urlencoded"):
        found |= dict(parse_qsl(body.decode(errors="replace")))
    elif content_type.startswith("application/json"):
        try:
            document = json.loads(body or b"{}")
        except ValueError:
            return found
        if isinstance(document, dict):
            found |= {key: value if isinstance(value, str) else json.dumps(value) for key, value in document.items()}
    return found
