"""The routes: who may, what is asked, what the table says, what is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NoReturn

from admin_api import access, answers, requests
from admin_api.correction import correction, outdated
from admin_api.coverage import Bounds, coverage
from aduan.health import Health, channel_health
from aduan.notice import Contact
from aduan.refusal import RefusedError, invalid, not_found
from aduan.silence import HISTORY
from aduan.store.channels import LEDGER_DAYS
from aduan.store.pages import CursorError
from aduan.store.table import OutdatedError

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import APIGatewayRestResolver

    from aduan.directory import Channel, Directory
    from aduan.store.contacts import ContactStore
    from aduan.store.examples import ExampleStore
    from aduan.store.posts import PostStore
    from aduan.store.reading import ChannelState, Reading
    from aduan.store.tickets import TicketStore

JUDGED_RUNS: Final = 60
"""Runs a channel's health is judged by: an hour of failures."""
ATTEMPTS: Final = 3
"""A correction meets at most a sender that claims a notice at the same moment, and another person."""
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Stores:
    """What is read to be changed, and written."""

    contacts: ContactStore
    tickets: TicketStore
    posts: PostStore
    examples: ExampleStore


@dataclass(frozen=True)
class Routes:
    """The API over its stores; `now` is the clock."""

    app: APIGatewayRestResolver
    reading: Reading
    stores: Stores
    directory: Directory
    now: Callable[[], datetime]

    def register(self) -> None:
        """Hang the routes into the app. A known address with another method says so; the rest is not found."""
        routes: dict[str, dict[str, Callable[..., answers.Answer]]] = {
            "/tickets": {"GET": self.tickets},
            "/tickets/<code>": {"GET": self.ticket},
            "/tickets/<code>/correction": {"POST": self.correct},
            "/examples": {"GET": self.examples},
            "/forum": {"GET": self.forum},
            "/stats": {"GET": self.stats},
            "/channels": {"GET": self.channels},
            "/coverage": {"GET": self.coverage},
            "/departments/<code>/contacts": {"GET": self.contact, "PUT": self.replace_contact},
        }
        for rule, answering in routes.items():
            for method, answer in answering.items():
                self.app.route(rule, method)(answer)
            others = [method for method in METHODS if method not in answering]
            self.app.route(rule, others)(self._refusal_of_method(", ".join(answering)))
        self.app.not_found(self._nothing_here)

    def tickets(self) -> answers.Answer:
        """``GET /tickets``: newest first."""
        caller = self._caller()
        request = requests.tickets_request(self._event(), self.directory)
        query = request.query(caller.department_to_read(request.department))
        try:
            tickets, following = self.reading.list_tickets(query, request.limit, request.cursor)
        except CursorError:
            raise _wrong_cursor() from None
        return answers.tickets_answer(tickets, following, self.directory)

    def ticket(self, code: str) -> answers.Answer:
        """``GET /tickets/{code}``: with history, notices and the posts."""
        caller = self._caller()
        self._no_parameters()
        return self._detail(requests.ticket_code(code), caller)

    def correct(self, code: str) -> answers.Answer:
        """``POST /tickets/{code}/correction``: a person's word against the classifier's.

        What is already so is not written again, whatever the version: a repeated request is answered the same. The
        version of the first attempt holds for all: another one only follows when a notice was claimed meanwhile.
        """
        caller = self._caller()
        caller.must_be_admin()
        self._no_parameters()
        code = requests.ticket_code(code)
        asked = requests.correction_request(self._event(), self.directory)
        for _ in range(ATTEMPTS):
            ticket = self.stores.tickets.get(code)
            post = None if ticket is None else self.stores.posts.get(ticket.post)
            if ticket is None or post is None:
                raise access.missing_ticket()
            known = self.stores.examples.get(ticket)
            change = correction(
                asked, ticket, post, known, by=caller.signature, directory=self.directory, now=self.now()
            )
            if change is not None:
                try:
                    self.stores.tickets.write(change)
                except OutdatedError:
                    continue
            return {"changed": change is not None, **self._detail(code, caller)}
        raise outdated()

    def examples(self) -> answers.Answer:
        """``GET /examples``: what people corrected, for whoever trains the classifier."""
        self._caller().must_be_admin()
        request, month = requests.examples_request(self._event(), self.now())
        try:
            examples, following = self.stores.examples.page(month, request.limit, request.cursor)
        except CursorError:
            raise _wrong_cursor() from None
        return answers.examples_answer(examples, month, following, self.directory)

    def forum(self) -> answers.Answer:
        """``GET /forum``: what the forum led by the Wakil Bupati is to speak about, the longest on the list first."""
        self._caller().must_be_admin()
        self._no_parameters()
        tickets, more = self.reading.forum()
        return answers.forum_answer(tickets, self.directory, more=more)

    def stats(self) -> answers.Answer:
        """``GET /stats``: figures by month of opening."""
        caller = self._caller()
        request, months = requests.stats_request(self._event(), self.directory, self.now())
        tallies = self.reading.count(months, request.by, caller.department_to_read(request.department))
        return answers.stats_answer(tallies, request.by, months, self.directory)

    def channels(self) -> answers.Answer:
        """``GET /channels``: is every channel being read?"""
        self._caller().must_be_admin()
        self._no_parameters()
        now = self.now()
        return answers.channels_answer(
            [(channel, *self._channel(channel, now)) for channel in self.directory.channels], self.directory
        )

    def coverage(self) -> answers.Answer:
        """``GET /coverage``: was everything read between two moments?"""
        self._caller().must_be_admin()
        request = requests.coverage_request(self._event())
        cursor = self.reading.channel_cursor(request.channel)
        # An account that was taken out of the directory has been read all the same.
        if cursor.version == 0 and request.channel not in {channel.id for channel in self.directory.channels}:
            raise invalid("channel", "Kanal ini tidak dikenal dan belum pernah dibaca.")
        ledger = self.reading.ledger(request.channel, request.since, request.until)
        stretches = coverage(
            ledger.runs,
            request.since,
            ledger.until,
            Bounds.of(self.now(), timedelta(days=LEDGER_DAYS), ledger.first, ledger.looked_until),
        )
        return answers.coverage_answer(request.channel, stretches, request.until, self.directory)

    def contact(self, code: str) -> answers.Answer:
        """``GET /departments/{code}/contacts``; with ``.head`` after the code, of who leads it."""
        self._caller().must_be_admin()
        self._no_parameters()
        department = requests.contact_of(code, self.directory)
        return answers.contact_answer(department, self.stores.contacts.get(department), self.directory)

    def replace_contact(self, code: str) -> answers.Answer:
        """``PUT /departments/{code}/contacts``: the whole contact.

        What is already so is not written again: a repeated request answers the same and keeps who changed it. A dead
        address is alive again when it is entered anew.
        """
        caller = self._caller()
        caller.must_be_admin()
        self._no_parameters()
        department = requests.contact_of(code, self.directory)
        wanted = requests.contact_request(self._event())
        contact = self.stores.contacts.get(department)
        if contact is None or not contact.is_alive_as(wanted.email, wanted.fallback_email, wanted.phone):
            contact = Contact(
                department=department,
                email=wanted.email,
                fallback_email=wanted.fallback_email,
                phone=wanted.phone,
                updated_at=self.now(),
                updated_by=caller.name,
            )
            self.stores.contacts.put(contact)
        return answers.contact_answer(department, contact, self.directory)

    def _detail(self, code: str, caller: access.Caller) -> answers.Answer:
        detail = self.reading.ticket_detail(code)
        if detail is None or not caller.may_read(detail.ticket):
            raise access.missing_ticket()
        return answers.detail_answer(detail, self.directory, everything=caller.is_admin)

    def _channel(self, channel: Channel, now: datetime) -> tuple[ChannelState, Health]:
        """Two reads and two queries; one more when the channel was not read in the last hour."""
        state = self.reading.channel_state(channel.id, JUDGED_RUNS)
        last = None
        if not any(run.complete for run in state.runs):
            last = self.reading.last_complete_run(channel.id)
        arrivals = self.reading.arrivals(channel.id, now - HISTORY) if channel.is_polled else ()
        health = channel_health(channel, state.cursor, state.runs, arrivals, now, last_complete=last, token=state.token)
        return state, health

    def _event(self) -> dict[str, Any]:
        return self.app.current_event.raw_event

    def _caller(self) -> access.Caller:
        return access.caller(self._event())

    def _no_parameters(self) -> None:
        requests.no_parameters(self._event())

    def _refusal_of_method(self, allowed: str) -> Callable[..., NoReturn]:
        def refuse(**_: str) -> NoReturn:
            self._caller()
            message = "Metode ini tidak tersedia untuk alamat tersebut."
            raise RefusedError(405, "method_not_allowed", message, headers={"Allow": allowed})

        return refuse

    def _nothing_here(self, _: Exception) -> NoReturn:
        self._caller()
        raise not_found("Alamat ini tidak ada.")


def _wrong_cursor() -> RefusedError:
    return invalid("cursor", "Penanda halaman tidak sah; ambil dari next_cursor pada jawaban sebelumnya.")
