"""The deployed senders keep to the rules of `sending.json`, on moto."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from moto.sesv2.models import sesv2_backends
from moto.sns.models import sns_backends

from aduan.directory import Sending
from aduan.directory_loading import load_directory
from aduan.notice import Notice, NoticeId, SmsBudgetNotice, media
from aduan.quiet_hours import held
from aduan.record import WIB
from aduan.store.contacts import DynamoContactStore
from aduan.store.notices import DynamoNoticeStore
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table, notice_key, to_image
from aduan.store.tickets import DynamoTicketStore
from tests import moves
from tests.builders import a_notice, a_post, a_ticket, a_triage, an_event
from tests.codes import ticket_code
from tests.deployment import Deployment
from tests.links import create_keys
from tests.unit.fakes_notify import a_contact

ACCOUNT, REGION = "123456789012", "ap-southeast-1"
CANARY = "KENARI-4711"
TUESDAY = datetime(2026, 11, 3, 9, 0, tzinfo=WIB)
MORNING = datetime(2026, 11, 4, 7, 30, tzinfo=WIB)
RULE = Sending.rule
OFFICE = load_directory().sending.default
DAILY = OFFICE.model_copy(update={"ordinary": "digest"})
CONTEXT = SimpleNamespace(
    function_name="notify",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:ap-southeast-1:123456789012:function:notify",
    aws_request_id="request-1",
    get_remaining_time_in_millis=lambda: 240_000,
)


@dataclass
class Deployed:
    """Both senders, on a clock that a test turns."""

    notify: ModuleType
    follow_up: ModuleType
    table: Table
    clock: SimpleNamespace
    log: io.StringIO

    def open(self, number: int, rule: Any = OFFICE, **changes: Any) -> list[Notice]:
        """Write a ticket with its notices, as `classify` does."""
        post = a_post(native_id=str(number), text=f"Lampu mati {CANARY}")
        code = ticket_code(post.key)
        ticket = a_ticket(code=code, post=post.key, opened_at=self.clock.at, **changes)
        sending = load_directory().sending.model_copy(update={"departments": {ticket.department: rule}})
        notices = [
            a_notice(
                ticket=code,
                department=ticket.department,
                medium=medium,
                urgency=ticket.urgency,
                created_at=self.clock.at,
            )
            for medium in media(ticket.urgency, ticket.department)
        ]
        DynamoPostStore(self.table).add(post)
        held_back = [held(notice, sending) for notice in notices]
        DynamoTicketStore(self.table).write(moves.opened(post, a_triage(), ticket, held_back, [an_event(ticket=code)]))
        return held_back

    def stream(self, *notices: Notice) -> None:
        """Show the notices to `notify`, as the stream does."""
        records = [
            {
                "eventID": str(number),
                "eventName": "INSERT",
                "eventSource": "aws:dynamodb",
                "dynamodb": {
                    "Keys": to_image(notice_key(notice.id)),
                    "SequenceNumber": str(number),
                    "StreamViewType": "NEW_AND_OLD_IMAGES",
                },
            }
            for number, notice in enumerate(notices, start=1)
        ]
        assert self.notify.handler({"Records": records}, CONTEXT) == {"batchItemFailures": []}

    def stored(self, notice: Notice) -> Any:
        """A notice as it lies in the table."""
        return DynamoNoticeStore(self.table).get(notice.id)


def mails() -> list[Any]:
    """What SES accepted."""
    return list(sesv2_backends[ACCOUNT][REGION].core_backend.sent_messages)


def texts() -> list[Any]:
    """What SNS accepted."""
    return list(sns_backends[ACCOUNT][REGION].sms_messages.values())


@pytest.fixture
def senders(deployed: Deployment, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    create_keys()
    boto3.client("ses").verify_email_identity(EmailAddress="aduan@sleman.example")
    for code in ("dishub", "damkar", "desk"):
        DynamoContactStore(deployed.table).put(a_contact(code))
    notify, follow_up = deployed("Notify"), deployed("FollowUp")
    clock = SimpleNamespace(at=TUESDAY)
    now = SimpleNamespace(now=lambda _zone: clock.at)
    monkeypatch.setattr("notify.delivery.datetime", now)
    monkeypatch.setattr(follow_up, "datetime", now)
    monkeypatch.setattr(Sending, "rule", RULE)
    return Deployed(notify, follow_up, deployed.table, clock, deployed.log)


def test_a_morning_has_one_mail(
    senders: Deployed, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The stream sends none of three tickets; at 7.30 one mail holds them all, and no log holds a word of them."""
    monkeypatch.setattr(Sending, "rule", lambda _self, _code: DAILY)
    notices = [senders.open(number, DAILY)[0] for number in range(3)]
    senders.stream(*notices)
    assert mails() == []
    senders.clock.at = MORNING + timedelta(minutes=2)
    senders.follow_up.handler({}, CONTEXT)
    [mail] = mails()
    assert mail.destinations["ToAddresses"] == ["dishub@sleman.example"]
    for notice in notices:
        assert notice.subject in mail.body
    stored = [senders.stored(notice) for notice in notices]
    assert {(one.state, one.attempt) for one in stored} == {("sent", 1)}
    assert len({one.message_id for one in stored}) == 1
    written = capfd.readouterr()
    assert '"NoticeDeferred":[1.0,1.0,1.0]' in written.out.replace(" ", "")
    assert CANARY not in written.out + written.err + senders.log.getvalue()


