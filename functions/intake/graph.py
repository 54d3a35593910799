"""The Graph API, as far as it says what a mention says; one attempt per question, because Meta repeats its push."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import urllib3

from aduan.graph_api import (
    BLOCKED_CODE,
    GONE_SUBCODE,
    PARAMETER_CODE,
    PERMISSION_CODES,
    THROTTLE_CODES,
    TOKEN_CODES,
    appsecret_proof,
    error_code,
)
from intake.mentions import Mention, UnreadableError

CONNECT_SECONDS: Final = 2.0
READ_SECONDS: Final = 5.0
_OK: Final = 200
_COMMENT: Final = "mentioned_comment.comment_id({}){{id,text,timestamp,username,media{{id,permalink}}}}"
_MEDIA: Final = "mentioned_media.media_id({}){{id,caption,timestamp,username,permalink}}"
_MEDIA_DOCUMENTED: Final = "mentioned_media.media_id({}){{id,caption,timestamp,username}}"
"""The documentation does not list the permalink of a medium that mentions the account; it is asked for all the same."""


class NotFetchedError(Exception):
    """A mention could not be fetched now; Meta must send it again. The text is safe to log: no body, no token."""


class HaltedError(NotFetchedError):
    """Nothing else of this account will be answered either, and asking may make a block longer."""


class NotPermittedError(NotFetchedError):
    """The account may not read this mention, or lost a permission and may read none: the answer does not say which."""


@dataclass(frozen=True)
class Graph:
    """Where it is, and how it is reached."""

    http: urllib3.PoolManager
    base_url: str
    """With the version."""

    def mention(self, mention: Mention, token: str, app_secret: str, left: Callable[[], float]) -> Mapping[str, Any]:
        """Ask what a mention says, as long as there are seconds `left`.

        Raises:
            UnreadableError: when it is deleted, or refused while the account itself is seen.
            NotFetchedError: when there is no good answer.
        """
        ask = _Question(self, mention.account, token, app_secret, left)
        if mention.comment_id is not None:
            fields = [_COMMENT.format(mention.comment_id)]
        else:
            fields = [_MEDIA.format(mention.media_id), _MEDIA_DOCUMENTED.format(mention.media_id)]
        for each in fields:
            answer, code, subcode = ask(each)
            if answer is not None:
                return answer
            if code != PARAMETER_CODE or subcode == GONE_SUBCODE:
                break  # only a refused field is a reason to ask for less
        name = f"code {code}/{subcode}"
        if code == PARAMETER_CODE and ask("id")[0] is not None:
            # A lost permission and a wrong proof look the same, but then the account itself cannot be seen either.
            raise UnreadableError("deleted or hidden" if subcode == GONE_SUBCODE else f"refused with {name}")
        if code in PERMISSION_CODES:
            raise NotPermittedError(name)
        if code == BLOCKED_CODE or code in TOKEN_CODES | THROTTLE_CODES:
            raise HaltedError(name)
        raise NotFetchedError(name)


@dataclass(frozen=True)
class _Question:
    graph: Graph
    account: str
    token: str
    app_secret: str
    left: Callable[[], float]

    def __call__(self, fields: str) -> tuple[dict[str, Any] | None, int | None, int | None]:
        """The answer, or None with the error's code and subcode."""
        seconds = self.left()
        if seconds <= 0:
            raise NotFetchedError("time")
        query = urlencode({"fields": fields, "appsecret_proof": appsecret_proof(self.token, self.app_secret)})
        try:
            answer = self.graph.http.request(
                "GET",
                f"{self.graph.base_url}/{self.account}?{query}",
                headers={"Authorization": f"Bearer {self.token}", "Accept": "application/json"},
                timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, seconds), read=min(READ_SECONDS, seconds)),
                retries=False,
                redirect=False,
            )
            body = json.loads(answer.data)
        except urllib3.exceptions.HTTPError as lost:
            raise NotFetchedError(f"no answer: {type(lost).__name__}") from None
        except (ValueError, RecursionError):
            raise NotFetchedError(f"the answer with status {answer.status} is not JSON") from None
        error = body.get("error") if isinstance(body, dict) else None
        if isinstance(error, dict):
            return None, error_code(error.get("code")), error_code(error.get("error_subcode"))
        if answer.status != _OK or not isinstance(body, dict):
            raise NotFetchedError(f"the answer with status {answer.status} is no object")
        return body, None, None
