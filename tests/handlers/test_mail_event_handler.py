"""The deployed reader of what SES reports, on moto."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

from aduan.notice import AnyNotice, ContactId, Notice
from aduan.settings import SettingsError
from aduan.store.contacts import DynamoContactStore
from aduan.store.notices import DynamoNoticeStore
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table
from aduan.store.tickets import DynamoTicketStore
from notify.mail_events import MailEventError
from tests import moves
from tests.builders import NOON, a_notice, a_post, a_ticket, a_triage
from tests.deployment import Deployment
from tests.ses_events import RECIPIENT, as_topic_event, ses_event
from tests.unit.fakes_notify import a_contact

SECOND = "SLM-000002"


@dataclass
class Deployed:
    """The function, with a claimed notice to Dishub whose sender died, and another notice."""

    module: ModuleType
    table: Table
    log: io.StringIO

    def stored(self, notice: Notice | None = None) -> AnyNotice:
        """The notice as it lies in the table."""
        about = notice or a_notice()
        found = DynamoNoticeStore(self.table).get(about.id)
        assert found is not None
        return found

    def call(self, *messages: dict[str, Any] | str) -> None:
        """Invoke the function with messages of the topic."""
        self.module.handler(as_topic_event(*messages), None)


@pytest.fixture
def events(deployed: Deployment) -> Deployed:
    table = deployed.table
    for number, code in enumerate((a_ticket().code, SECOND)):
        post = a_post(native_id=str(number))
        DynamoPostStore(table).add(post)
        notice = a_notice(ticket=code)
        DynamoTicketStore(table).write(moves.opened(post, a_triage(), a_ticket(code=code, post=post.key), [notice], []))
        DynamoNoticeStore(table).claim(notice, "dead", NOON, RECIPIENT, "dishub")
    for code in ("dishub", "desk"):
        DynamoContactStore(table).put(a_contact(code))
    return Deployed(deployed("NotifyEvents"), table, deployed.log)


def metrics_of(output: str) -> dict[str, float]:
    """Metrics a call wrote to its log."""
    found: dict[str, float] = {}
    for line in output.splitlines():
        written = json.loads(line)
        for group in written.get("_aws", {}).get("CloudWatchMetrics", []):
            for metric in group["Metrics"]:
                found[metric["Name"]] = sum(written[metric["Name"]])
    return found


def test_a_report_ends_a_notice_whose_sender_died(events: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """The notice is sent, with SES's id and time, and leaves the queue; a repeated report changes nothing."""
    events.call(ses_event("Send"))
    assert metrics_of(capsys.readouterr().out) == {"MailReported": 1, "MailReconciled": 1}
    stored = events.stored()
    assert (stored.state, stored.message_id) == ("sent", "m-1")
    assert a_ticket().code not in {
        notice.subject for notice in DynamoNoticeStore(events.table).left_behind(NOON.replace(year=2027))
    }
    events.call(ses_event("Send"), ses_event("Delivery"))
    assert metrics_of(capsys.readouterr().out) == {"MailReported": 2}
    assert events.stored() == stored


def test_a_bounce_makes_the_address_dead_and_the_notice_pending(
    events: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    """The desk is told in the outbox, the notice is due again, and a metric raises an alarm."""
    events.call(ses_event("Bounce"))
    assert metrics_of(capsys.readouterr().out) == {"MailReported": 1, "MailBounced": 1}
    contact = DynamoContactStore(events.table).get(ContactId("dishub"))
    assert contact is not None
    assert contact.addresses("email") == ()
    assert (events.stored().state, events.stored().bounced) == ("pending", (RECIPIENT,))
    due = list(DynamoNoticeStore(events.table).left_behind(NOON.replace(year=2027)))
    assert {notice.subject for notice in due} == {"dishub", a_ticket().code, SECOND}


def test_a_rejected_mail_fails_its_notice(events: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """The mail's content is at fault: another address would not help, and a person must look."""
    events.call(ses_event("Reject"), ses_event("Send"))
    assert metrics_of(capsys.readouterr().out) == {"MailReported": 2, "NoticeFailed": 1}
    assert (events.stored().state, events.stored().failure) == ("failed", "rejected: Bad content")


def test_a_report_about_a_digest_settles_each_of_its_notices(events: Deployed) -> None:
    """A report about one mail with two tickets settles the notices of both."""
    events.call(ses_event("Send", a_notice(), a_notice(ticket=SECOND)))
    assert {events.stored(a_notice(ticket=code)).state for code in (a_ticket().code, SECOND)} == {"sent"}


def test_what_is_about_no_notice_is_left_alone(events: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """SES's test message, and a report about an unknown notice, change nothing."""
    events.call(
        "Successfully validated SNS topic for Amazon SES event publishing.", ses_event("Send", a_notice(medium="sms"))
    )
    assert metrics_of(capsys.readouterr().out) == {"MailReported": 2}


def test_what_cannot_be_read_fails_the_invocation(events: Deployed) -> None:
    """The message is retried, and ends in the queue of failed invocations, which raises an alarm."""
    broken = ses_event("Bounce")
    del broken["bounce"]["bounceType"]
    with pytest.raises(MailEventError, match=r"^Bounce: KeyError$"):
        events.call(broken)


def test_the_log_names_codes_and_no_address(events: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """Events are full of addresses, but none is logged."""
    events.call(ses_event("Bounce"), ses_event("Complaint"))
    written = capfd.readouterr()
    log = written.out + written.err + events.log.getvalue()
    assert a_ticket().code in log
    assert '"kind":"dead"' in log
    assert "@" not in log
    assert "Penerangan" not in log


def test_a_missing_setting_is_named(deployed: Deployment) -> None:
    """A cold start without a table stops with a sentence that says so."""
    with pytest.raises(SettingsError, match="TABLE_NAME: Field required"):
        deployed("NotifyEvents", TABLE_NAME=None)
