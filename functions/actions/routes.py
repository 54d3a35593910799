"""Answers requests to a link: a GET shows what the link is about and changes nothing, a POST does it once."""

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
from actions.presence import Press, doubt, headers_of, served
from aduan.action_token import ExpiredError, GarbledError, TokenError, UnknownKeyError, verified
from aduan.refusal import RefusedError
from aduan.request_body import raw_body
from aduan.store.table import OutdatedError

if TYPE_CHECKING:
    from actions.form import Remarks
    from actions.pages import Page
    from actions.presence import Doubt
    from aduan.action_keys import ActionKeys
    from aduan.action_token import ActionToken
    from aduan.directory import Directory
    from aduan.store.examples import ExampleStore
    from aduan.store.posts import PostStore
    from aduan.store.tickets import TicketStore
    from aduan.ticket import Ticket

ATTEMPTS: Final = 3
"""Attempts to write a move. Two things can get in the way: a second press of the button, and a notice being claimed."""


@dataclass(frozen=True)
class Answer:
    """A page, and what may be logged and counted about it: nothing secret, and nothing that a person wrote."""

    page: Page
    outcome: str
    token: ActionToken | None = None
    moved_to: str | None = None
    """Code of the department that has the ticket after a move was written; None when nothing was written."""


@dataclass(frozen=True)
class _Met:
    """What the table holds about a link."""

    case: Case | None
    """None when there is no such ticket."""
    found: Found
    seen: int
    """Number of events in the ticket's history."""


@dataclass(frozen=True)
class Routes:
    """Answers requests to links, from the stores, keys and directory it is given; `now` is the clock."""

    tickets: TicketStore
    posts: PostStore
    examples: ExampleStore
    keys: ActionKeys
    directory: Directory
    now: Callable[[], datetime]

    def answer(self, event: Mapping[str, Any]) -> Answer:
        """Answer one API Gateway event. An unusable link and a form with a mistake get a page that says so."""
        try:
            token = self._verified(str((event.get("pathParameters") or {}).get("token") or ""))
        except TokenError as error:
            return _unusable(error)
        if event.get("httpMethod") != "POST":
            return self._shown(token)
        try:
            form = form_of(raw_body(event, MOST_BYTES))
            return self._done(Press(form, headers_of(event), token, self.now()))
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
        """Return the page with the button, or a page that says why there is no button any more."""
        met = self._met(token)
        if met.case is None:
            return Answer(pages.missing_page(), "missing", token)
        if met.found.state != "open":
            return Answer(pages.link_state_page(met.case, met.found), met.found.state, token)
        page = pages.form_page(met.case, met.seen, self._served(token), form, error)
        return Answer(page, "wrong" if error else "shown", token)

    def _served(self, token: ActionToken) -> str:
        return served(token, self.keys.get(), self.now())

    def _done(self, press: Press) -> Answer:
        """Do what the link asks for, unless it was done, the ticket changed meanwhile, or no person seems to ask."""
        token, form = press.token, press.form
        doubtful = doubt(press, self.keys.get())
        for _ in range(ATTEMPTS):
            met = self._met(token)
            if met.case is None or met.found.state != "open":
                return self._shown(token)
            again = self._asked_again(press, met.case, met.seen, doubtful)
            if again is not None:
                return again
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

    def _asked_again(self, press: Press, case: Case, seen: int, doubtful: Doubt | None) -> Answer | None:
        """Return the page that asks again with what was filled in; None when a person pressed and saw the latest."""
        if doubtful is not None:
            page = pages.doubted_page(case, seen, self._served(press.token), press.form, doubtful)
            return Answer(page, doubtful, press.token)
        if press.form.seen != str(seen):
            page = pages.stale_page(case, seen, self._served(press.token), press.form)
            return Answer(page, "stale", press.token)
        return None

    def _met(self, token: ActionToken) -> _Met:
        ticket = self.tickets.get(token.ticket)
        post = None if ticket is None else self.posts.get(ticket.post)
        if ticket is None or post is None:
            return _Met(None, Found("missing"), 0)
        history = self.tickets.history(token.ticket)
        case = Case(token, ticket, post, self.directory)
        return _Met(case, link_state(token, ticket, history), len(history))

    def _written(self, case: Case, remarks: Remarks, at: datetime) -> Ticket:
        """Write the move with everything that follows from it, and return the ticket after it."""
        if case.token.action == "not_ours":
            change = refused(case, self.examples.get(case.ticket), remarks, at)
        else:
            change = taken_up(case, remarks, at)
        self.tickets.write(change)
        return change.after


def _unusable(error: TokenError) -> Answer:
    """Return the page that says why a link cannot be used."""
    match error:
        case GarbledError():
            return Answer(pages.garbled_page(), "garbled")
        case ExpiredError():
            return Answer(pages.expired_page(), "expired")
    return Answer(pages.forged_page(), "forged")
