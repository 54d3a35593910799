from __future__ import annotations

import io
import json
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from moto.sesv2.models import sesv2_backends
from moto.sns.models import sns_backends

from aduan.notice import AnyNotice, Notice
from aduan.settings import SettingsError
from aduan.store.contacts import DynamoContactStore
from aduan.store.notices import DynamoNoticeStore
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table, notice_key, ticket_key, to_image
from aduan.store.tickets import DynamoTicketStore
from tests import moves
from tests.builders import a_notice, a_post, a_ticket, a_triage
from tests.deployment import Deployment
from tests.links import create_keys
from tests.unit.fakes_notify import a_contact

ACCOUNT, REGION = "123456789012", "ap-southeast-1"
CANARY = "Jeglongan nang ngarep omahku KENARI-4711"
CONTEXT = SimpleNamespace(
    function_name="notify",
    memory_limit_in_mb=256,
    invoked_function_arn="arn:aws:lambda:ap-southeast-1:123456789012:function:notify",
    aws_request_id="request-1",
)


@dataclass
class Deployed:
    """The function on moto, with one complaint whose notices wait."""

    module: ModuleType
    table: Table
    log: io.StringIO

    def add(self, notice: Notice) -> None:
        """Write a notice, in whatever state it may have in the table."""
        item = json.loads(notice.model_dump_json(exclude_none=True)) | notice_key(notice.id)
        self.table.client.put_item(TableName=self.table.name, Item=to_image(item))

    def stored(self, notice: Notice) -> AnyNotice:
        """The notice as it lies in the table."""
        found = DynamoNoticeStore(self.table).get(notice.id)
        assert found is not None
        return found

    def call(self, *records: dict[str, Any]) -> Any:
        """Invoke the function with these stream records."""
        return self.module.handler({"Records": list(records)}, CONTEXT)

    @property
    def mails(self) -> list[Any]:
        """What SES accepted."""
        return list(sesv2_backends[ACCOUNT][REGION].core_backend.sent_messages)

    @property
    def texts(self) -> list[Any]:
        """What SNS accepted."""
        return list(sns_backends[ACCOUNT][REGION].sms_messages.values())


