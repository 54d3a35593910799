"""Problems of a channel reach a person: the poller notices, the outbox keeps the notice, and one mail is sent."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from moto.sesv2.models import sesv2_backends

from aduan.channel import TokenCheck
from aduan.notice import ChannelNotice
from aduan.post import Post
from aduan.store.channels import DynamoChannelStore
from aduan.store.contacts import DynamoContactStore
from aduan.store.table import Table, to_image
from aduan.triage import DESK
from notify import delivery
from poll_channels.source import Batch, Source, Window
from tests.builders import a_channel, a_post
from tests.deployment import Deployment
from tests.table import everything
from tests.unit.fakes_notify import a_contact

NOW = datetime(2026, 11, 3, 7, 0, tzinfo=UTC)
INSTAGRAM = a_channel()
PAID = a_channel(id="x:kabarsleman", kind="x", account="200000001", monthly_budget_usd=20)
SECRET = "rahasia-KENARI"
CONTEXT = SimpleNamespace(aws_request_id="request", get_remaining_time_in_millis=lambda: 240_000)


@dataclass
class Reading(Source):
    """A readable channel with the given posts and price."""

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
    log: io.StringIO
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
        """Deliver every notice as the stream does when it is new; later deliveries are repetitions."""
        records = [
            {"dynamodb": {"Keys": to_image({"pk": item["pk"], "sk": item["sk"]}), "SequenceNumber": str(number)}}
            for number, item in enumerate(self._items())
        ]
        assert self.teller.handler({"Records": records}, CONTEXT) == {"batchItemFailures": []}

    def follow_up(self) -> None:
        """Invoke `follow_up`, ten minutes later."""
        self.now += timedelta(minutes=10)
        self.follower.handler({}, CONTEXT)

    def contacts(self, *departments: str) -> None:
        """Give these departments a contact."""
        for department in departments:
            DynamoContactStore(self.table).put(a_contact(department))

    @property
    def mails(self) -> list[tuple[str, str, str]]:
        """Recipient, subject and text of what SES accepted, with plain spaces."""
        sent = sesv2_backends["123456789012"]["ap-southeast-1"].core_backend.sent_messages
        return [(mail.destinations["ToAddresses"][0], mail.subject, mail.body.replace("\u00a0", " ")) for mail in sent]

    def _items(self) -> list[dict[str, Any]]:
        items = everything(self.table)
        return [item for item in items if item["pk"].startswith("CHANNEL#") and item["sk"].startswith("NOTICE#")]


@pytest.fixture
def county(deployed: Deployment, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    boto3.client("ses").verify_email_identity(EmailAddress="aduan@sleman.example")
    ssm = boto3.client("ssm")
    for name in ("meta/app_secret", "author_key"):  # and no token of any channel
        ssm.put_parameter(Name=f"/aduan/test/{name}", Value=SECRET, Type="SecureString", Overwrite=True)
    found = Deployed(deployed("PollChannels"), deployed("Notify"), deployed("FollowUp"), deployed.table, deployed.log)
    clock = SimpleNamespace(now=lambda _zone: found.now)
    for module in (found.poller, found.follower, delivery):
        monkeypatch.setattr(module, "datetime", clock)
    found.poller.directory = found.poller.directory.model_copy(update={"channels": (INSTAGRAM, PAID)})  # type: ignore[attr-defined]
    return found


def let_in(county: Deployed, monkeypatch: pytest.MonkeyPatch, reading: Reading, kind: str = "instagram") -> None:
    """Let the platform answer from now on."""
    monkeypatch.setitem(county.poller.KINDS, kind, lambda *_: reading)


def a_look(county: Deployed, monkeypatch: pytest.MonkeyPatch, **said: Any) -> None:
    """Check the token; the platform says this of it."""
    look = TokenCheck.model_validate({"channel": INSTAGRAM.id, "looked_at": county.now, "valid": True, **said})
    monkeypatch.setattr("poll_channels.tasks.tokens.inspect_token", lambda *_: look)


def test_a_refused_channel_is_one_mail_to_its_owner(county: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """Repeated refusals and repeated deliveries bring one mail, and it holds no secret."""
    county.contacts("diskominfo", DESK)
    county.poll()
    assert county.notices() == []
    for _ in range(4):
        county.poll()
        county.tell()
    [(recipient, subject, text)] = county.mails
    assert recipient == "diskominfo@sleman.example"
    assert subject == "[Kanal Instagram @kabarsleman] Perlu izin baru: kanal tidak dapat dibaca"
    assert "Selasa, 3 November 2026 pukul 14.01 WIB" in text
    [notice] = county.notices()
    assert (notice.state, notice.told) == ("sent", "diskominfo")
    written = capfd.readouterr()
    log = written.out + written.err + county.log.getvalue()
    assert '"subject":"instagram:kabarsleman"' in log
    for place in (text, log):
        assert SECRET not in place
    assert "sleman.example" not in log


def test_the_mark_lasts_until_the_channel_is_let_in(county: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cursor is marked from the second refusal to the first good run; the next episode is another mail."""
    county.contacts("diskominfo")
    channels = DynamoChannelStore(county.table)
    refused = county.poller.KINDS["instagram"]
    for _ in range(2):
        monkeypatch.setitem(county.poller.KINDS, "instagram", refused)
        began = county.now + timedelta(minutes=1)
        county.poll()
        assert channels.read(INSTAGRAM.id).needs_permission_since is None
        county.poll()
        assert channels.read(INSTAGRAM.id).needs_permission_since == began
        let_in(county, monkeypatch, Reading())
        county.poll()
        assert channels.read(INSTAGRAM.id).needs_permission_since is None
    county.tell()
    assert len(county.mails) == 2


