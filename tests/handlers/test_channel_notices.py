"""What is wrong with a channel reaches a person: the poller notices, the outbox keeps it, one mail leaves."""

from __future__ import annotations

import importlib
import io
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.sesv2.models import sesv2_backends

from aduan.channel import TokenCheck
from aduan.notice import ChannelNotice
from aduan.post import Post
from aduan.store.channels import DynamoChannelStore
from aduan.store.contacts import DynamoContactStore
from aduan.store.table import Table, from_image, to_image
from aduan.triage import DESK
from poll_channels.source import Batch, Source, Window
from tests.builders import a_channel, a_post
from tests.table import TABLE_NAME, create_table
from tests.template.declared import environment
from tests.unit.fakes_notify import a_contact

NOW = datetime(2026, 11, 3, 7, 0, tzinfo=UTC)
INSTAGRAM = a_channel()
PAID = a_channel(id="x:kabarsleman", kind="x", account="200000001", monthly_budget_usd=20)
SECRET = "rahasia-KENARI"
CONTEXT = SimpleNamespace(aws_request_id="request", get_remaining_time_in_millis=lambda: 240_000)


@dataclass
class Reading(Source):
    """A channel that is let in, with these posts, for this price."""

    posts: tuple[Post, ...] = ()
    cost_usd: float = 0
    calls: int = 1

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Everything at once."""
        yield Batch.of(self.posts, window)


@dataclass
class Deployed:
    """The functions that poll, tell and follow up, on one table, with one clock."""

    poller: ModuleType
    teller: ModuleType
    follower: ModuleType
    table: Table
    log: io.StringIO = field(default_factory=io.StringIO)
    now: datetime = NOW
    polls: int = 0

    def poll(self, kind: str = "instagram", **task: Any) -> None:
        """Invoke the poller, a minute after the last time."""
        self.polls += 1
        self.now += timedelta(minutes=1)
        context = SimpleNamespace(aws_request_id=f"request-{self.polls}", get_remaining_time_in_millis=lambda: 50_000)
        self.poller.handler({"kind": kind, "at_once": True, **task}, context)

    def notices(self) -> list[ChannelNotice]:
        """The outbox's entries about channels."""
        return [ChannelNotice.model_validate(item) for item in self._items()]

    def tell(self) -> None:
        """Deliver every notice there is as the stream did when it was new: later deliveries are repetitions."""
        records = [
            {"dynamodb": {"Keys": to_image({"pk": item["pk"], "sk": item["sk"]}), "SequenceNumber": str(number)}}
            for number, item in enumerate(self._items())
        ]
        assert self.teller.handler({"Records": records}, CONTEXT) == {"batchItemFailures": []}

    def follow_up(self) -> None:
        """Invoke what drives again, ten minutes later."""
        self.now += timedelta(minutes=10)
        self.follower.handler({}, CONTEXT)

    def contacts(self, *departments: str) -> None:
        """These can be told."""
        for department in departments:
            DynamoContactStore(self.table).put(a_contact(department))

    @property
    def mails(self) -> list[tuple[str, str, str]]:
        """Recipient, subject and text of what SES accepted, with plain spaces."""
        sent = sesv2_backends["123456789012"]["ap-southeast-1"].core_backend.sent_messages
        return [(mail.destinations["ToAddresses"][0], mail.subject, mail.body.replace("\u00a0", " ")) for mail in sent]

    def _items(self) -> list[dict[str, Any]]:
        items = [from_image(image) for image in self.table.client.scan(TableName=TABLE_NAME)["Items"]]
        return [item for item in items if item["pk"].startswith("CHANNEL#") and item["sk"].startswith("NOTICE#")]


def load(monkeypatch: pytest.MonkeyPatch, function: str, module: str) -> ModuleType:
    """Import a handler with the environment that the template gives it."""
    for name, value in (environment(function) | {"TABLE_NAME": TABLE_NAME, "STAGE": "prod"}).items():
        monkeypatch.setenv(name, value)
    sys.modules.pop(module, None)
    return importlib.import_module(module)


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    with mock_aws():
        table = create_table()
        boto3.client("ses").verify_email_identity(EmailAddress="aduan@sleman.example")
        ssm = boto3.client("ssm")
        for name in ("meta/app_secret", "author_key"):  # and no token of any channel
            ssm.put_parameter(Name=f"/aduan/dev/{name}", Value=SECRET, Type="SecureString")
        boto3.client("sesv2").create_configuration_set(ConfigurationSetName="Mails")
        found = Deployed(
            load(monkeypatch, "PollChannels", "poll_channels.handler"),
            load(monkeypatch, "Notify", "notify.handler"),
            load(monkeypatch, "FollowUp", "follow_up.handler"),
            table,
        )
        clock = SimpleNamespace(now=lambda _zone: found.now)
        outbox = importlib.import_module("notify.outbox")
        for module in (found.poller, found.follower, outbox):
            monkeypatch.setattr(module, "datetime", clock)
        found.poller.directory = found.poller.directory.model_copy(update={"channels": (INSTAGRAM, PAID)})  # type: ignore[attr-defined]
        for module in (found.poller, found.teller, found.follower):
            module.logger.registered_handler.setStream(found.log)
        yield found


def let_in(deployed: Deployed, monkeypatch: pytest.MonkeyPatch, reading: Reading, kind: str = "instagram") -> None:
    """The platform answers from now on."""
    monkeypatch.setitem(deployed.poller.KINDS, kind, lambda *_: reading)


