"""One request and one answer, free of any HTTP library."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

_AUTHORIZATION_SCHEMES = ("bearer", "oauth")


@dataclass(frozen=True)
class Request:
    """What a client asks of the Graph API.

    `quirks` are ways to misbehave that a fault switches on and that only the reading itself can carry out.
    """

    method: str
    path: str
    params: Mapping[str, str]
    base_url: str
    authorization: str = field(default="", repr=False)
    quirks: frozenset[str] = frozenset()

    @property
    def parts(self) -> list[str]:
        """The parts of the path: version, object and, mostly, edge."""
        return [part for part in self.path.split("/") if part]

    @property
    def token(self) -> str | None:
        """The access token; the header goes before the query."""
        scheme, _, token = self.authorization.partition(" ")
        if scheme.lower() in _AUTHORIZATION_SCHEMES:
            return token.strip()
        return self.params.get("access_token")

    def with_quirk(self, quirk: str) -> "Request":
        """The same request, to be answered with this quirk."""
        return replace(self, quirks=self.quirks | {quirk})

    def with_params(self, **params: str) -> "Request":
        """The same request with other parameters."""
        return replace(self, params={**self.params, **params})


@dataclass(frozen=True)
class Answer:
    """What the client gets; `text` stands in for `body` where a fault spoils the JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any
    text: str | None = None
    delay_seconds: float = 0

    def encoded(self) -> bytes:
        r"""The body on the wire, with the `\/` and `\uXXXX` escapes of the real API."""
        if self.text is not None:
            return self.text.encode()
        return json.dumps(self.body, separators=(",", ":")).replace("/", "\\/").encode()


JSON_HEADERS = {"Content-Type": "application/json; charset=UTF-8"}
