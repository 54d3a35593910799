"""SES's reports are understood, and their order does not matter."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.notice import AnyNotice, ContactId, NoticeId, Partition, SmsBudgetNotice
from notify.mail_events import Kind, MailEvent, MailEventError, death, mail_events, settled
from notify.mail_tags import PARTITION, tagged, tags
from tests.builders import NOON, a_channel_notice, a_contact_notice, a_notice
from tests.ses_events import ACCEPTED_AT, AT, RECIPIENT, ses_event
from tests.unit.fakes_notify import a_contact

MINUTE = timedelta(minutes=1)
LATER = NOON + 10 * MINUTE
CLAIMED = a_notice(
    state="claimed", attempt=1, claimed_by="one", claimed_at=NOON, recipient=RECIPIENT, told="dishub", act_at=NOON
)
FALLBACK = "cadangan@sleman.example"


def read(event: dict[str, Any] | str) -> list[MailEvent]:
    """Read an event as it comes from the topic."""
    return mail_events(event if isinstance(event, str) else json.dumps(event))


def an_event(kind: Kind, message: str = "m-1", recipient: str = RECIPIENT) -> MailEvent:
    """Return an event about the mail of `a_notice`."""
    about = a_notice()
    return MailEvent(kind, about.id, message, recipient, NOON + MINUTE, f"reason of {message}")


@pytest.mark.parametrize(
    ("kind", "changes", "means", "at", "reason"),
    [
        ("Send", {}, "accepted", ACCEPTED_AT, ""),
        ("Delivery", {}, "accepted", ACCEPTED_AT, ""),
        ("Reject", {}, "rejected", ACCEPTED_AT, "rejected: Bad content"),
        ("Bounce", {}, "dead", AT, "bounce: General"),
        ("Bounce", {"bounceSubType": "OnAccountSuppressionList"}, "dead", AT, "bounce: OnAccountSuppressionList"),
        ("Bounce", {"bounceType": "Transient"}, "returned", AT, "Transient: General"),
        ("Bounce", {"bounceType": "Undetermined"}, "returned", AT, "Undetermined: General"),
        ("Bounce", {"bounceType": "Transient", "bouncedRecipients": []}, "undelivered", AT, "Transient: General"),
        ("Complaint", {}, "dead", AT, "complaint: abuse"),
        ("Complaint", {"complaintFeedbackType": None}, "dead", AT, "complaint: unspecified"),
        ("DeliveryDelay", {}, "delayed", AT, "delay: TransientCommunicationFailure"),
    ],
)  # fmt: skip
def test_each_kind_of_event_is_understood(  # a row of the table
    kind: str, changes: dict[str, Any], means: Kind, at: str, reason: str
) -> None:
    """What it means, about which notice and mail, when and why; never a sentence of a mail server."""
    [event] = read(ses_event(kind, **changes))
    assert event == MailEvent(means, a_notice().id, "m-1", RECIPIENT, datetime.fromisoformat(at), reason)


@pytest.mark.parametrize(
    "message",
    [
        "Successfully validated SNS topic for Amazon SES event publishing.",
        "[]",
        '{"eventType": "Open", "mail": {}}',
        json.dumps(
            {**ses_event("Send"), "mail": {"messageId": "m-1", "tags": {"ses:from-domain": ["sleman.example"]}}}
        ),
        json.dumps({**ses_event("Send"), "mail": {"messageId": "m-1"}}),
    ],
)
def test_what_is_about_no_notice_is_left_alone(message: str) -> None:
    """The sentence with which SES tries the topic, other kinds, and mails that are not ours."""
    assert read(message) == []


@pytest.mark.parametrize("lacks", ["messageId", "destination", "timestamp"])
def test_an_event_that_lacks_what_it_must_have_is_an_error(lacks: str) -> None:
    """An incomplete event must not be ignored like the others; the error names the kind and no address."""
    event = ses_event("Send")
    del event["mail"][lacks]
    with pytest.raises(MailEventError, match=r"^Send: KeyError$"):
        read(event)


@given(st.sampled_from(["CHANNEL", "OUTBOX"]), st.text(max_size=60), st.text(max_size=60))
def test_tags_name_any_notice_and_are_allowed(partition: Partition, subject: str, key: str) -> None:
    """Whatever is in a key comes back, and a tag has only letters, digits, dash and underscore."""
    subject, key = f"x{subject}".encode(errors="replace").decode(), f"x{key}".encode(errors="replace").decode()
    notice = NoticeId(partition, subject, key)
    written = tags([notice])
    for value in written.values():
        assert value.isascii()
        assert value.replace("_", "").replace("-", "").isalnum()
    assert tagged({name: [value] for name, value in written.items()}) == (notice,)


@pytest.mark.parametrize(
    "notices",
    [
        (a_notice(),),
        (a_notice(step="remind", role="head"),),
        (a_notice(), a_notice(ticket="SLM-9Q2XWA")),
        (a_channel_notice(channel="instagram:kabar--sleman"),),
        (a_contact_notice(about="dishub.head"),),
        (SmsBudgetNotice(month="2026-11", budget_usd=35, created_at=NOON),),
    ],
)
def test_a_mail_from_before_its_partition_was_tagged_is_understood(notices: tuple[AnyNotice, ...]) -> None:
    """What SES reports of a mail that went out before a deployment still finds its notices."""
    which = tuple(notice.id for notice in notices)
    written = tags(which)
    del written[PARTITION]
    assert tagged({name: [value] for name, value in written.items()}) == which


def test_the_longest_key_of_ours_fits_a_tag() -> None:
    """SES allows 256 characters in a tag."""
    notice = a_channel_notice(channel="telegram_relay:" + "a" * 40, matter="permission")
    assert max(len(value) for value in tags([notice.id]).values()) <= 256


def test_an_accepted_mail_is_sent() -> None:
    """The message's id and the time of acceptance are taken from SES, which knows them better."""
    after = settled(CLAIMED, an_event("accepted"), LATER)
    assert (after.state, after.message_id, after.sent_at, after.act_at) == ("sent", "m-1", NOON + MINUTE, None)