def a_record(notice: Notice, number: int = 1, **changes: Any) -> dict[str, Any]:
    """The stream record of a notice's INSERT, with an image that must not be used."""
    key = to_image(notice_key(notice.id))
    image = to_image({"state": "pending", "recipient": "penipu@jahat.example"})
    stream = {
        "Keys": key,
        "NewImage": key | image,
        "SequenceNumber": str(number),
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    return {"eventID": str(number), "eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": stream | changes}


@pytest.fixture
def notify(deployed: Deployment) -> Deployed:
    table = deployed.table
    create_keys()
    boto3.client("ses").verify_email_identity(EmailAddress="aduan@sleman.example")
    post = a_post(text=CANARY)
    DynamoPostStore(table).add(post)
    DynamoTicketStore(table).write(moves.opened(post, a_triage(), a_ticket(post=post.key), [a_notice()], []))
    for code in ("dishub", "desk"):
        DynamoContactStore(table).put(a_contact(code))
    return Deployed(deployed("Notify"), table, deployed.log)


def metrics_of(output: str) -> dict[str, float]:
    """Metrics a call wrote to its log."""
    found: dict[str, float] = {}
    for line in output.splitlines():
        written = json.loads(line)
        for group in written.get("_aws", {}).get("CloudWatchMetrics", []):
            assert group["Namespace"] == "Aduan"
            for metric in group["Metrics"]:
                found[metric["Name"]] = sum(written[metric["Name"]])
    return found


def test_a_new_notice_is_mailed_and_marked(notify: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """The stream record of a notice ends in one mail to the department, a sent notice and a metric."""
    assert notify.call(a_record(a_notice())) == {"batchItemFailures": []}
    [mail] = notify.mails
    assert mail.destinations["ToAddresses"] == ["dishub@sleman.example"]
    assert CANARY in mail.body
    assert notify.stored(a_notice()).state == "sent"
    assert metrics_of(capsys.readouterr().out) == {"NoticeSent": 1, "NoticeError": 0}


def test_an_sms_notice_is_sent_by_sms(notify: Deployed) -> None:
    """A notice by SMS goes to the phone and carries none of the citizen's words."""
    notice = a_notice(medium="sms")
    notify.add(notice)
    notify.call(a_record(notice))
    [text] = notify.texts
    assert a_ticket().code in text[1]
    assert "KENARI" not in str(text)
    assert notify.mails == []


def test_a_record_that_comes_twice_sends_once(notify: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """Duplicates within a batch and in a later one have no effect."""
    notify.call(a_record(a_notice(), 1), a_record(a_notice(), 2))
    capsys.readouterr()
    assert notify.call(a_record(a_notice(), 1)) == {"batchItemFailures": []}
    assert len(notify.mails) == 1
    assert metrics_of(capsys.readouterr().out) == {"NoticeAlready": 1, "NoticeError": 0}


def test_a_record_of_a_notice_that_is_gone_is_done(notify: Deployed) -> None:
    """A record whose notice does not exist is not tried again."""
    assert notify.call(a_record(a_notice(department="dlh"))) == {"batchItemFailures": []}
    assert notify.mails == []


def test_a_broken_record_delays_no_other(notify: Deployed) -> None:
    """An unreadable record is reported alone, and the one after it is sent."""
    broken = a_notice(department="dlh")
    notify.add(broken)
    notify.table.client.update_item(
        TableName=notify.table.name,
        Key=to_image(notice_key(broken.id)),
        UpdateExpression="SET medium = :medium",
        ExpressionAttributeValues={":medium": {"S": CANARY}},
    )
    answer = notify.call(a_record(broken, 1), a_record(a_notice(), 2))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert len(notify.mails) == 1
    assert "ValidationError" in notify.log.getvalue()
    assert "KENARI" not in notify.log.getvalue()


def test_a_batch_that_fails_as_a_whole_is_reported_without_a_word(
    notify: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """When every record fails, each is reported, and no error is raised whose text could quote an item."""
    notify.table.client.update_item(
        TableName=notify.table.name,
        Key=to_image(ticket_key(a_ticket().code)),
        UpdateExpression="SET #topic = :broken",
        ExpressionAttributeNames={"#topic": "topic"},
        ExpressionAttributeValues={":broken": {"L": [{"S": CANARY}]}},
    )
    assert notify.call(a_record(a_notice())) == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert notify.mails == []
    assert notify.stored(a_notice()).state == "pending"
    written = capfd.readouterr()
    assert "KENARI" not in written.out + written.err + notify.log.getvalue()


def test_the_log_names_codes_and_nothing_else(notify: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """Ticket, notice and outcome are logged; text, address, phone and link are not."""
    notify.add(a_notice(medium="sms"))
    notify.call(a_record(a_notice(), 1), a_record(a_notice(medium="sms"), 2))
    written = capfd.readouterr()
    log = written.out + written.err + notify.log.getvalue()
    assert a_ticket().code in log
    assert '"outcome":"sent"' in log
    for secret in ("KENARI", "Jeglongan", "sleman.example", "+62811", "instagram.com", "penipu"):
        assert secret not in log


def test_outside_production_mail_goes_to_the_override(notify: Deployed, deployed: Deployment) -> None:
    """A trial stage writes to nobody but its override."""
    module = deployed("Notify", STAGE="dev", OVERRIDE_EMAIL="trial@sleman.example", OVERRIDE_PHONE="+62899")
    module.handler({"Records": [a_record(a_notice())]}, CONTEXT)
    [mail] = notify.mails
    assert mail.destinations["ToAddresses"] == ["trial@sleman.example"]
    assert notify.stored(a_notice()).told == "dishub"


@pytest.mark.parametrize("override", [None, ""])
def test_a_trial_stage_without_override_does_not_start(deployed: Deployment, override: str | None) -> None:
    """Outside production the function refuses to start when nothing keeps it from writing to departments."""
    with pytest.raises(SettingsError, match="OVERRIDE_EMAIL is missing: in stage dev every notice goes there"):
        deployed("Notify", STAGE="dev", OVERRIDE_EMAIL=override)


def test_a_missing_setting_is_named(deployed: Deployment) -> None:
    """The function names the setting that is missing."""
    with pytest.raises(SettingsError, match="SENDER_ADDRESS: Field required"):
        deployed("Notify", SENDER_ADDRESS=None)
