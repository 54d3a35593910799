"""One address: a GET shows what a link is about and changes nothing, a POST does it once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from actions import pages
from actions.case import Case
from actions.form import MOST_BYTES, Form, FormError, form_of, remarks_of
from actions.link_state import Found, link_state
from actions.moves import refused, taken_up
from aduan.action_token import ExpiredError, GarbledError, TokenError, UnknownKeyError, verified
from aduan.refusal import RefusedError
from aduan.request_body import raw_body
from aduan.store.table import OutdatedError

if TYPE_CHECKING:
    from actions.form import Remarks
    from actions.pages import Page
    from aduan.action_keys import ActionKeys
    from aduan.action_token import ActionToken
    from aduan.directory import Directory
    from aduan.store.examples import ExampleStore
    from aduan.store.posts import PostStore
    from aduan.store.tickets import TicketStore
    from aduan.ticket import Ticket

ATTEMPTS: Final = 3
"""A move meets at most another press of the same button, and a sender that claims a notice at the same moment."""


@dataclass(frozen=True)
class Answer:
    """A page, and what may be said about it: no token, and nothing that a person wrote."""

    page: Page
    outcome: str
    token: ActionToken | None = None
    moved_to: str | None = None
    """Code of the department that has the ticket after something was written; None when nothing was."""


@dataclass(frozen=True)
class _Met:
    """What a link meets in the table."""

    case: Case | None
    """None when there is no such ticket."""
    found: Found
    seen: int
    """How long the ticket's history is."""


@dataclass(frozen=True)
class Routes:
    """Everything behind the links; `now` is the clock."""

    tickets: TicketStore
    posts: PostStore
    examples: ExampleStore
    keys: ActionKeys
    directory: Directory
    now: Callable[[], datetime]

    def answer(self, event: Mapping[str, Any]) -> Answer:
        """Answer one request of API Gateway."""
        try:
            token = self._verified(str((event.get("pathParameters") or {}).get("token") or ""))
        except TokenError as error:
            return _unusable(error)
        if event.get("httpMethod") != "POST":
            return self._shown(token)
        try:
            return self._done(token, form_of(raw_body(event, MOST_BYTES)))
        except RefusedError:
            return Answer(pages.too_large_page(), "too_large", token)
        except FormError as error:
            return self._shown(token, error=str(error))

    def _verified(self, text: str) -> ActionToken:
        try:
            return verified(text, self.keys.get(), self.now())
        except UnknownKeyError:
            return verified(text, self.keys.get_newer(), self.now())

    def _shown(self, token: ActionToken, form: Form | None = None, error: str = "") -> Answer:
        """The page with the button, or why there is none any more."""
        met = self._met(token)
        if met.case is None:
            return Answer(pages.missing_page(), "missing", token)
        if met.found.state != "open":
            return Answer(pages.link_state_page(met.case, met.found), met.found.state, token)
        page = pages.form_page(met.case, met.seen, form, error)
        return Answer(page, "wrong" if error else "shown", token)

    def _done(self, token: ActionToken, form: Form) -> Answer:
        """Do what the link asks for, unless it was done, or something happened that the person has not seen."""
        for _ in range(ATTEMPTS):
            met = self._met(token)
            if met.case is None or met.found.state != "open":
                return self._shown(token)
            if form.seen != str(met.seen):
                return Answer(pages.stale_page(met.case, met.seen, form), "stale", token)
            try:
                remarks = remarks_of(form, token, self.directory)
            except FormError as error:
                return self._shown(token, form, str(error))
            if token.action == "not_ours" and met.case.post.state == "new":
                return Answer(pages.busy_page(), "undecided", token)
            at = self.now()
            try:
                after = self._written(met.case, remarks, at)
            except OutdatedError:
                continue
            page = pages.recorded_page(replace(met.case, ticket=after), at)
            return Answer(page, "recorded", token, moved_to=after.department)
        return Answer(pages.busy_page(), "busy", token)

    def _met(self, token: ActionToken) -> _Met:
        ticket = self.tickets.get(token.ticket)
        post = None if ticket is None else self.posts.get(ticket.post)
        if ticket is None or post is None:
            return _Met(None, Found("missing"), 0)
        history = self.tickets.history(token.ticket)
        case = Case(token, ticket, post, self.directory)
        return _Met(case, link_state(token, ticket, history), len(history))

    def _written(self, case: Case, remarks: Remarks, at: datetime) -> Ticket:
        """Write the move with everything that follows from it; return the ticket as it is now."""
        if case.token.action == "not_ours":
            change = refused(case, self.examples.get(case.ticket), remarks, at)
        else:
            change = taken_up(case, remarks, at)
        self.tickets.write(change)
        return change.after


def _unusable(error: TokenError) -> Answer:
    """Why a link is none."""
    match error:
        case GarbledError():
            return Answer(pages.garbled_page(), "garbled")
        case ExpiredError():
            return Answer(pages.expired_page(), "expired")
    return Answer(pages.forged_page(), "forged")
