"""Record in the table what SES reports about a mail."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from aduan.notice import ContactId
from aduan.store.notices import NoticeChangedError
from notify.mail_events import MailEvent, death, settled

if TYPE_CHECKING:
    from aduan.store.contacts import ContactStore
    from aduan.store.notices import NoticeStore

Outcome = Literal["settled", "already", "unknown"]
"""``settled``: the notice was changed. ``already``: the table knew; the notice was not changed. ``unknown``: there is
no such notice."""

ATTEMPTS: Final = 4
"""How often a notice is read and written. The first attempt nearly always succeeds: a notice seldom changes."""


def apply_mail_event(event: MailEvent, *, notices: NoticeStore, contacts: ContactStore, now: datetime) -> Outcome:
    """Write down what an event says about its notice and about the address the mail went to.

    It may be repeated at any point: it does what is still missing. An event "accepted" costs one read when the notice
    is marked as sent already, which it is unless the sender crashed.

    Raises:
        NoticeChangedError: when the notice changed at every attempt; the event must be delivered again.
    """
    for _ in range(ATTEMPTS):
        notice = notices.get(event.notice)
        if notice is None:
            return "unknown"
        if event.kind == "dead":
            # Before the notice is sent again: its next address is chosen from the living ones of the contact.
            for contact in {notice.contact, ContactId(notice.told) if notice.told else notice.contact}:
                _mark_dead(event, contact, contacts, now)
        after = settled(notice, event, now)
        if after == notice:
            return "already"
        with suppress(NoticeChangedError):
            notices.record(notice, after)
            return "settled"
    raise NoticeChangedError(event.notice.key)


def _mark_dead(event: MailEvent, who: ContactId, contacts: ContactStore, now: datetime) -> None:
    """Mark the address as dead and add a notice for the desk, unless that is known already."""
    contact = contacts.get(who)
    notice = death(contact, event, now) if contact is not None else None
    if contact is not None and notice is not None:
        contacts.died(contact, notice)
