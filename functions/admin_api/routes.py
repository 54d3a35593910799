"""The routes of the admin API: each checks the caller and the request, asks the stores, and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NoReturn

from admin_api import access, answers, channel_answers, gate, lane_answers, requests
from admin_api.contact_change import told_of_change
from admin_api.correction import correction, outdated
from admin_api.coverage import Bounds, coverage
from admin_api.health import Health, channel_health
from admin_api.silence import HISTORY
from admin_api.sorting import Verdict, decided, opened, said, verdict
from aduan.notice import Contact
from aduan.refusal import RefusedError, invalid, not_found
from aduan.store.channels import LEDGER_DAYS
from aduan.store.pages import CursorError
from aduan.store.table import OutdatedError
from aduan.store.tickets import write_opening

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import APIGatewayRestResolver

    from admin_api.suppression import SuppressionList
    from aduan.change import Change
    from aduan.directory import Channel, Directory
    from aduan.notice import ContactId
    from aduan.post import Post
    from aduan.store.contacts import ContactStore
    from aduan.store.examples import ExampleStore
    from aduan.store.gates import GateStore
    from aduan.store.lanes import LaneStore
    from aduan.store.ledger import ChannelState, LedgerReading
    from aduan.store.posts import PostStore
    from aduan.store.statistics import Statistics
    from aduan.store.ticket_reading import TicketReading
    from aduan.store.tickets import TicketStore
    from aduan.triage import Triage

JUDGED_RUNS: Final = 60
"""How many runs a channel's health is judged by: an hour of failures."""
ATTEMPTS: Final = 3
"""How often a correction is tried. At most a sender that claims a notice and another person can get in its way."""
SHOWN_CHANGES: Final = 10
"""How many of a contact's changes are shown; the others are in the table."""
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Stores:
    """The stores that the API reads and writes."""

    contacts: ContactStore
    tickets: TicketStore
    posts: PostStore
    examples: ExampleStore
    ticket_reading: TicketReading
    statistics: Statistics
    ledger: LedgerReading
    lanes: LaneStore
    gates: GateStore


