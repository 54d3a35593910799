"""Fault 33: machines answer our mails, and our own words are read as if a citizen had written them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest

from aduan.directory_loading import load_directory
from aduan.notice import AnyNotice
from aduan.ticket import Stage
from infra.local.simulator.world import Draft, Kind, Role
from poll_channels.sources import KINDS
from public_replies.wording import reply_text
from tests import fake_x, fake_youtube
from tests.builders import a_channel_notice, a_notice, a_ticket
from tests.fake_graph import FakeGraph
from tests.fake_telegram import Bot, a_message
from tests.fake_x import FakeX
from tests.fake_youtube import FakeYouTube
from tests.kinds import FAKES
from tests.local_http import Answer, Asked
from tests.provider import MAIL, SENT, a_provider, an_envelope, mail_sender
from tests.reading import NOW, Platform
from tests.template.declared import TEMPLATE

OURS = (
    "Terima kasih, laporan Anda kami catat dengan kode SLM-4K7P2M dan kami teruskan ke Dinas Perhubungan. Lampu mati."
)


def on_graph(fake: FakeGraph, at: datetime) -> None:
    """Let the account answer under its own post."""
    kind = Kind(fake.CHANNEL.kind)
    fake.simulator.world.add(Draft("ours", kind, Role.COMMENT, "host", None, OURS, False, at, True))  # noqa: FBT003 # a draft's fields in their order


def on_telegram(fake: Bot, at: datetime) -> None:
    """Let the bot's own words come back, as its own message in a moderator's chat and as another bot's."""
    me = {"id": int(fake.CHANNEL.account), "is_bot": True, "first_name": "Aduan"}
    for number, person in enumerate((me, {"id": 987654321, "is_bot": True, "first_name": "Bot lain"})):
        fake.sends(a_message(900 + number, OURS, date=int(at.timestamp())) | {"from": person})


def on_x(fake: FakeX, at: datetime) -> None:
    """Let the account mention itself."""
    fake.posts.append(fake_x.written(0, at, author=fake_x.ACCOUNT, text=OURS))


def on_youtube(fake: FakeYouTube, at: datetime) -> None:
    """Let the channel comment on its own video and answer a citizen."""
    fake.threads[0].replies.append(
        fake_youtube.said(f"{fake.threads[0].id}.ours", 0, at, author=fake_youtube.ACCOUNT, text=OURS)
    )
    fake.threads.append(fake_youtube.said("ours", 0, at, author=fake_youtube.ACCOUNT, text=OURS))


SPEAKS: dict[str, Callable[[Any, datetime], None]] = {
    "facebook_page": on_graph,
    "instagram": on_graph,
    "telegram_relay": on_telegram,
    "x": on_x,
    "youtube": on_youtube,
}
NOBODY = {"rss"}
"""Kinds without an account of ours: nothing in a feed is ours."""


def test_fault_33_every_kind_is_asked_what_it_does_with_our_own_words() -> None:
    """A new channel kind needs a line here, too."""
    assert set(SPEAKS) | NOBODY == set(KINDS)


@pytest.mark.parametrize("kind", sorted(SPEAKS))
def test_fault_33_what_we_wrote_ourselves_is_no_complaint(kind: str) -> None:
    """Our own post is counted and skipped, though it names a ticket and a fault; a citizen's post beside it is read."""
    fake = FAKES[kind]()
    fake.write(1, NOW - timedelta(minutes=30))
    SPEAKS[kind](fake, NOW - timedelta(minutes=20))
    found = Platform(fake).read()
    assert found.error is None
    assert set(found.ids) == set(fake.citizens)
    assert not any("SLM-4K7P2M" in text for text in found.texts.values())
    assert found.own >= 1


STAGES: tuple[Stage, ...] = get_args(Stage)


class Hiding:
    """A platform that gives nobody's name, not even ours."""

    def __init__(self, fake: FakeGraph) -> None:
        self._healthy = fake.healthy

    def __call__(self, asked: Asked, _number: int) -> Answer:
        """Return the usual answer without its authors."""
        answer = self._healthy(asked)
        return Answer(answer.status, json.dumps(self.nameless(json.loads(answer.data))).encode(), answer.headers)

    def nameless(self, value: Any) -> Any:
        """Return a JSON value without its authors."""
        if isinstance(value, list):
            return [self.nameless(each) for each in value]
        if isinstance(value, dict):
            return {name: self.nameless(each) for name, each in value.items() if name not in {"from", "username"}}
        return value


@pytest.mark.parametrize("kind", ["facebook_page", "instagram"])
@pytest.mark.parametrize("stage", STAGES)
def test_fault_33_our_answers_are_known_even_where_nobody_is_named(kind: str, stage: Stage) -> None:
    """Our answer, read as a complaint, would be answered again; a citizen who names a ticket's code is read."""
    fake: Any = FAKES[kind]()
    fake.fault = Hiding(fake)
    citizen = f"Min, {a_ticket().code} kok belum diperbaiki"
    for name, text in (
        ("answer", reply_text(a_ticket(), stage, load_directory().departments["dptr"])),
        ("citizen", citizen),
    ):
        at = NOW - timedelta(minutes=20)
        fake.simulator.world.add(Draft(name, Kind(kind), Role.COMMENT, "host", None, text, False, at, False))  # noqa: FBT003 # a draft's fields in their order
    found = Platform(fake).read()
    assert found.error is None
    written = [text for text in found.texts.values() if not text.startswith("Lapor host")]
    assert written == [citizen]


@pytest.mark.parametrize("notice", [a_notice(), a_notice(step="remind"), a_channel_notice()])
def test_fault_33_a_mail_says_that_a_machine_wrote_it(notice: AnyNotice) -> None:
    """No autoresponder, nor Exchange, answers a first notice, a reminder or a notice about a channel."""
    with a_provider() as provider:
        provider.body = SENT["email"]
        mail_sender(provider.url).send(MAIL, an_envelope(notice, reply_to="desk@sleman.example"))
        [(_, body)] = provider.requests
    request = json.loads(body)
    headers = {header["Name"]: header["Value"] for header in request["Content"]["Simple"]["Headers"]}
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["X-Auto-Response-Suppress"] == "All"
    assert request["ReplyToAddresses"] == ["desk@sleman.example"]


def test_fault_33_no_answer_to_a_mail_reaches_a_function() -> None:
    """Replies go to the desk's mailbox: nothing in the deployment receives mail, so nothing can answer a reply."""
    declared = json.dumps(TEMPLATE, default=str)
    assert "ReceiptRule" not in declared
    assert "MailManager" not in declared