def test_the_desk_is_mailed_for_an_owner_without_contact(county: Deployed) -> None:
    """The desk is asked to pass the mail on."""
    county.contacts(DESK)
    for _ in range(2):
        county.poll()
    county.tell()
    [(recipient, _, text)] = county.mails
    assert recipient == "desk@sleman.example"
    assert "Mohon diteruskan" in text


def test_without_the_stream_the_owner_is_mailed_by_the_follow_up(county: Deployed) -> None:
    """The owner gets the mail from `follow_up`, even when at first nobody had a contact."""
    for _ in range(2):
        county.poll()
    county.follow_up()
    assert county.mails == []
    county.contacts("diskominfo")
    for _ in range(2):
        county.follow_up()
    assert [recipient for recipient, *_ in county.mails] == ["diskominfo@sleman.example"]


def test_a_token_near_its_end_is_mailed_at_14_7_and_1_days(county: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each warning is mailed once, however often the token is checked; a renewed token gets its own warnings."""
    county.contacts("diskominfo")
    end = NOW + timedelta(days=30, hours=12)
    mailed = []
    for days in (30, 15, 14, 14, 13, 8, 7, 6, 2, 1, 0):
        county.now = end - timedelta(days=days, hours=12)
        a_look(county, monkeypatch, reason="expires_at", ends_at=end)
        before = len(county.mails)
        county.poll(task="tokens")
        county.tell()
        mailed += [days] * (len(county.mails) - before)
    assert mailed == [14, 7, 1]
    assert "berakhir 14 hari lagi" in county.mails[0][1]
    a_look(county, monkeypatch, reason="expires_at", ends_at=end + timedelta(days=7))
    county.poll(task="tokens")
    county.tell()
    assert len(county.mails) == 4


def test_a_spent_budget_is_one_mail_to_the_desk(county: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk is told once that the channel is dark for the rest of the month; the owner is not asked to act."""
    county.contacts("diskominfo", DESK)
    post = a_post(kind="x", native_id="1", channel=PAID.id, created_at=NOW)
    let_in(county, monkeypatch, Reading((post,), cost_usd=20.5), "x")
    for _ in range(3):
        county.poll("x")
        county.tell()
    [(recipient, subject, text)] = county.mails
    assert recipient == "desk@sleman.example"
    assert "Anggaran November 2026 habis" in subject
    assert "Selasa, 1 Desember 2026 pukul 00.00 WIB" in text


def test_a_healthy_channel_writes_no_notice(county: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs with permission, and a token with a late end, write nothing into the outbox."""
    let_in(county, monkeypatch, Reading())
    a_look(county, monkeypatch)
    for _ in range(3):
        county.poll()
        county.poll(task="tokens")
    assert county.notices() == []


def test_the_channel_of_another_directory_is_not_told(county: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notice about an account that was removed is put aside, and nobody is mailed."""
    gone = a_channel(id="instagram:akunlama", handle="akunlama")
    county.contacts("diskominfo", DESK)
    county.poller.directory = county.poller.directory.model_copy(update={"channels": (gone,)})  # type: ignore[attr-defined]
    for _ in range(2):
        county.poll()
    county.tell()
    assert county.mails == []
    assert [notice.state for notice in county.notices()] == ["parked"]
