"""Several notices in one mail: what waited for the day's digest.

Each is claimed like any other; then one request takes all of them along, and its answer is each one's answer. What SES
reports about the mail settles all of them. A crash in between leaves them claimed, and what SES reports nothing about
is sent once more after the grace time, together again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from aduan.notice import AnyNotice, Notice
from aduan.store.notices import NotPendingError
from aduan.triage import DESK
from notify.case import Case
from notify.delivery import (
    LOCAL,
    NobodyToTellError,
    NothingToSayError,
    address,
    answer_of,
    conclude,
    defer,
    deliver,
    is_due,
    look_up,
    park,
)
from notify.digest_wording import brief, digest_mail
from notify.mail_tags import TOGETHER, together
from notify.timing import hold_back

if TYPE_CHECKING:
    from aduan.directory import Department, Directory
    from aduan.notice import Contact
    from notify.action_links import ActionLinks
    from notify.delivery import Addressee, DeliverySettings, Outcome, Senders, Stores
    from notify.digest_wording import Brief
    from notify.wording import Mail


def goes_together(notice: AnyNotice, now: datetime) -> bool:
    """Tell whether a notice's digest has come; not whether it is time to send it again."""
    if not isinstance(notice, Notice) or notice.digest_at is None or notice.digest_at > now:
        return False
    return notice.state == "pending" or (notice.state == "claimed" and notice.repeated_at is None)


@dataclass(frozen=True)
class _Case:
    """A notice with what its digest says about it."""

    notice: Notice
    due_at: datetime
    brief: Brief


@dataclass
class Digests:
    """The digests of one run; it is made of what `deliver` takes."""

    stores: Stores
    senders: Senders
    directory: Directory
    now: datetime
    owner: str
    """Name of this run, as in `deliver`."""
    settings: DeliverySettings
    links: ActionLinks | None = None
    faults: list[Exception] = field(default_factory=list)
    """Of notices, or mails, that could not be dealt with; they delay no other."""
    _contacts: dict[str, Contact | None] = field(default_factory=dict)

    def deliver(self, notices: Iterable[Notice], has_time: Callable[[], bool]) -> Counter[Outcome]:
        """Send notices whose digest has come, in as few mails as have room for them, and count what became of each.

        What there is no time for stays on the queue, and so does what follows after a provider that takes nothing.
        """
        outcomes: Counter[Outcome] = Counter()
        groups: defaultdict[tuple[str, Addressee], list[_Case]] = defaultdict(list)
        for notice in notices:
            with self._noting():
                found = self._prepared(notice)
                if isinstance(found, str):
                    outcomes[found] += 1
                else:
                    groups[notice.key, found[0]].append(found[1])
        for (_, to), cases in groups.items():
            cases.sort(key=lambda case: (case.due_at, case.notice.ticket))
            for start in range(0, len(cases), TOGETHER):
                if outcomes["blocked"] or not has_time():
                    return outcomes
                with self._noting():
                    outcomes.update(self._send(to, cases[start : start + TOGETHER]))
        return outcomes

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001 # raised by the handler, when the others were driven
            self.faults.append(error)

    def _prepared(self, notice: Notice) -> tuple[Addressee, _Case] | Outcome:
        """Find out what a notice is about and whom it goes to; or what becomes of it instead."""
        if not is_due(notice, self.now):
            return "already"
        try:
            ticket, post = look_up(notice, self.stores)
        except NothingToSayError as gone:
            return park(notice, str(gone), self.stores.notices)
        desk = self._contact(DESK)
        contact = desk if notice.department == DESK else self._contact(notice.contact)
        try:
            to = address(notice, contact, desk, self.directory, self.settings)
        except NobodyToTellError:
            return "waiting"
        held = hold_back(notice, self.directory.sending.rule(to.told.partition(".")[0]), self.now, 0)
        if held is None or notice.state != "pending" or self.settings.stage == LOCAL:
            department = self._department(notice)
            # Written before any claim: a fault in the wording leaves this notice pending, and only this one.
            about = self.links.about if self.links is not None else None
            links = () if about is None else about(notice, ticket, department, to.desk_reason, self.now)
            shown = brief(Case(ticket, post, department, to.desk_reason, self.directory, links))
            return to, _Case(notice, ticket.due_at, shown)
        return defer(notice, held, self.stores.notices)

    def _send(self, to: Addressee, cases: Sequence[_Case]) -> list[Outcome]:
        """Send one mail about all of them; about a single one, the mail that it would have had."""
        if len(cases) == 1:
            return [self._send_alone(cases[0].notice)]
        claimed: list[AnyNotice] = []
        briefs = []
        for case in cases:
            with suppress(NotPendingError):
                claim = self.stores.notices.claim(case.notice, self.owner, self.now, to.recipient, to.told)
                claimed.append(claim)
                briefs.append(case.brief)
        outcomes: list[Outcome] = ["already"] * (len(cases) - len(claimed))
        if claimed:
            mail = self._mail(to, cases[0].notice, briefs)
            about = cases[0].notice.model_copy(update={"ticket": together([one.subject for one in claimed])})
            answer = answer_of(partial(self.senders.email.send, mail, to.recipient, about, to.reply_to))
            outcomes += [conclude(one, answer, self.stores.notices, self.now) for one in claimed]
        return outcomes

    def _send_alone(self, notice: Notice) -> Outcome:
        return deliver(
            notice,
            stores=self.stores,
            senders=self.senders,
            directory=self.directory,
            now=self.now,
            owner=self.owner,
            settings=self.settings,
            links=self.links,
        )

    def _mail(self, to: Addressee, notice: Notice, briefs: Sequence[Brief]) -> Mail:
        department = self._department(notice)
        reader = department if to.desk_reason is None else self.directory.departments[DESK]
        reminds = notice.step is not None
        return digest_mail(briefs, department, reader, to.desk_reason, reminds=reminds, now=self.now)

    def _department(self, notice: Notice) -> Department:
        known = self.directory.departments
        return known.get(notice.department, known[DESK])

    def _contact(self, code: str) -> Contact | None:
        if code not in self._contacts:
            self._contacts[code] = self.stores.contacts.get(code)
        return self._contacts[code]
