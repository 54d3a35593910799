from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest

from aduan.directory_loading import load_directory
from aduan.labels import CHANNEL_KIND_LABELS, channel_label
from aduan.notice import Matter
from aduan.post import ChannelKind
from aduan.record import WIB
from aduan.triage import DESK
from notify.case import DeskReason
from notify.channel_wording import STEPS, channel_mail
from notify.wording import Mail
from poll_channels.sources import KINDS
from tests.builders import NOON, a_channel, a_channel_notice

DIRECTORY = load_directory()
CHANNELS = {channel.id: channel for channel in DIRECTORY.channels}
BY_MATTER: dict[Matter, dict[str, Any]] = {
    "permission": {},
    "token": {"since": None, "until": NOON + timedelta(days=7, minutes=2), "reason": "expires_at"},
    "budget": {"until": datetime(2026, 12, 1, tzinfo=WIB), "reason": None, "department": DESK},
}


def write(
    matter: Matter = "permission",
    channel: str = "instagram:kabarsleman",
    desk_reason: DeskReason | None = None,
    **changes: Any,
) -> Mail:
    """Return the mail about a channel of the directory, with some fields changed."""
    notice = a_channel_notice(matter=matter, channel=channel, **(BY_MATTER[matter] | changes))
    return channel_mail(notice, CHANNELS[channel], DIRECTORY.departments[notice.department], desk_reason, DIRECTORY)


def said(html: str) -> str:
    """Return what a mail program would show, without the layout's line breaks and hard spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\u00a0", " ").split())


def test_every_kind_of_channel_has_a_name_for_people() -> None:
    """No mail speaks of a ``telegram_relay``."""
    assert set(CHANNEL_KIND_LABELS) == set(get_args(ChannelKind))
    for channel in DIRECTORY.channels:
        assert channel_label(channel.id, DIRECTORY).startswith(f"{CHANNEL_KIND_LABELS[channel.kind]} ")


def test_whoever_is_told_learns_what_to_do_on_every_kind_that_is_read() -> None:
    """Each kind that may be refused has its own steps to take."""
    assert set(STEPS) == set(KINDS)


def test_a_refused_channel_is_told_with_everything_a_person_needs() -> None:
    """Both forms say which channel it is, what is wrong, since when, what to do, and what happens meanwhile."""
    mail = write()
    assert mail.subject == "[Kanal Instagram @kabarsleman] Perlu izin baru: kanal tidak dapat dibaca"
    for form in (mail.text, said(mail.html)):
        for words in (
            "Yth. Dinas Komunikasi dan Informatika,",
            "Instagram @kabarsleman",
            "Selasa, 3 November 2026 pukul 12.00 WIB",
            "Dua kali berturut-turut permintaannya ditolak",
            "Token kedaluwarsa, dicabut, atau tidak ada",
            "CredentialError: code 190/463",
            "1. Masuk ke Pengaturan Bisnis Meta",
            "channels/instagram/kabarsleman/token",
            "Sampai izin pulih, kiriman baru di kanal ini tidak masuk ke Aduan",
            "paling lama 30 hari ke belakang",
        ):
            assert words in form


def test_what_a_platform_forgets_is_said() -> None:
    """For a Telegram relay, moderators must forward again what is older than a day."""
    mail = write(channel="telegram_relay:infocegatan")
    assert "BotFather" in mail.text
    assert "Telegram hanya menyimpan kiriman selama 24 jam" in mail.text


def test_a_feed_has_no_token_to_hand_over() -> None:
    """The owner of a feed is asked for steps that help with a feed."""
    mail = write(channel="rss:suratpembaca", reason="NotPermittedError: status 403")
    assert "Parameter Store" not in mail.text
    assert "hubungi media yang menerbitkannya" in mail.text


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=14, hours=3), "berakhir 14 hari lagi"),
        (timedelta(days=1), "berakhir 1 hari lagi"),
        (timedelta(hours=3), "berakhir dalam kurang dari sehari"),
        (timedelta(hours=-3), "berakhir dalam kurang dari sehari"),
    ],
)
def test_a_token_is_told_with_its_end(left: timedelta, words: str) -> None:
    """The mail names the days left when the notice was made, and the end itself; until then the channel is read."""
    mail = write("token", created_at=NOON, until=NOON + left)
    assert words in mail.subject
    assert words in mail.text
    assert "Sampai saat itu kanal dibaca seperti biasa." in said(mail.html)
    assert "masa berlaku token" in mail.text
    assert "izin token mengakses data" in write("token", reason="data_access_expires_at").text


def test_a_spent_budget_is_told_to_the_desk_with_what_will_be_missing() -> None:
    """The mail says until when the channel is dark, how much was spent, and how far back it is read afterwards."""
    mail = write("budget", "x:kabarsleman")
    assert mail.subject == "[Kanal X @kabarsleman] Anggaran November 2026 habis: kanal tidak dibaca"
    for words in (
        "Yth. Meja Aduan Diskominfo,",
        "Selasa, 1 Desember 2026 pukul 00.00 WIB",
        "20 USD",
        "paling lama 7 hari ke belakang",
    ):
        assert words in mail.text


def test_the_month_of_a_budget_is_the_countys() -> None:
    """Spending in the first hours of a month in Sleman belongs to that month."""
    mail = write("budget", "x:kabarsleman", since=datetime(2026, 12, 1, 0, 30, tzinfo=WIB))
    assert "Anggaran Desember 2026 habis" in mail.subject


@pytest.mark.parametrize(
    ("desk_reason", "words"),
    [
        ("no_contact", "kontaknya belum terdaftar di Aduan. Mohon diteruskan"),
        ("unknown_department", "Mohon ditentukan siapa yang mengurusnya"),
    ],
)
def test_the_desk_learns_why_it_is_told(desk_reason: DeskReason, words: str) -> None:
    """The mail greets the desk itself, and asks it to pass on what is meant for somebody else."""
    mail = write(desk_reason=desk_reason)
    assert "Yth. Meja Aduan Diskominfo," in mail.text
    assert words in mail.text
    assert words in said(mail.html)


@pytest.mark.parametrize("matter", get_args(Matter))
def test_nothing_in_the_mail_can_be_clicked_or_break_a_header(matter: Matter) -> None:
    """The mail asks for a token, so it must not look like phishing; a line break in a name breaks no header."""
    channel = a_channel(name="Kabar\r\nBcc: semua@jahat.example <b>Sleman</b>", handle=None)
    directory = DIRECTORY.model_copy(update={"channels": (channel,)})
    notice = a_channel_notice(matter=matter, **BY_MATTER[matter])
    mail = channel_mail(notice, channel, DIRECTORY.departments[notice.department], None, directory)
    assert mail.subject.isprintable()
    assert len(mail.subject) <= 120
    assert not re.search(r"href|src=|://|www\.|<b>", mail.html)
    assert "://" not in mail.text
