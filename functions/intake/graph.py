"""Asks the Graph API for the text of a mention, in one attempt per request, because Meta repeats its push."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from aduan.graph_api import appsecret_proof, interpret_response
from aduan.platform_errors import GoneError, MisconfiguredError, NotPermittedError, OutageError
from aduan.platform_http import PlatformClient, Timeouts
from intake.mentions import Mention, UnreadableError

if TYPE_CHECKING:
    from datetime import datetime

    import urllib3

    from aduan.time_budget import TimeBudget

TIMEOUTS: Final = Timeouts(connect=2.0, read=5.0)
_COMMENT: Final = "mentioned_comment.comment_id({}){{id,text,timestamp,username,media{{id,permalink}}}}"
_MEDIA: Final = "mentioned_media.media_id({}){{id,caption,timestamp,username,permalink}}"
_MEDIA_DOCUMENTED: Final = "mentioned_media.media_id({}){{id,caption,timestamp,username}}"
"""The documentation does not list the permalink of a medium that mentions the account; it is asked for all the same."""


@dataclass(frozen=True)
class Graph:
    """The Graph API: its address, and the connections to it."""

    http: urllib3.PoolManager
    base_url: str
    """The address with the API's version."""

    def mention(
        self, mention: Mention, token: str, *, app_secret: str, budget: TimeBudget, now: datetime
    ) -> Mapping[str, Any]:
        """Return the platform's answer about a mention.

        Raises:
            UnreadableError: when the mention is deleted, or is refused although the account itself is visible.
            ChannelError: one of its kinds, when there is no good answer. A `NotPermittedError` leaves open whether the
                account may not read this mention, or lost a permission and may read none.
        """
        client = PlatformClient(self.http, budget, now, {"Authorization": f"Bearer {token}"}, timeouts=TIMEOUTS)
        proof = appsecret_proof(token, app_secret)

        def get(fields: str) -> dict[str, Any]:
            query = urlencode({"fields": fields, "appsecret_proof": proof})
            return client.request_json(f"{self.base_url}/{mention.account}?{query}", interpret_response, attempts=1)

        if mention.comment_id is not None:
            choices = [_COMMENT.format(mention.comment_id)]
        else:
            choices = [_MEDIA.format(mention.media_id), _MEDIA_DOCUMENTED.format(mention.media_id)]
        for fields in choices:
            try:
                return get(fields)
            except MisconfiguredError as error:
                reason = f"refused with {error}"  # only a refused field is a reason to ask for fewer fields
            except GoneError:
                reason = "deleted or hidden"
                break
        try:
            get("id")
        except NotPermittedError as error:
            raise OutageError(f"the account is not seen: {error}") from None
        # A lost permission and a wrong proof look the same, but then the account itself cannot be seen either.
        raise UnreadableError(reason)
