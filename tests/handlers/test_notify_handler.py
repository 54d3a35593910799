from __future__ import annotations

import importlib
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws
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
from tests.links import SECRET_NAME, create_keys
from tests.table import TABLE_NAME, create_table
from tests.unit.fakes_notify import a_contact

ACCOUNT, REGION = "123456789012", "ap-southeast-1"
CANARY = "Jeglongan nang ngarep omahku KENARI-4711"
ENVIRONMENT = {
    "TABLE_NAME": TABLE_NAME,
    "STAGE": "prod",
    "SENDER_ADDRESS": "aduan@sleman.example",
    "OVERRIDE_PHONE": "",
    "CONFIGURATION_SET": "",
    "ACTION_BASE_URL": "https://aduan.example",
    "ACTION_KEYS": SECRET_NAME,
    "SMS_SENDER_ID": "SLEMAN",
}
CONTEXT = SimpleNamespace(
    function_name="notify",
    memory_limit_in_mb=256,
    invoked_function_arn="arn:aws:lambda:ap-southeast-1:123456789012:function:notify",
    aws_request_id="request-1",
)


def load_handler(monkeypatch: pytest.MonkeyPatch, **environment: str) -> ModuleType:
    """Import the handler as a cold start does, with this environment."""
    for name, value in (ENVIRONMENT | environment).items():
        monkeypatch.setenv(name, value)
    for module in ("notify.handler", "aduan.stream"):
        # The logger of the second is a child of the first's, under the name of the service at its import.
        sys.modules.pop(module, None)
    return importlib.import_module("notify.handler")