def test_a_flood_is_ten_mails_and_a_digest(senders: Deployed) -> None:
    """Of fourteen tickets in an hour, ten are sent at once and four together the next morning."""
    notices = []
    for number in range(14):
        senders.clock.at = TUESDAY + timedelta(minutes=number)
        notices += senders.open(number)
        senders.stream(notices[-1])
    assert len(mails()) == 10
    assert Counter(senders.stored(notice).state for notice in notices) == {"sent": 10, "pending": 4}
    senders.clock.at = MORNING
    senders.follow_up.handler({}, CONTEXT)
    assert len(mails()) == 11
    assert {senders.stored(notice).state for notice in notices} == {"sent"}


def test_a_night_is_quiet_but_for_emergencies(senders: Deployed) -> None:
    """At eleven at night an ordinary mail waits and an emergency is sent; at 6.30 the ordinary one follows."""
    senders.clock.at = TUESDAY + timedelta(hours=14)
    [ordinary] = senders.open(1)
    emergency = senders.open(2, urgency="emergency")
    senders.stream(ordinary, *emergency)
    assert (len(mails()), len(texts())) == (1, 1)
    assert "DARURAT" in mails()[0].subject
    senders.clock.at = MORNING - timedelta(hours=1)
    senders.follow_up.handler({}, CONTEXT)
    assert senders.stored(ordinary).state == "sent"


def test_without_money_an_emergency_is_a_mail(senders: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SMS is skipped with its reason, the mail goes, and the desk is told of the used-up budget."""
    sms_rule = load_directory().sending.sms.model_copy(update={"monthly_budget_usd": 0.0})
    directory = load_directory()
    broke = directory.model_copy(update={"sending": directory.sending.model_copy(update={"sms": sms_rule})})
    monkeypatch.setattr(senders.notify, "delivery", replace(senders.notify.delivery, directory=broke))
    sms, mail = senders.open(1, urgency="emergency")
    senders.stream(sms, mail)
    assert texts() == []
    assert senders.stored(mail).state == "sent"
    assert (senders.stored(sms).state, senders.stored(sms).failure) == (
        "skipped",
        "the month's budget for SMS is used up",
    )
    told = DynamoNoticeStore(senders.table).get(NoticeId("OUTBOX", "sms", "budget#2026-11"))
    assert isinstance(told, SmsBudgetNotice)
    assert told.department == "desk"
