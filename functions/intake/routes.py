"""The routes: who pushed it, what is in it, and whether it is new."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from intake.answers import Answer, RefusedError, unauthenticated
from intake.delivery import Partner, delivered
from intake.mentions import GoneError, Graph, Mention, NotFetchedError, mention_post, mentions_in
from intake.request import Request, json_object
from intake.signature import in_time, is_from_meta, is_from_partner, same

if TYPE_CHECKING:
    from aduan.directory import Channel
    from aduan.store.posts import DynamoPostStore
    from intake.keys import Keys

MOST_OF_A_PARTNER: Final = 64 * 1024
MOST_OF_META: Final = 1024 * 1024
"""Meta puts up to 1,000 changes into one push."""
PUSH_TIME: Final = timedelta(seconds=8)
"""After this time no further mention is fetched: the answer must be out before the function's time is over."""
_KEY_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class Routes:
    """Everything that may be pushed to; `now` is the clock."""

    posts: "DynamoPostStore"
    keys: "Keys"
    graph: Graph
    partners: "dict[str, tuple[Channel, Partner]]"
    accounts: "dict[str, Channel]"
    """Instagram accounts that are read, by the platform's id."""
    now: Callable[[], datetime]

    def answer(self, request: Request) -> Answer:
        """Answer one request.

        Raises:
            RefusedError: with the answer.
        """
        match request.method, request.source:
            case "GET", "meta":
                return self.verify(request)
            case "POST", "meta":
                return self.push(request)
            case "POST", _:
                return self.deliver(request)
        raise RefusedError(404, "not_found", "Alamat ini tidak ada.")

    def deliver(self, request: Request) -> Answer:
        """``POST /intake/{source}``: a partner pushes a post; sent twice, it is stored once."""
        body = request.body(MOST_OF_A_PARTNER)
        now = self.now()
        channel, partner, key_id = self._signed_by(request, body, now)
        log = {"channel": channel.id, "key_id": key_id, "body_bytes": len(body)}
        try:
            post = delivered(json_object(body), channel, partner, now)
        except RefusedError as error:
            return Answer(error.answer.status, error.answer.body, {**error.answer.log, **log})
        outcome, status = ("accepted", 202) if self.posts.add(post) else ("duplicate", 200)
        return Answer(status, {"status": outcome}, {**log, "outcome": outcome, "post": post.key})

    def _signed_by(self, request: Request, body: bytes, now: datetime) -> "tuple[Channel, Partner, str]":
        """Whose key signed it. The time is looked at first, so that old requests ask the Parameter Store nothing."""
        key_id, timestamp = request.header("x-relay-key-id"), request.header("x-relay-timestamp")
        known = self.partners.get(request.source)
        if known is None or not _KEY_ID.fullmatch(key_id) or not in_time(timestamp, now):
            raise unauthenticated()
        [secret] = self.keys.find(f"intake/{request.source}/keys/{key_id}")
        signature = request.header("x-relay-signature")
        if secret is None or not is_from_partner(signature, timestamp, body, secret=secret, now=now):
            raise unauthenticated()
        return *known, key_id

    def verify(self, request: Request) -> Answer:
        """``GET /intake/meta``: Meta asks whether this address is really ours, and wants its challenge back."""
        [expected] = self.keys.find("meta/verify_token")
        given = request.parameter("hub.verify_token")
        if request.parameter("hub.mode") != "subscribe" or expected is None or not same(given, expected):
            raise unauthenticated()
        return Answer(200, request.parameter("hub.challenge"), {"outcome": "verified"})

    def push(self, request: Request) -> Answer:
        """``POST /intake/meta``: only mentions of our accounts are used.

        500 when one could not be fetched, so that Meta sends all of it again; those already stored are duplicates.
        """
        body = request.body(MOST_OF_META)
        [app_secret] = self.keys.find("meta/app_secret")
        signature = request.header("x-hub-signature-256")
        if app_secret is None or not is_from_meta(signature, body, secret=app_secret):
            raise unauthenticated()
        until = self.now() + PUSH_TIME
        outcomes: Counter[str] = Counter()
        faults: list[str] = []
        for mention in mentions_in(json_object(body)):
            try:
                outcomes[self._take(mention, app_secret, until)] += 1
            except NotFetchedError as error:
                faults.append(str(error))
        log = {"body_bytes": len(body), "mentions": dict(outcomes), "faults": faults}
        if faults:
            self.keys.forget()  # a rotated token is picked up when Meta sends it again
            message = "Sebagian sebutan belum dapat dibaca; kirim ulang."
            refused = RefusedError(500, "not_fetched", message).answer
            return Answer(refused.status, refused.body, {**refused.log, **log})
        status = "accepted" if outcomes["accepted"] or outcomes["duplicate"] else "ignored"
        return Answer(200, {"status": status}, {"outcome": status, **log})

    def _take(self, mention: Mention | None, app_secret: str, until: datetime) -> str:
        """Fetch and store one mention; say what became of it."""
        if mention is None:
            return "malformed"
        channel = self.accounts.get(mention.account)
        if channel is None:
            return "foreign"
        if self.now() > until:
            raise NotFetchedError("time")
        [token] = self.keys.find(f"channels/{channel.id.replace(':', '/')}/token")
        if token is None:
            raise NotFetchedError("the token is missing")
        try:
            post = mention_post(self.graph.mention(mention, token, app_secret), mention, channel, self.now())
        except GoneError:
            return "gone"
        if post is None:
            return "own"
        return "accepted" if self.posts.add(post) else "duplicate"
