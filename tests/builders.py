"""Builders of valid values. A test overrides only the fields it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aduan.channel import Rejected
from aduan.directory import Channel
from aduan.example import Example, Label
from aduan.gate_version import GateVersion
from aduan.notice import ChannelNotice, ContactNotice, Notice
from aduan.post import Post
from aduan.record import stamp
from aduan.ticket import Event, Ticket
from aduan.triage import Place, Triage
from tests.codes import ticket_code

NOON = datetime(2026, 11, 3, 5, 0, tzinfo=UTC)
"""Noon of a Tuesday in Sleman."""


def a_channel(**changes: Any) -> Channel:
    """An Instagram account that is polled."""
    fields: dict[str, Any] = {
        "id": "instagram:kabarsleman",
        "kind": "instagram",
        "account": "17841400000000001",
        "handle": "kabarsleman",
        "name": "Kabar Sleman",
        "purpose": "complaints",
        "department": "diskominfo",
        "lookback_days": 30,
    }
    return Channel.model_validate(fields | changes)


def a_post(**changes: Any) -> Post:
    """A citizen's comment about a street lamp."""
    fields: dict[str, Any] = {
        "kind": "instagram",
        "native_id": "18000000000000021",
        "channel": "instagram:kabarsleman",
        "text": "Min, lampu jalan depan pasar Condongcatur mati sudah tiga hari, tolong diperbaiki",
        "permalink": "https://www.instagram.com/p/contoh/",
        "created_at": NOON,
        "fetched_at": NOON + timedelta(minutes=1),
    }
    return Post.model_validate(fields | changes)


def a_rejected(**changes: Any) -> Rejected:
    """A comment in quarantine, because it has no time."""
    fields: dict[str, Any] = {
        "channel": "instagram:kabarsleman",
        "native_id": "18000000000000099",
        "reason": "timestamp: Field required",
        "raw": "{}",
    }
    return Rejected.model_validate(fields | changes)


def a_triage(**changes: Any) -> Triage:
    """A clear complaint for Dishub."""
    fields: dict[str, Any] = {
        "is_report": True,
        "kind": "complaint",
        "topic": "penerangan_jalan",
        "urgency": "normal",
        "place": Place(kapanewon="Depok", kalurahan="Condongcatur"),
        "department": "dishub",
        "confidence": 0.93,
        "runner_up": "dpupkp",
        "route": "auto",
        "reasons": ("kata: lampu jalan", "kata: mati"),
        "decided_by": "rules-1 0123456789ab/ba9876543210",
    }
    return Triage.model_validate(fields | changes)


def a_ticket(**changes: Any) -> Ticket:
    """The ticket of `a_post`."""
    fields: dict[str, Any] = {
        "code": ticket_code(a_post().key),
        "status": "routed",
        "kind": "complaint",
        "topic": "penerangan_jalan",
        "urgency": "normal",
        "department": "dishub",
        "runner_up": "dpupkp",
        "place": Place(kapanewon="Depok", kalurahan="Condongcatur"),
        "channel": "instagram:kabarsleman",
        "post": a_post().key,
        "permalink": a_post().permalink,
        "opened_at": NOON,
        "due_at": NOON + timedelta(days=17),
    }
    return Ticket.model_validate(fields | changes)


def a_notice(**changes: Any) -> Notice:
    """The e-mail to Dishub about `a_ticket`."""
    fields: dict[str, Any] = {
        "ticket": a_ticket().code,
        "department": "dishub",
        "medium": "email",
        "created_at": NOON,
    }
    return Notice.model_validate(fields | changes)


def a_channel_notice(**changes: Any) -> ChannelNotice:
    """The notice to the owner of `a_channel` that the platform refuses us."""
    fields: dict[str, Any] = {
        "channel": a_channel().id,
        "matter": "permission",
        "episode": stamp(NOON),
        "department": "diskominfo",
        "created_at": NOON + timedelta(minutes=1),
        "since": NOON,
        "reason": "CredentialError: code 190/463",
    }
    return ChannelNotice.model_validate(fields | changes)


def a_contact_notice(**changes: Any) -> ContactNotice:
    """The notice to the desk that Dishub's address bounced."""
    fields: dict[str, Any] = {
        "about": "dishub",
        "which": "email",
        "address": "dishub@sleman.example",
        "died_at": NOON,
        "reason": "bounce: General",
        "created_at": NOON + timedelta(minutes=1),
    }
    return ContactNotice.model_validate(fields | changes)


def an_event(**changes: Any) -> Event:
    """The first step of `a_ticket`."""
    fields: dict[str, Any] = {
        "ticket": a_ticket().code,
        "at": NOON,
        "move": "opened",
        "by": "classify",
        "why": "kata: lampu jalan",
    }
    return Event.model_validate(fields | changes)


def an_example(**changes: Any) -> Example:
    """A person's correction of `a_post`: it is about a road."""
    fields: dict[str, Any] = {
        "post": a_post().key,
        "ticket": a_ticket().code,
        "text": a_post().text,
        "decision": a_triage(),
        "label": Label(topic="jalan", department="dpupkp"),
        "at": NOON + timedelta(hours=1),
    }
    return Example.model_validate(fields | changes)


def a_gate_version(number: int) -> GateVersion:
    """A version of the gate."""
    return GateVersion(
        version=number,
        model="0123456789ab",
        made_at=NOON,
        decisions=412,
        reports=100,
        chatter=300,
        base_shown=174,
        base_lost=3,
        shown=93,
        lost=2,
        sentence="dari 412 keputusan",
    )
