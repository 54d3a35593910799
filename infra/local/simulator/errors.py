"""The Graph API's errors, as the contract document records them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_DOCUMENTATION = "https://developers.facebook.com/docs/graph-api"


@dataclass
class GraphError(Exception):
    """An error that the API answers with. Clients decide by `code`, because the HTTP status says little."""

    message: str
    code: int
    subcode: int | None = None
    type: str = "OAuthException"
    status: int = 400
    extra: dict[str, Any] = field(default_factory=dict)

    def body(self, trace_id: str) -> dict[str, Any]:
        """The JSON that the client sees."""
        error: dict[str, Any] = {"message": self.message, "type": self.type, "code": self.code, **self.extra}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return {"error": {**error, "fbtrace_id": trace_id}}


def bad_parameter(message: str) -> GraphError:
    """A parameter's value is not allowed."""
    return GraphError(f"(#100) {message}", 100)


def unknown_field(name: str, node: str) -> GraphError:
    """A field is unknown; one such field fails the whole request."""
    return GraphError(f"(#100) Tried accessing nonexisting field ({name}) on node type ({node})", 100)


def no_such_object(object_id: str, method: str = "get") -> GraphError:
    """The object is deleted or not visible; the API does not say which."""
    message = (
        f"Unsupported {method.lower()} request. Object with ID '{object_id}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation. Please read the Graph API documentation at "
        f"{_DOCUMENTATION}"
    )
    return GraphError(message, 100, 33, type="GraphMethodException")


def unknown_path(path: str) -> GraphError:
    """The path has no version, another version, or too many parts."""
    return GraphError(f"Unknown path components: {path}", 2500)


def invalid_token() -> GraphError:
    """There is no token, or nobody issued it."""
    return GraphError("Error validating access token: The session is invalid because the user logged out.", 190, 467)


def expired_token(now: datetime) -> GraphError:
    """The token was valid once."""
    today = now.strftime("%A, %d-%b-%y")
    message = (
        f"Error validating access token: Session has expired on {today} 00:00:00 PST. "
        f"The current time is {today} {now:%H:%M:%S} PST."
    )
    return GraphError(message, 190, 463)


def page_token_needed() -> GraphError:
    """The request uses a user's token where the Page's own is needed."""
    message = "(#190) A Page access token is required for this call for the new Pages experience."
    return GraphError(message, 190, 2069032)


def missing_permissions() -> GraphError:
    """The token may not read this object of a Page."""
    return GraphError("(#200) Missing Permissions", 200)


def no_permission() -> GraphError:
    """The token may not read this Instagram account."""
    return GraphError("(#10) Application does not have permission for this action", 10)


def missing_proof() -> GraphError:
    """The `appsecret_proof` is missing."""
    message = "API calls from the server require an appsecret_proof argument"
    return GraphError(message, 100, type="GraphMethodException")


def invalid_proof() -> GraphError:
    """The `appsecret_proof` belongs to another token or another secret."""
    message = "Invalid appsecret_proof provided in the API argument"
    return GraphError(message, 100, type="GraphMethodException")


def too_much_data() -> GraphError:
    """The request asks for too many items or fields in one page; the status is HTTP 500."""
    message = "Please reduce the amount of data you're asking for, then retry your request"
    return GraphError(message, 1, status=500)


def unavailable() -> GraphError:
    """The platform is temporarily unavailable."""
    message = "An unexpected error has occurred. Please retry your request later."
    return GraphError(message, 2, status=500, extra={"is_transient": True})


def throttled(code: int) -> GraphError:
    """A rate limit is reached: 80001 for a Page, 80002 for an Instagram account, 4 for the whole app."""
    if code == APP_LIMIT:
        # The error calls itself transient, yet trying again at once makes the block longer.
        return GraphError("(#4) Application request limit reached", 4, extra={"is_transient": True})
    account = "Page" if code == PAGE_LIMIT else "Instagram"
    message = (
        f"(#{code}) There have been too many calls to this {account} account. Wait a bit and try again. "
        f"For more info, please refer to {_DOCUMENTATION}/overview/rate-limiting."
    )
    return GraphError(message, code)


APP_LIMIT = 4
PAGE_LIMIT = 80001
INSTAGRAM_LIMIT = 80002