def a_look(deployed: Deployed, monkeypatch: pytest.MonkeyPatch, **said: Any) -> None:
    """What the platform says of the token now."""
    look = TokenCheck.model_validate({"channel": INSTAGRAM.id, "looked_at": deployed.now, "valid": True, **said})
    monkeypatch.setattr("poll_channels.tasks.tokens.inspect_token", lambda *_: look)


def test_a_refused_channel_is_one_mail_to_its_owner(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """However often it is refused, and however often the notice is delivered; no secret is in the mail."""
    deployed.contacts("diskominfo", DESK)
    deployed.poll()
    assert deployed.notices() == []
    for _ in range(4):
        deployed.poll()
        deployed.tell()
    [(recipient, subject, text)] = deployed.mails
    assert recipient == "diskominfo@sleman.example"
    assert subject == "[Kanal Instagram @kabarsleman] Perlu izin baru: kanal tidak dapat dibaca"
    assert "Selasa, 3 November 2026 pukul 14.01 WIB" in text
    [notice] = deployed.notices()
    assert (notice.state, notice.told) == ("sent", "diskominfo")
    written = capfd.readouterr()
    log = written.out + written.err + deployed.log.getvalue()
    assert '"subject":"instagram:kabarsleman"' in log
    for place in (text, log):
        assert SECRET not in place
    assert "sleman.example" not in log


def test_the_mark_lasts_until_the_channel_is_let_in(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cursor bears it from the second refusal to the first good run; the next episode is another mail."""
    deployed.contacts("diskominfo")
    channels = DynamoChannelStore(deployed.table)
    refused = deployed.poller.KINDS["instagram"]
    for _ in range(2):
        monkeypatch.setitem(deployed.poller.KINDS, "instagram", refused)
        began = deployed.now + timedelta(minutes=1)
        deployed.poll()
        assert channels.read(INSTAGRAM.id).needs_permission_since is None
        deployed.poll()
        assert channels.read(INSTAGRAM.id).needs_permission_since == began
        let_in(deployed, monkeypatch, Reading())
        deployed.poll()
        assert channels.read(INSTAGRAM.id).needs_permission_since is None
    deployed.tell()
    assert len(deployed.mails) == 2


def test_the_desk_is_mailed_for_an_owner_without_contact(deployed: Deployed) -> None:
    """It is asked to pass the mail on."""
    deployed.contacts(DESK)
    for _ in range(2):
        deployed.poll()
    deployed.tell()
    [(recipient, _, text)] = deployed.mails
    assert recipient == "desk@sleman.example"
    assert "Mohon diteruskan" in text


def test_without_the_stream_the_owner_is_mailed_by_the_follow_up(deployed: Deployed) -> None:
    """Also when nobody had a contact at first."""
    for _ in range(2):
        deployed.poll()
    deployed.follow_up()
    assert deployed.mails == []
    deployed.contacts("diskominfo")
    for _ in range(2):
        deployed.follow_up()
    assert [recipient for recipient, *_ in deployed.mails] == ["diskominfo@sleman.example"]


def test_a_token_near_its_end_is_mailed_at_14_7_and_1_days(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once each, however often it is looked at; a renewed one is told of again when its own time comes."""
    deployed.contacts("diskominfo")
    end = NOW + timedelta(days=30, hours=12)
    mailed = []
    for days in (30, 15, 14, 14, 13, 8, 7, 6, 2, 1, 0):
        deployed.now = end - timedelta(days=days, hours=12)
        a_look(deployed, monkeypatch, reason="expires_at", ends_at=end)
        before = len(deployed.mails)
        deployed.poll(task="tokens")
        deployed.tell()
        mailed += [days] * (len(deployed.mails) - before)
    assert mailed == [14, 7, 1]
    assert "berakhir 14 hari lagi" in deployed.mails[0][1]
    a_look(deployed, monkeypatch, reason="expires_at", ends_at=end + timedelta(days=7))
    deployed.poll(task="tokens")
    deployed.tell()
    assert len(deployed.mails) == 4


def test_a_spent_budget_is_one_mail_to_the_desk(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk hears that the channel is dark for the rest of the month, once, and its owner is not asked to act."""
    deployed.contacts("diskominfo", DESK)
    post = a_post(kind="x", native_id="1", channel=PAID.id, created_at=NOW)
    let_in(deployed, monkeypatch, Reading((post,), cost_usd=20.5), "x")
    for _ in range(3):
        deployed.poll("x")
        deployed.tell()
    [(recipient, subject, text)] = deployed.mails
    assert recipient == "desk@sleman.example"
    assert "Anggaran November 2026 habis" in subject
    assert "Selasa, 1 Desember 2026 pukul 00.00 WIB" in text


def test_a_healthy_channel_writes_no_notice(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that are let in, and a token that lives long, leave the outbox alone."""
    let_in(deployed, monkeypatch, Reading())
    a_look(deployed, monkeypatch)
    for _ in range(3):
        deployed.poll()
        deployed.poll(task="tokens")
    assert deployed.notices() == []


def test_the_channel_of_another_directory_is_not_told(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notice about an account that was taken out is put aside, and nobody is mailed."""
    gone = a_channel(id="instagram:akunlama", handle="akunlama")
    deployed.contacts("diskominfo", DESK)
    deployed.poller.directory = deployed.poller.directory.model_copy(update={"channels": (gone,)})  # type: ignore[attr-defined]
    for _ in range(2):
        deployed.poll()
    deployed.tell()
    assert deployed.mails == []
    assert [notice.state for notice in deployed.notices()] == ["parked"]
