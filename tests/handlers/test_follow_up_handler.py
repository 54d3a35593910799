"""The deployed `follow_up`, on moto."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import boto3
import pytest
from moto.sesv2.models import sesv2_backends

from aduan.settings import SettingsError
from aduan.store.contacts import DynamoContactStore
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table
from tests.builders import a_post
from tests.deployment import Deployment
from tests.links import create_keys
from tests.unit.fakes_notify import a_contact

CANARY = "KENARI-4711"
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 240_000)


@pytest.fixture(name="table")
def _table(deployed: Deployment) -> Table:
    create_keys()
    boto3.client("ses").verify_email_identity(EmailAddress="aduan@sleman.example")
    for code in ("dishub", "desk"):
        DynamoContactStore(deployed.table).put(a_contact(code))
    return deployed.table


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
    table: Table, deployed: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a stream, two runs bring a post to its department, and its text into no log."""
    key = store_old_post(table)
    module = deployed("FollowUp")
    module.handler({}, CONTEXT)
    post = DynamoPostStore(table).get(key)
    assert post is not None
    assert post.ticket is not None
    assert mails() == []
    later = datetime.now(UTC) + timedelta(minutes=6)
    monkeypatch.setattr(module, "datetime", SimpleNamespace(now=lambda _zone: later))
    module.handler({}, CONTEXT)
    assert len(mails()) == 1
    assert CANARY not in capsys.readouterr().out + deployed.log.getvalue()


def test_a_run_without_work_says_so(table: Table, deployed: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    """A run with nothing to do sends a metric of zero rather than none."""
    deployed("FollowUp").handler({}, CONTEXT)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["Redriven"] for line in lines if "Redriven" in line] == [[0.0]]


def test_what_fails_is_raised_after_the_others_were_driven(
    table: Table, deployed: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The invocation fails with the class of the fault and no word that a citizen wrote."""
    store_old_post(table)
    module = deployed("FollowUp")

    def fail(*_: object, **__: object) -> str:
        raise ValueError(CANARY)

    monkeypatch.setattr(module, "decide", fail)
    with pytest.raises(RuntimeError, match=r"1 could not be driven again: ValueError$"):
        module.handler({}, CONTEXT)
    assert CANARY not in capsys.readouterr().out + deployed.log.getvalue()


def test_a_missing_setting_is_named(deployed: Deployment) -> None:
    """Outside production, a cold start without an override stops with a sentence that says so."""
    with pytest.raises(SettingsError, match="OVERRIDE_EMAIL is missing: in stage dev"):
        deployed("FollowUp", STAGE="dev", OVERRIDE_EMAIL=None)
