"""What is answered: records with their codes, and beside the codes what people read, in Indonesian."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, get_args

from admin_api import coverage
from aduan.health import Health, error_label, token_label
from aduan.notice import Contact
from aduan.record import WIB, stamp
from aduan.ticket import Status, Ticket

if TYPE_CHECKING:
    from admin_api.coverage import Reason, Stretch
    from aduan.channel import TokenCheck
    from aduan.channel_budget import BudgetState
    from aduan.directory import Channel, Directory
    from aduan.example import Example
    from aduan.notice import Notice
    from aduan.reply import Reply
    from aduan.store.reading import ChannelState, Grouping, Tally, TicketDetail
    from aduan.ticket import Event, Voice
    from aduan.triage import Triage

Answer = dict[str, Any]

STATUS_LABELS: Final[Mapping[str, str]] = {
    "needs_review": "Menunggu pemeriksaan",
    "routed": "Diteruskan",
    "accepted": "Diterima",
    "in_progress": "Sedang dikerjakan",
    "resolved": "Selesai dikerjakan",
    "closed": "Ditutup",
    "reopened": "Dibuka kembali",
    "not_ours": "Bukan wewenang",
    "duplicate": "Duplikat",
    "rejected": "Bukan aduan",
}
URGENCY_LABELS: Final[Mapping[str, str]] = {"emergency": "Darurat", "urgent": "Mendesak", "normal": "Biasa"}
KIND_LABELS: Final[Mapping[str, str]] = {
    "complaint": "Aduan",
    "request": "Permohonan",
    "aspiration": "Aspirasi",
    "other": "Lainnya",
}
REASON_LABELS: Final[Mapping[str, str]] = {
    coverage.NO_RUN: "Tidak ada pembacaan yang tercatat",
    coverage.NOT_YET_READ: "Belum ada pembacaan lengkap sesudahnya",
    coverage.BEFORE_FIRST_RUN: "Sebelum Aduan mulai membaca kanal ini",
    coverage.FORGOTTEN: "Catatan pembacaan waktu itu sudah dihapus",
    coverage.LOST: "Mungkin ada kiriman yang sudah tidak ditampilkan lagi ketika kanal dibaca",
}
STOP_LABELS: Final[Mapping[str | None, str]] = {
    "time": "Waktu habis sebelum selesai; dilanjutkan pada pembacaan berikutnya",
    "page cap": "Terlalu banyak halaman untuk sekali baca",
    "gap": "Sebagian waktu sudah tidak dapat dibaca lagi; selebihnya terbaca",
    "usage": "Jatah platform hampir habis; dilanjutkan kemudian",
}
MOVE_LABELS: Final[Mapping[str, str]] = {
    **STATUS_LABELS,
    "opened": "Dibuka",
    "edited": "Kiriman disunting",
    "corrected": "Dikoreksi",
    "source_gone": "Dihapus di kanal asalnya",
    "joined": "Disanggah lagi oleh pelapor",
    "reminded": "Diingatkan",
    "reminded:due": "Diingatkan sebelum tenggat",
    "escalated:head": "Disampaikan kepada pimpinan perangkat daerah",
    "escalated:sekda": "Disampaikan kepada Sekretaris Daerah",
    "escalated:forum": "Masuk daftar forum Wakil Bupati",
}
STEP_LABELS: Final[Mapping[str, str]] = {
    "remind": MOVE_LABELS["reminded"],
    "remind_due": MOVE_LABELS["reminded:due"],
    "head": MOVE_LABELS["escalated:head"],
    "head_due": MOVE_LABELS["escalated:head"],
    "sekda": MOVE_LABELS["escalated:sekda"],
    "forum": MOVE_LABELS["escalated:forum"],
}
"""What was done because nobody answered, by the steps of `deadlines.json`."""
ROUTE_LABELS: Final[Mapping[str, str]] = {
    "auto": "Diteruskan tanpa pemeriksaan",
    "desk": "Diperiksa petugas lebih dahulu",
    "drop": "Bukan aduan",
}

SHOWN_RUNS: Final = 5

_CONFIDENTIAL: Final = {"recipient", "claimed_by", "message_id", "failure", "bounced"}
"""Of a notice: where it went, and what a provider says about that, which repeats the address."""
_INTERNAL: Final = {"clock", "round", "act_at"}
"""Of a ticket: what only the ladder needs."""
_ADDRESS: Final = re.compile(r"\S+@\S+|(?:\+62|\b62|\b0)[\d\s.-]{7,}\d")


def tickets_answer(tickets: Iterable[Ticket], following: str | None, directory: Directory) -> Answer:
    """One page of a list."""
    return {"tickets": [_ticket(ticket, directory) for ticket in tickets], "next_cursor": following}


def forum_answer(tickets: Iterable[Ticket], directory: Directory, *, more: bool) -> Answer:
    """The list of the forum; `more` says that there are others behind it."""
    return {"tickets": [_ticket(ticket, directory) for ticket in tickets], "more": more}


def detail_answer(detail: TicketDetail, directory: Directory, *, everything: bool) -> Answer:
    """One ticket with its history; without addresses unless `everything` may be seen."""
    first = detail.posts.get(detail.ticket.post)
    return {
        "ticket": _ticket(detail.ticket, directory),
        "decision": _decision(first.triage if first is not None else None, directory),
        "history": [_event(event, everything=everything) for event in detail.events],
        "notices": [_notice(notice, directory, everything=everything) for notice in detail.notices],
        "replies": [_reply(reply) for reply in detail.replies],
        "voices": [_voice(voice, detail, directory) for voice in detail.voices],
    }


def stats_answer(tallies: Mapping[str, Tally], by: Grouping, months: Sequence[str], directory: Directory) -> Answer:
    """Figures with the largest first; months in their order. A misroute belongs to no status."""
    order = sorted(tallies) if by == "month" else sorted(tallies, key=lambda group: (-tallies[group].tickets, group))
    return {
        "from": months[0],
        "to": months[-1],
        "by": by,
        "tickets": sum(tally.tickets for tally in tallies.values()),
        "rows": [
            {
                by: group,
                "label": _group_label(by, group, directory),
                "tickets": tallies[group].tickets,
                "statuses": {
                    status: tallies[group].statuses[status]
                    for status in get_args(Status)
                    if tallies[group].statuses[status]
                },
                **({} if by == "status" else {"misroutes": tallies[group].misroutes}),
            }
            for group in order
        ],
    }


def channels_answer(channels: Iterable[tuple[Channel, ChannelState, Health]], directory: Directory) -> Answer:
    """All channels, and before them whether anybody needs to do anything, as monitoring asks it."""
    listed = list(channels)
    return {
        "healthy": all(health.healthy for _, _, health in listed),
        "issues": [
            {"channel": channel.id, "channel_name": channel.name, "code": issue.code, "message": issue.message}
            for channel, _, health in listed
            for issue in health.issues
        ],
        "channels": [channel_answer(*each, directory) for each in listed],
    }


def coverage_answer(channel: str, stretches: Sequence[Stretch], asked_until: datetime, directory: Directory) -> Answer:
    """What was read of an interval, and what not; of less than was asked for when that is too much for one answer."""
    since, until = stretches[0].since, stretches[-1].until
    truncated = until < asked_until
    return {
        "channel": channel,
        "channel_name": _channel(channel, directory),
        **_span(since, until),
        "complete": coverage.is_complete(stretches),
        "truncated": truncated,
        "next_from": stamp(until) if truncated else None,
        "covered": [
            {
                **_span(stretch.since, stretch.until),
                "late": stretch.state == "read_late",
                "read_at": stretch.read_at and stamp(stretch.read_at),
                **_wib("read_at", stretch.read_at),
                "reasons": [_reason(reason) for reason in stretch.reasons],
            }
            for stretch in stretches
            if stretch.is_covered
        ],
        "gaps": [
            {**_span(stretch.since, stretch.until), "reasons": [_reason(reason) for reason in stretch.reasons]}
            for stretch in stretches
            if not stretch.is_covered
        ],
    }


def channel_answer(channel: Channel, state: ChannelState, health: Health, directory: Directory) -> Answer:
    """A channel as it is configured, how it is, how far it has been read, and its last runs.

    The marks, ids and refusals the cursor remembers are the poller's own affair; what follows from them is in the
    health.
    """
    cursor = state.cursor.model_dump(mode="json", exclude={"channel", "marks", "seen", "refusals", "refused_at"})
    return {
        **channel.model_dump(mode="json"),
        "department_name": department_name(channel.department, directory),
        "health": _health(health),
        "cursor": {**cursor, **_wib("watermark", state.cursor.watermark)},
        "runs": [
            {**run.model_dump(mode="json", exclude={"channel"}), **_wib("started_at", run.started_at)}
            for run in state.runs[:SHOWN_RUNS]
        ],
    }


def examples_answer(examples: Iterable[Example], month: str, following: str | None, directory: Directory) -> Answer:
    """One page of what people corrected, without anything about who wrote it."""
    return {
        "month": month,
        "examples": [
            {
                "ticket": example.ticket,
                "at": stamp(example.at),
                **_wib("at", example.at),
                "text": example.text,
                "said": {
                    **example.label.model_dump(mode="json"),
                    "topic_label": example.label.topic and topic_label(example.label.topic, directory),
                    "department_name": example.label.department
                    and department_name(example.label.department, directory),
                },
                "decision": _decision(example.decision, directory),
            }
            for example in examples
        ],
        "next_cursor": following,
    }


def contact_answer(department: str, contact: Contact | None, directory: Directory) -> Answer:
    """How a department is told; empty fields when nobody has entered anything yet."""
    known = dict.fromkeys(Contact.model_fields) if contact is None else contact.model_dump(mode="json")
    moments = ("updated_at", "dead_since", "fallback_dead_since")
    return {
        **known,
        "department": department,
        "department_name": contact_name(department, directory),
        **{name: value for moment in moments for name, value in _wib(moment, getattr(contact, moment, None)).items()},
    }


def _ticket(ticket: Ticket, directory: Directory) -> Answer:
    return {
        **ticket.model_dump(mode="json", exclude=_INTERNAL),
        "status_label": STATUS_LABELS[ticket.status],
        "kind_label": KIND_LABELS[ticket.kind],
        "topic_label": topic_label(ticket.topic, directory),
        "urgency_label": URGENCY_LABELS[ticket.urgency],
        "department_name": department_name(ticket.department, directory),
        "runner_up_name": ticket.runner_up and department_name(ticket.runner_up, directory),
        "place_label": ticket.place.label() if ticket.place else None,
        "channel_name": _channel(ticket.channel, directory),
        **_wib("opened_at", ticket.opened_at),
        **_wib("due_at", ticket.due_at),
        **_wib("take_up_by", ticket.take_up_by),
        "step_labels": [STEP_LABELS.get(step, step) for step in ticket.steps],
        **_wib("corrected_at", ticket.corrected_at),
    }


def _event(event: Event, *, everything: bool) -> Answer:
    # Admins sign in with their address, and a reason may say which mailbox was wrong.
    by, why = (text if everything else _ADDRESS.sub("[…]", text) for text in (event.by, event.why))
    return {
        "at": stamp(event.at),
        **_wib("at", event.at),
        "move": event.move,
        "move_label": MOVE_LABELS.get(event.move, event.move),
        "by": by,
        "why": why,
    }


def _notice(notice: Notice, directory: Directory, *, everything: bool) -> Answer:
    withheld = set() if everything else _CONFIDENTIAL
    return {
        **notice.model_dump(mode="json", exclude={"ticket", *withheld}),
        "department_name": department_name(notice.department, directory),
        **_wib("created_at", notice.created_at),
        **_wib("sent_at", notice.sent_at),
    }


def _reply(reply: Reply) -> Answer:
    return {
        **reply.model_dump(mode="json", include={"stage", "state", "comment_id", "failure"}),
        "stage_label": STATUS_LABELS[reply.stage],
        **_wib("created_at", reply.created_at),
        **_wib("sent_at", reply.sent_at),
    }


def _voice(voice: Voice, detail: TicketDetail, directory: Directory) -> Answer:
    post = detail.posts.get(voice.post)
    said: Answer = (
        {"text": None, "clipped": None, "permalink": None, "channel": None, "has_photo": None}
        if post is None
        else post.model_dump(mode="json", include={"text", "clipped", "permalink", "channel", "has_photo"})
    )
    return {
        "post": voice.post,
        "at": stamp(voice.at),
        **_wib("at", voice.at),
        **said,
        "decision": _decision(post.triage if post is not None else None, directory),
    }


def _decision(triage: Triage | None, directory: Directory) -> Answer | None:
    """What the classifier said about a post: how probable each part is, what else it may be, and why."""
    if triage is None:
        return None
    return {
        **triage.model_dump(mode="json"),
        "kind_label": KIND_LABELS[triage.kind],
        "topic_label": triage.topic and topic_label(triage.topic, directory),
        "urgency_label": URGENCY_LABELS[triage.urgency],
        "route_label": ROUTE_LABELS[triage.route],
        **{
            f"{name}_name": code and department_name(code, directory)
            for name, code in (
                ("department", triage.department),
                ("guess", triage.guess),
                ("runner_up", triage.runner_up),
            )
        },
        "place_label": triage.place.label() if triage.place else None,
    }


def _health(health: Health) -> Answer:
    error, silence = health.last_error, health.silence
    return {
        "healthy": health.healthy,
        "issues": [{"code": issue.code, "message": issue.message} for issue in health.issues],
        "last_success": health.last_success and stamp(health.last_success),
        **_wib("last_success", health.last_success),
        "lag_seconds": _seconds(health.lag),
        "consecutive_failures": health.consecutive_failures,
        "last_error": error
        and {"at": stamp(error.at), **_wib("at", error.at), "error": error.error, "label": error.label},
        "needs_permission_since": health.needs_permission_since and stamp(health.needs_permission_since),
        **_wib("needs_permission_since", health.needs_permission_since),
        "silence": {
            "seconds": _seconds(silence.lasting),
            "usual_seconds": _seconds(silence.usual),
            "unusual": silence.is_unusual,
        },
        "token": health.token and _token(health.token, health.at),
        "budget": health.budget and _budget(health.budget),
    }


def _token(look: TokenCheck, now: datetime) -> Answer:
    """What the platform said of the token a day ago at most, and how many days are left now."""
    return {
        "valid": look.valid,
        "days_left": look.days_left(now),
        "ends_at": look.ends_at and stamp(look.ends_at),
        **_wib("ends_at", look.ends_at),
        "reason": look.reason,
        "reason_label": token_label(look),
        "looked_at": stamp(look.looked_at),
        **_wib("looked_at", look.looked_at),
    }


def _budget(budget: BudgetState) -> Answer:
    """The month's money, and how often it lets the channel be read."""
    return {
        "limit_usd": budget.limit_usd,
        "spent_usd": budget.spent_usd,
        "interval_seconds": _seconds(budget.interval),
        "not_before": budget.not_before and stamp(budget.not_before),
        **_wib("not_before", budget.not_before),
    }


