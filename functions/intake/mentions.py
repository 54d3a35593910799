"""Instagram @mentions: Meta pushes their ids, and the Graph API is asked for what they say.

Sources: the Instagram platform's documentation of the webhook field ``mentions`` and of ``mentioned_comment`` and
``mentioned_media`` (developers.facebook.com/docs/instagram-platform).
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlencode

import urllib3
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from aduan.post import Post
from aduan.record import Moment
from intake.delivery import safe_link

if TYPE_CHECKING:
    from aduan.directory import Channel

TIMEOUT: Final = urllib3.Timeout(connect=2.0, read=5.0)
_OK: Final = 200
_PARAMETER_CODE: Final = 100
_GONE_SUBCODE: Final = 33
_COMMENT: Final = "mentioned_comment.comment_id({}){{id,text,timestamp,username,media{{id,permalink}}}}"
_MEDIA: Final = "mentioned_media.media_id({}){{id,caption,timestamp,username,permalink}}"
_MEDIA_DOCUMENTED: Final = "mentioned_media.media_id({}){{id,caption,timestamp,username}}"
"""The documentation does not list the permalink of a medium that mentions the account; it is asked for all the same."""


class NotFetchedError(Exception):
    """A mention could not be fetched; Meta must send it again. The text is safe to log: no body, no token."""


class GoneError(Exception):
    """What mentioned the account is deleted."""


def _whole(value: object) -> object:
    if isinstance(value, bool | float):
        raise ValueError("no id")  # noqa: TRY004 # what pydantic turns into a ValidationError
    return value


class _Pushed(BaseModel):
    # Ids may come as numbers.
    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True)


Id = Annotated[str, Field(pattern=r"^[0-9]{1,40}$"), BeforeValidator(_whole)]
"""Checked, because it becomes part of an address."""


class Mention(_Pushed):
    """Where an account was mentioned: in a comment, or in the caption of a medium."""

    account: Id
    media_id: Id
    comment_id: Id | None = None


class _Medium(_Pushed):
    permalink: str | None = None


class _Said(_Medium):
    """A comment or a medium."""

    id: Id
    text: str | None = None
    caption: str | None = None
    timestamp: Moment
    username: str | None = None
    media: _Medium | None = None


def mentions_in(push: Mapping[str, Any]) -> Iterator[Mention | None]:
    """Yield the mentions among what Meta pushed, None for each that is not of the documented form.

    Whatever else a push may hold is left alone.
    """
    if push.get("object") != "instagram":
        return
    for entry in _dicts(push.get("entry")):
        for change in _dicts(entry.get("changes")):
            if change.get("field") == "mentions":
                value = change.get("value")
                try:
                    yield Mention.model_validate(
                        {**(value if isinstance(value, dict) else {}), "account": entry.get("id")}
                    )
                except ValidationError:
                    yield None


def mention_post(answer: Mapping[str, Any], mention: Mention, channel: "Channel", now: datetime) -> Post | None:
    """Make a post of what the Graph API says about a mention; None when the account mentioned itself.

    Its key is the one under which `poll_channels` stores the same comment or tag.

    Raises:
        NotFetchedError: when the answer is not of the documented form, naming the field.
    """
    is_comment = mention.comment_id is not None
    wanted = mention.comment_id or mention.media_id
    try:
        said = _Said.model_validate(answer.get("mentioned_comment" if is_comment else "mentioned_media"))
    except (ValidationError, OverflowError) as error:
        faults = error.errors(include_input=False) if isinstance(error, ValidationError) else []
        raise NotFetchedError(f"malformed: {[str(part) for fault in faults for part in fault['loc']]}") from None
    if said.id != wanted:
        raise NotFetchedError("the answer is about something else")
    if said.username is not None and said.username == channel.handle:
        return None
    text = (said.text if is_comment else said.caption) or ""
    medium = said.media if is_comment else said
    return Post(
        kind="instagram",
        native_id=said.id,
        channel=channel.id,
        text=text,
        has_photo=not is_comment or not text,
        permalink=safe_link(None if medium is None else medium.permalink)
        or f"https://www.instagram.com/{channel.handle or ''}",
        created_at=said.timestamp,
        fetched_at=now,
    )


@dataclass(frozen=True)
class Graph:
    """The Graph API; one attempt per question, because Meta sends a push again that was not answered."""

    http: urllib3.PoolManager
    base_url: str
    """With the version."""

    def mention(self, mention: Mention, token: str, app_secret: str) -> Mapping[str, Any]:
        """Ask what a mention says.

        Raises:
            GoneError: when it is deleted.
            NotFetchedError: when there is no good answer.
        """
        ask = _Question(self, mention.account, token, app_secret)
        if mention.comment_id is not None:
            fields = [_COMMENT.format(mention.comment_id)]
        else:
            fields = [_MEDIA.format(mention.media_id), _MEDIA_DOCUMENTED.format(mention.media_id)]
        for each in fields:
            answer, code, subcode = ask(each)
            if answer is not None:
                return answer
            if code == _PARAMETER_CODE and subcode == _GONE_SUBCODE and ask("id")[0] is not None:
                # A lost permission looks the same, but then the account itself cannot be seen either.
                raise GoneError
            if code != _PARAMETER_CODE or subcode == _GONE_SUBCODE:
                break  # only a refused field is a reason to ask for less
        raise NotFetchedError(f"code {code}/{subcode}")


@dataclass(frozen=True)
class _Question:
    graph: Graph
    account: str
    token: str
    app_secret: str

    def __call__(self, fields: str) -> tuple[dict[str, Any] | None, int | None, int | None]:
        """The answer, or None with the error's code and subcode."""
        proof = hmac.new(self.app_secret.encode(), self.token.encode(), hashlib.sha256).hexdigest()
        try:
            answer = self.graph.http.request(
                "GET",
                f"{self.graph.base_url}/{self.account}?{urlencode({'fields': fields, 'appsecret_proof': proof})}",
                headers={"Authorization": f"Bearer {self.token}", "Accept": "application/json"},
                timeout=TIMEOUT,
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
            return None, _number(error.get("code")), _number(error.get("error_subcode"))
        if answer.status != _OK or not isinstance(body, dict):
            raise NotFetchedError(f"the answer with status {answer.status} is no object")
        return body, None, None


def _number(value: object) -> int | None:
    """Codes are whole numbers; anything else is unknown, and is not repeated in the log."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _dicts(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, dict))