@pytest.mark.parametrize("state", ["claimed", "pending", "parked", "failed"])
def test_what_was_accepted_is_sent_whatever_we_thought(state: str) -> None:
    """A notice that was parked, refused at a second attempt, or waits for one is marked as sent, too."""
    assert settled(CLAIMED.model_copy(update={"state": state}), an_event("accepted"), LATER).state == "sent"


@pytest.mark.parametrize("kind", ["accepted", "dead", "rejected", "delayed"])
def test_a_withdrawn_notice_stays_withdrawn(kind: Kind) -> None:
    """Reports about a withdrawn notice change nothing."""
    withdrawn = CLAIMED.model_copy(update={"state": "withdrawn"})
    assert settled(withdrawn, an_event(kind), LATER) is withdrawn


def test_a_bounced_notice_goes_on_at_once() -> None:
    """The notice is pending, due now, and never goes to that address again."""
    sent = settled(CLAIMED, an_event("accepted"), LATER)
    after = settled(sent, an_event("dead"), LATER)
    assert (after.state, after.act_at, after.bounced) == ("pending", LATER, (RECIPIENT,))
    assert (after.message_id, after.sent_at, after.failure) == (None, None, "reason of m-1")


def test_a_bounce_from_an_address_it_left_changes_nothing_but_the_record() -> None:
    """If a second attempt went to another address, that attempt counts."""
    moved = CLAIMED.model_copy(update={"attempt": 2, "recipient": FALLBACK})
    after = settled(moved, an_event("dead"), LATER)
    assert after == moved.model_copy(update={"bounced": (RECIPIENT,)})


@pytest.mark.parametrize("kind", ["delayed", "undelivered"])
def test_what_may_still_arrive_is_only_noted(kind: Kind) -> None:
    """Neither a delay nor an automatic answer causes a second mail."""
    sent = settled(CLAIMED, an_event("accepted"), LATER)
    assert settled(sent, an_event(kind), LATER) == sent.model_copy(update={"failure": "reason of m-1"})


def outcome(notice: AnyNotice) -> tuple[Any, ...]:
    """Return the fields of a notice that must not depend on the order of events."""
    return notice.state, set(notice.bounced), notice.rejected_at is not None


@given(
    st.lists(
        st.builds(
            an_event,
            st.sampled_from(["accepted", "dead", "rejected", "delayed", "undelivered"]),
            st.sampled_from(["m-1", "m-2"]),
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["claimed", "parked", "sent"]),
    st.data(),
)
def test_the_order_and_number_of_events_do_not_matter(events: list[MailEvent], state: str, data: st.DataObject) -> None:
    """With two mails of one notice and each event once or twice, every order ends in the same notice."""
    notice: AnyNotice = CLAIMED.model_copy(update={"state": state})
    ends = set()
    for order in itertools.permutations(events):
        after = notice
        for event in (*order, data.draw(st.sampled_from(events))):
            after = settled(after, event, LATER)
        state_, bounced, rejected = outcome(after)
        ends.add((state_, frozenset(bounced) if not rejected else None, rejected))
    assert len(ends) == 1


def test_a_dead_address_is_told_to_the_desk() -> None:
    """The desk learns which address is dead, whose it is, since when, and why."""
    contact = a_contact("dishub").model_copy(update={"fallback_email": FALLBACK})
    for recipient, which in ((RECIPIENT, "email"), (FALLBACK, "fallback_email")):
        notice = death(contact, an_event("dead", recipient=recipient), LATER)
        assert notice is not None
        assert (notice.department, notice.about, notice.which, notice.address) == (
            *("desk", ContactId("dishub")),
            *(which, recipient),
        )
        assert (notice.died_at, notice.reason) == (NOON + MINUTE, "reason of m-1")


def test_an_address_that_is_dead_foreign_or_newly_entered_is_not_told() -> None:
    """An old bounce says nothing about an address that was entered after it."""
    contact = a_contact("dishub")
    event = an_event("dead")
    assert death(contact.model_copy(update={"dead_since": NOON}), event, LATER) is None
    assert death(contact.model_copy(update={"updated_at": NOON + MINUTE}), event, LATER) is None
    assert death(contact, an_event("dead", recipient="semua@sleman.example"), LATER) is None