def _reason(reason: Reason) -> Answer:
    label = REASON_LABELS.get(reason.code)
    if label is None and reason.code == coverage.STOPPED:
        label = STOP_LABELS.get(reason.detail, "Pembacaan berhenti sebelum selesai")
    return {
        "code": reason.code,
        "label": label or error_label(reason.code),
        "detail": reason.detail,
        "runs": reason.runs,
        "first": reason.first and stamp(reason.first),
        **_wib("first", reason.first),
        "last": reason.last and stamp(reason.last),
        **_wib("last", reason.last),
    }


def _span(since: datetime, until: datetime) -> Answer:
    return {"from": stamp(since), **_wib("from", since), "to": stamp(until), **_wib("to", until)}


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else round(span.total_seconds())


def _wib(name: str, moment: datetime | None) -> Answer:
    """The same moment as people read it: ``2026-11-03 13:41 WIB``."""
    return {f"{name}_wib": None if moment is None else moment.astimezone(WIB).strftime("%Y-%m-%d %H:%M WIB")}


def department_name(code: str, directory: Directory) -> str:
    """Its name; the code itself when a ticket is older than the directory."""
    department = directory.departments.get(code)
    return code if department is None else department.name


def contact_name(code: str, directory: Directory) -> str:
    """The department's name, or that it is its head."""
    department, _, role = code.partition(".")
    name = department_name(department, directory)
    return f"Pimpinan {name}" if role else name


def topic_label(code: str, directory: Directory) -> str:
    """Its label; the code itself when a ticket is older than the directory."""
    topic = directory.topics.get(code)
    return code if topic is None else topic.label


def _channel(code: str, directory: Directory) -> str:
    return next((channel.name for channel in directory.channels if channel.id == code), code)


def _group_label(by: Grouping, group: str, directory: Directory) -> str:
    match by:
        case "channel":
            return _channel(group, directory)
        case "topic":
            return topic_label(group, directory)
        case "department":
            return department_name(group, directory)
        case "status":
            return STATUS_LABELS.get(group, group)
        case "month":
            return group