@dataclass(frozen=True)
class Routes:
    """The API over its stores; `now` is the clock."""

    app: APIGatewayRestResolver
    stores: Stores
    directory: Directory
    now: Callable[[], datetime]
    suppression_list: SuppressionList
    code_of: Callable[[str, int], str]
    """Makes the code of the ticket that a post opens; the number is raised when the code is taken."""
    chatter_for: timedelta
    """How long what is no complaint is kept."""
    learner: gate.Learner

    def register(self) -> None:
        """Add the routes to the app. A known address refuses other methods with 405; other addresses are not found."""
        routes: dict[str, dict[str, Callable[..., answers.Answer]]] = {
            "/tickets": {"GET": self.tickets},
            "/tickets/<code>": {"GET": self.ticket},
            "/tickets/<code>/correction": {"POST": self.correct},
            "/examples": {"GET": self.examples},
            "/forum": {"GET": self.forum},
            "/review": {"GET": self.review, "POST": self.sort},
            "/questions": {"GET": self.questions},
            "/gate": {"GET": self.gate, "POST": self.choose_gate},
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
        """``GET /tickets``: a list of tickets, newest first."""
        caller = self._caller()
        request = requests.tickets_request(self._event(), self.directory)
        query = request.query(caller.department_to_read(request.department))
        try:
            tickets, following = self.stores.ticket_reading.list_tickets(query, request.limit, request.cursor)
        except CursorError:
            raise _wrong_cursor() from None
        return answers.tickets_answer(tickets, following, self.directory)

    def ticket(self, code: str) -> answers.Answer:
        """``GET /tickets/{code}``: one ticket with its history, notices and posts."""
        caller = self._caller()
        self._no_parameters()
        return self._detail(requests.ticket_code(code), caller)

    def correct(self, code: str) -> answers.Answer:
        """``POST /tickets/{code}/correction``: a person corrects the classifier.

        Nothing is written when the ticket is as asked already, whatever its version, so a repeated request gets the
        same answer. An attempt that meets another write is repeated against the ticket as it is then; it is refused if
        the ticket no longer has the version the person saw.
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
        """``GET /examples``: what people corrected, for training the classifier."""
        self._caller().must_be_admin()
        request, month = requests.examples_request(self._event(), self.now())
        try:
            examples, following = self.stores.examples.page(month, request.limit, request.cursor)
        except CursorError:
            raise _wrong_cursor() from None
        return answers.examples_answer(examples, month, following, self.directory)

    def forum(self) -> answers.Answer:
        """``GET /forum``: the tickets for the forum led by the Wakil Bupati, the longest on the list first."""
        self._caller().must_be_admin()
        self._no_parameters()
        tickets, more = self.stores.ticket_reading.forum()
        return answers.forum_answer(tickets, self.directory, more=more)

    def stats(self) -> answers.Answer:
        """``GET /stats``: figures by month of opening."""
        caller = self._caller()
        request, months = requests.stats_request(self._event(), self.directory, self.now())
        department = caller.department_to_read(request.department)
        tallies = self.stores.statistics.count(months, request.by, department)
        counts = None if department is not None else self.stores.statistics.lanes(months)
        return {
            **answers.stats_answer(tallies, request.by, months, self.directory),
            "lanes": None if counts is None else lane_answers.lanes_answer(counts),
            "gate": None if counts is None else gate.estimate(counts),
        }

    def review(self) -> answers.Answer:
        """``GET /review``: the posts that may be reports, by thread, the likeliest first."""
        self._caller().must_be_admin()
        request = requests.review_request(self._event())
        posts = [post for post in self.stores.lanes.candidates() if request.channel in {None, post.channel}]
        return lane_answers.review_answer(posts, request.limit, self.directory, self.now())

    def questions(self) -> answers.Answer:
        """``GET /questions``: the unanswered questions by thread, the oldest first; an officer's own channels only."""
        caller = self._caller()
        request = requests.review_request(self._event())
        channels = [
            channel.id
            for channel in self.directory.channels
            if request.channel in {None, channel.id} and caller.department in {None, channel.department}
        ]
        posts = [post for channel in channels for post in self.stores.lanes.questions(channel)]
        return lane_answers.questions_answer(posts, request.limit, self.directory, self.now())

    def sort(self) -> answers.Answer:
        """``POST /review``: decide about candidates and questions, many at once, each by itself."""
        caller = self._caller()
        caller.must_be_admin()
        self._no_parameters()
        asked = requests.sortings_request(self._event())
        return {"decisions": [self._sort(one, caller) for one in asked]}

    def _sort(self, asked: requests.Sorting, caller: access.Caller) -> answers.Answer:
        post = self.stores.posts.get(asked.post)
        found = verdict(asked, post, self.directory)
        if found is None and post is not None and post.triage is not None:
            triage, by, now = decided(asked, post.triage, self.directory), caller.signature, self.now()
            try:
                if asked.department is None:
                    self.stores.lanes.sort(post, triage, said(asked, post, by=by, now=now), self.chatter_for)
                else:
                    self._open(asked, post, triage, by)
                found = Verdict("done")
            except OutdatedError:
                found = Verdict("outdated")
            post = self.stores.posts.get(asked.post)
        return lane_answers.sorting_answer(asked.post, found or Verdict("outdated"), post, self.directory, self.now())

    def _open(self, asked: requests.Sorting, post: Post, triage: Triage, by: str) -> None:
        """Open the post's ticket."""

        def opening_with(attempt: int) -> Change:
            code = self.code_of(post.key, attempt)
            return opened(asked, post, triage, self.directory, code=code, by=by, now=self.now())

        write_opening(self.stores.tickets, opening_with)

    def gate(self) -> answers.Answer:
        """``GET /gate``: what was learnt from the desk, and which version of it decides."""
        self._caller().must_be_admin()
        self._no_parameters()
        gates = self.stores.gates
        return gate.gate_answer(gates.in_force(), gates.versions(), gates.last_run())

    def choose_gate(self) -> answers.Answer:
        """``POST /gate``: put a version in force, or start a run that learns."""
        caller = self._caller()
        caller.must_be_admin()
        self._no_parameters()
        asked = requests.gate_request(self._event())
        if asked.version is None:
            self.learner.start(caller.signature)
            return {"started": True, "changed": False, **self.gate()}
        gates = self.stores.gates
        before = gates.in_force()
        after = gate.chosen(asked.version, before, gates.versions(), by=caller.signature, now=self.now())
        if after is not None:
            try:
                gates.put_in_force(after, before)
            except OutdatedError:
                raise gate.changed_meanwhile() from None
        return {"started": False, "changed": after is not None, **self.gate()}

    def channels(self) -> answers.Answer:
        """``GET /channels``: is every channel being read?"""
        self._caller().must_be_admin()
        self._no_parameters()
        now = self.now()
        return channel_answers.channels_answer(
            [(channel, *self._channel(channel, now)) for channel in self.directory.channels], self.directory
        )

    def coverage(self) -> answers.Answer:
        """``GET /coverage``: was everything read between two moments?"""
        self._caller().must_be_admin()
        request = requests.coverage_request(self._event())
        cursor = self.stores.ledger.channel_cursor(request.channel)
        # A channel may have been read although it is no longer in the directory.
        if cursor.version == 0 and request.channel not in {channel.id for channel in self.directory.channels}:
            raise invalid("channel", "Kanal ini tidak dikenal dan belum pernah dibaca.")
        ledger = self.stores.ledger.ledger(request.channel, request.since, request.until)
        stretches = coverage(
            ledger.runs,
            request.since,
            ledger.until,
            Bounds.of(self.now(), timedelta(days=LEDGER_DAYS), ledger.first, ledger.looked_until),
        )
        return channel_answers.coverage_answer(request.channel, stretches, request.until, self.directory)

    def contact(self, code: str) -> answers.Answer:
        """``GET /departments/{code}/contacts``: a department's contact; with ``.head`` after the code, its head's."""
        self._caller().must_be_admin()
        self._no_parameters()
        who = requests.contact_of(code, self.directory)
        return self._contact(who, self.stores.contacts.get(who))

    def replace_contact(self, code: str) -> answers.Answer:
        """``PUT /departments/{code}/contacts``: replace the whole contact.

        Nothing is written when the contact is as asked already, so a repeated request gets the same answer and does
        not change who made the change. A dead address that is entered again counts as alive, and is taken off SES's
        suppression list, which would keep every mail from it. That is done first, and again at each repetition. Living
        mail addresses that are taken out are told, once for each change.
        """
        caller = self._caller()
        caller.must_be_admin()
        self._no_parameters()
        who = requests.contact_of(code, self.directory)
        wanted = requests.contact_request(self._event())
        addresses = [address for address in (wanted.email, wanted.fallback_email) if address is not None]
        unlisted = {address: self.suppression_list.take_off(address) for address in addresses}
        for _ in range(ATTEMPTS):
            contact = self.stores.contacts.get(who)
            if contact is not None and contact.is_alive_as(wanted.email, wanted.fallback_email, wanted.phone):
                return self._contact(who, contact, unlisted)
            before = contact
            contact = Contact(
                department=who,
                email=wanted.email,
                fallback_email=wanted.fallback_email,
                phone=wanted.phone,
                updated_at=self.now(),
                updated_by=caller.name,
            )
            try:
                self.stores.contacts.put(contact, before, told_of_change(before, contact))
            except OutdatedError:
                continue
            return self._contact(who, contact, unlisted)
        raise outdated()

    def _contact(
        self, who: ContactId, contact: Contact | None, unlisted: Mapping[str, str] | None = None
    ) -> answers.Answer:
        changes = self.stores.contacts.versions(who, SHOWN_CHANGES)
        return answers.contact_answer(who, contact, self.directory, changes, unlisted)

    def _detail(self, code: str, caller: access.Caller) -> answers.Answer:
        detail = self.stores.ticket_reading.ticket_detail(code)
        if detail is None or not caller.may_read(detail.ticket):
            raise access.missing_ticket()
        return answers.detail_answer(detail, self.directory, everything=caller.is_admin)

    def _channel(self, channel: Channel, now: datetime) -> tuple[ChannelState, Health]:
        """Read a channel's state and judge its health.

        This takes two reads and two queries; one more when none of the last `JUDGED_RUNS` runs was complete.
        """
        state = self.stores.ledger.channel_state(channel.id, JUDGED_RUNS)
        last = None
        if not any(run.complete for run in state.runs):
            last = self.stores.ledger.last_complete_run(channel.id)
        arrivals = self.stores.ledger.arrivals(channel.id, now - HISTORY) if channel.is_polled else ()
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