@dataclass
class Deployed:
    """The function on moto, with one complaint whose notices wait."""

    module: ModuleType
    table: Table
    log: io.StringIO

    def add(self, notice: Notice) -> None:
        """Write a notice as `classify` does, or as it lies in the table later."""
        item = json.loads(notice.model_dump_json(exclude_none=True)) | notice_key(notice.ticket, notice.key)
        self.table.client.put_item(TableName=self.table.name, Item=to_image(item))

    def stored(self, notice: Notice) -> AnyNotice:
        """The notice as it lies in the table."""
        found = DynamoNoticeStore(self.table).get(notice.ticket, notice.key)
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
    """The stream record of a notice's INSERT, with an image nobody should believe."""
    key = to_image(notice_key(notice.ticket, notice.key))
    image = to_image({"state": "pending", "recipient": "penipu@jahat.example"})
    stream = {
        "Keys": key,
        "NewImage": key | image,
        "SequenceNumber": str(number),
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    return {"eventID": str(number), "eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": stream | changes}


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    with mock_aws():
        table = create_table()
        create_keys()
        boto3.client("ses").verify_email_identity(EmailAddress=ENVIRONMENT["SENDER_ADDRESS"])
        post = a_post(text=CANARY)
        DynamoPostStore(table).add(post)
        DynamoTicketStore(table).write(moves.opened(post, a_triage(), a_ticket(post=post.key), [a_notice()], []))
        for code in ("dishub", "desk"):
            DynamoContactStore(table).put(a_contact(code))
        module = load_handler(monkeypatch)
        log = io.StringIO()
        module.logger.registered_handler.setStream(log)
        yield Deployed(module, table, log)


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


def test_a_new_notice_is_mailed_and_marked(deployed: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """The stream record of a notice ends in one mail to the department, a sent notice and a metric."""
    assert deployed.call(a_record(a_notice())) == {"batchItemFailures": []}
    [mail] = deployed.mails
    assert mail.destinations["ToAddresses"] == ["dishub@sleman.example"]
    assert CANARY in mail.body
    assert deployed.stored(a_notice()).state == "sent"
    assert metrics_of(capsys.readouterr().out) == {"NoticeSent": 1, "NoticeError": 0}


def test_an_sms_notice_is_sent_by_sms(deployed: Deployed) -> None:
    """A notice by SMS goes to the phone and carries none of the citizen's words."""
    notice = a_notice(medium="sms")
    deployed.add(notice)
    deployed.call(a_record(notice))
    [text] = deployed.texts
    assert a_ticket().code in text[1]
    assert "KENARI" not in str(text)
    assert deployed.mails == []


def test_a_record_that_comes_twice_sends_once(deployed: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """Duplicates within a batch and in a later one have no effect."""
    deployed.call(a_record(a_notice(), 1), a_record(a_notice(), 2))
    capsys.readouterr()
    assert deployed.call(a_record(a_notice(), 1)) == {"batchItemFailures": []}
    assert len(deployed.mails) == 1
    assert metrics_of(capsys.readouterr().out) == {"NoticeAlready": 1, "NoticeError": 0}


def test_a_record_of_a_notice_that_is_gone_is_done(deployed: Deployed) -> None:
    """A record about nothing is not tried again."""
    assert deployed.call(a_record(a_notice(department="dlh"))) == {"batchItemFailures": []}
    assert deployed.mails == []


def test_a_broken_record_delays_no_other(deployed: Deployed) -> None:
    """One record that cannot be read is reported alone; the one after it is sent."""
    broken = a_notice(department="dlh")
    deployed.add(broken)
    deployed.table.client.update_item(
        TableName=deployed.table.name,
        Key=to_image(notice_key(broken.ticket, broken.key)),
        UpdateExpression="SET medium = :medium",
        ExpressionAttributeValues={":medium": {"S": CANARY}},
    )
    answer = deployed.call(a_record(broken, 1), a_record(a_notice(), 2))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert len(deployed.mails) == 1
    assert "ValidationError" in deployed.log.getvalue()
    assert "KENARI" not in deployed.log.getvalue()


def test_a_batch_that_fails_as_a_whole_is_reported_without_a_word(
    deployed: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """When every record fails, each is reported, and no error is raised whose sentence could quote an item."""
    deployed.table.client.update_item(
        TableName=deployed.table.name,
        Key=to_image(ticket_key(a_ticket().code)),
        UpdateExpression="SET #topic = :broken",
        ExpressionAttributeNames={"#topic": "topic"},
        ExpressionAttributeValues={":broken": {"L": [{"S": CANARY}]}},
    )
    assert deployed.call(a_record(a_notice())) == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert deployed.mails == []
    assert deployed.stored(a_notice()).state == "pending"
    written = capfd.readouterr()
    assert "KENARI" not in written.out + written.err + deployed.log.getvalue()


def test_the_log_names_codes_and_nothing_else(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """Ticket, notice and outcome are logged; text, address, phone and link are not."""
    deployed.add(a_notice(medium="sms"))
    deployed.call(a_record(a_notice(), 1), a_record(a_notice(medium="sms"), 2))
    written = capfd.readouterr()
    log = written.out + written.err + deployed.log.getvalue()
    assert a_ticket().code in log
    assert '"outcome":"sent"' in log
    for secret in ("KENARI", "Jeglongan", "sleman.example", "+62811", "instagram.com", "penipu"):
        assert secret not in log


def test_outside_production_mail_goes_to_the_override(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial stage writes to nobody but its override."""
    module = load_handler(monkeypatch, STAGE="dev", OVERRIDE_EMAIL="trial@sleman.example", OVERRIDE_PHONE="+62899")
    module.handler({"Records": [a_record(a_notice())]}, CONTEXT)
    [mail] = deployed.mails
    assert mail.destinations["ToAddresses"] == ["trial@sleman.example"]
    assert deployed.stored(a_notice()).told == "dishub"


@pytest.mark.parametrize("override", [{}, {"OVERRIDE_EMAIL": ""}])
def test_a_trial_stage_without_override_does_not_start(
    monkeypatch: pytest.MonkeyPatch, override: dict[str, str]
) -> None:
    """Outside production the function refuses to start when nothing keeps it from writing to departments."""
    with pytest.raises(SettingsError, match="OVERRIDE_EMAIL is missing: in stage dev every notice goes there"):
        load_handler(monkeypatch, STAGE="dev", **override)


def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The function says which setting it misses."""
    monkeypatch.delenv("SENDER_ADDRESS", raising=False)
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "SENDER_ADDRESS"}
    monkeypatch.setattr(sys.modules[__name__], "ENVIRONMENT", environment)
    with pytest.raises(SettingsError, match="SENDER_ADDRESS: Field required"):
        load_handler(monkeypatch)
