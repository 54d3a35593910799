"""The deployed `follow_up`, on moto."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace

import boto3
import pytest
from moto import mock_aws
from moto.sesv2.models import sesv2_backends

from aduan.settings import SettingsError
from aduan.store.contacts import DynamoContactStore
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table
from tests.builders import a_post
from tests.fake_bedrock import OFF
from tests.links import SECRET_NAME, create_keys
from tests.table import TABLE_NAME, create_table
from tests.unit.fakes_notify import a_contact

ENVIRONMENT = {
    "TABLE_NAME": TABLE_NAME,
    "STAGE": "prod",
    "SENDER_ADDRESS": "aduan@sleman.example",
    "CONFIGURATION_SET": "",
    "ACTION_BASE_URL": "https://aduan.example",
    "ACTION_KEYS": SECRET_NAME,
    "SMS_SENDER_ID": "SLEMAN",
    "CHATTER_RETENTION_DAYS": "30",
    **OFF,
}
CANARY = "KENARI-4711"
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 240_000)


def load_handler(monkeypatch: pytest.MonkeyPatch, **environment: str) -> ModuleType:
    """Import the handler as a cold start does."""
    for name, value in (ENVIRONMENT | environment).items():
        monkeypatch.setenv(name, value)
    sys.modules.pop("follow_up.handler", None)
    return importlib.import_module("follow_up.handler")


@pytest.fixture(name="table")
def _table() -> Iterator[Table]:
    with mock_aws():
        table = create_table()
        create_keys()
        boto3.client("ses").verify_email_identity(EmailAddress=ENVIRONMENT["SENDER_ADDRESS"])
        for code in ("dishub", "desk"):
            DynamoContactStore(table).put(a_contact(code))
        yield table


def mails() -> list[object]:
    """What SES accepted."""
    return list(sesv2_backends["123456789012"]["ap-southeast-1"].core_backend.sent_messages)


def store_old_post(table: Table) -> str:
    """A post whose stream record was never delivered, ten minutes ago."""
    post = a_post(
        text=f"Lampu jalan depan pasar Condongcatur mati sudah tiga hari, tolong diperbaiki {CANARY}",
        fetched_at=datetime.now(UTC) - timedelta(minutes=10),
    )
    DynamoPostStore(table).add(post)
    return post.key


def test_a_post_left_behind_is_decided_and_its_notice_sent(
    table: Table, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two runs without a stream bring a post to its department, and its words into no log."""
    key = store_old_post(table)
    module = load_handler(monkeypatch)
    module.handler({}, CONTEXT)
    post = DynamoPostStore(table).get(key)
    assert post is not None
    assert post.ticket is not None
    assert mails() == []
    later = datetime.now(UTC) + timedelta(minutes=6)
    monkeypatch.setattr(module, "datetime", SimpleNamespace(now=lambda _zone: later))
    module.handler({}, CONTEXT)
    assert len(mails()) == 1
    assert CANARY not in capsys.readouterr().out


def test_a_run_without_work_says_so(
    table: Table, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing left behind is a metric of zero, not silence."""
    load_handler(monkeypatch).handler({}, CONTEXT)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["Redriven"] for line in lines if "Redriven" in line] == [[0.0]]


def test_what_fails_is_raised_after_the_others_were_driven(
    table: Table, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The invocation fails with the class of the fault and no word of a citizen."""
    store_old_post(table)
    module = load_handler(monkeypatch)

    def fail(*_: object, **__: object) -> str:
        raise ValueError(CANARY)

    monkeypatch.setattr(module, "decide", fail)
    with pytest.raises(RuntimeError, match=r"1 could not be driven again: ValueError$"):
        module.handler({}, CONTEXT)
    assert CANARY not in capsys.readouterr().out


def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cold start without an override outside production stops with a sentence that says so."""
    with pytest.raises(SettingsError, match="OVERRIDE_EMAIL is missing: in stage dev"):
        load_handler(monkeypatch, STAGE="dev")
