"""The intake's routes: each checks who pushed, reads what was pushed, and stores what is new."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from aduan.refusal import RefusedError, not_found
from aduan.request_body import json_object
from aduan.secure_parameters import META_APP_SECRET, META_VERIFY_TOKEN, partner_key
from intake.answers import Answer, refused, unauthenticated
from intake.delivery import Partner, delivered
from intake.mentions import mentions_in
from intake.push import PUSH_TIME, Account, Push
from intake.signature import in_time, is_from_meta, is_from_partner, same

if TYPE_CHECKING:
    from aduan.directory import Channel
    from aduan.secure_parameters import SecureParameters
    from aduan.store.posts import PostStore
    from intake.graph import Graph
    from intake.request import Request

MOST_OF_A_PARTNER: Final = 64 * 1024
"""Bytes of the longest body that a partner may push."""
MOST_OF_META: Final = 1024 * 1024
"""Bytes of the longest body that Meta may push. One push holds up to 1,000 changes."""
_KEY_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class Routes:
    """The routes, with everything they need; `now` is the clock."""

    posts: PostStore
    secrets: SecureParameters
    graph: Graph
    partners: dict[str, tuple[Channel, Partner]]
    accounts: dict[str, Channel]
    """The Instagram accounts we read, by the platform's id."""
    now: Callable[[], datetime]

    def answer(self, request: Request) -> Answer:
        """Answer one request.

        Raises:
            RefusedError: when the request is refused; the error holds the answer.
        """
        match request.method, request.source:
            case "GET", "meta":
                return self.verify(request)
            case "POST", "meta":
                return self.push(request)
            case "POST", _:
                return self.deliver(request)
        raise not_found("Alamat ini tidak ada.")

    def deliver(self, request: Request) -> Answer:
        """Answer ``POST /intake/{source}``: a partner pushes a post.

        A post sent twice is stored once; sent again with another text or its first picture, it was edited.
        """
        body = request.body(MOST_OF_A_PARTNER)
        now = self.now()
        channel, partner, key_id = self._signed_by(request, body, now)
        log = {"channel": channel.id, "key_id": key_id, "body_bytes": len(body)}
        try:
            post = delivered(json_object(body), channel, partner, now)
        except RefusedError as error:
            return refused(error, **log)
        if self.posts.add(post):
            outcome, status = "accepted", 202
        elif self.posts.revise(post):
            outcome, status = "revised", 202
        else:
            outcome, status = "duplicate", 200
        return Answer(status, {"status": outcome}, {**log, "outcome": outcome, "post": post.key})

    def _signed_by(self, request: Request, body: bytes, now: datetime) -> tuple[Channel, Partner, str]:
        """Return the channel, partner and key that signed a request.

        The time is checked first, so that old requests cost no call to the Parameter Store.
        """
        key_id, timestamp = request.header("x-relay-key-id"), request.header("x-relay-timestamp")
        known = self.partners.get(request.source)
        if known is None or not _KEY_ID.fullmatch(key_id) or not in_time(timestamp, now):
            raise unauthenticated()
        secret = self.secrets.find_claimed(partner_key(request.source, key_id))
        signature = request.header("x-relay-signature")
        if secret is None or not is_from_partner(signature, timestamp, body, secret=secret, now=now):
            raise unauthenticated()
        return *known, key_id

    def verify(self, request: Request) -> Answer:
        """Answer ``GET /intake/meta``: Meta verifies that this address is ours, and wants its challenge back."""
        [expected] = self.secrets.find(META_VERIFY_TOKEN)
        given = request.parameter("hub.verify_token")
        if request.parameter("hub.mode") != "subscribe" or expected is None or not same(given, expected):
            raise unauthenticated()
        return Answer(200, request.parameter("hub.challenge"), {"outcome": "verified"})

    def push(self, request: Request) -> Answer:
        """Answer ``POST /intake/meta``: store the mentions of our accounts.

        The answer is 500 when a mention could not be fetched, so that Meta repeats the whole push.
        """
        body = request.body(MOST_OF_META)
        [app_secret] = self.secrets.find(META_APP_SECRET)
        signature = request.header("x-hub-signature-256")
        if app_secret is None or not is_from_meta(signature, body, secret=app_secret):
            raise unauthenticated()
        until = self.now() + PUSH_TIME
        push = json_object(body)
        mentioned = {account for account, _ in mentions_in(push)}
        accounts = {number: self._account(each) for number, each in self.accounts.items() if number in mentioned}
        taken = Push(self.posts, self.graph, app_secret, self.now, until).take(push, accounts)
        log = {
            "body_bytes": len(body),
            "mentions": dict(taken.outcomes),
            "faults": dict(taken.faults),
            "unreadable": dict(taken.unreadable),
        }
        if taken.faults:
            self.secrets.forget()  # a rotated token is picked up when Meta sends it again
            error = RefusedError(500, "not_fetched", "Sebagian sebutan belum dapat dibaca; kirim ulang.")
            return replace(refused(error, **log), quarantined=taken.quarantined)
        status = "accepted" if taken.outcomes["accepted"] or taken.outcomes["known"] else "ignored"
        return Answer(200, {"status": status}, {"outcome": status, **log}, taken.quarantined)

    def _account(self, channel: Channel) -> Account:
        [token] = self.secrets.find(channel.token_parameter)
        return Account(channel, token)
