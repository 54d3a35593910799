"""The admin API's answers about channels: whether they are read as they should be, and what was read of an interval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from admin_api import coverage
from admin_api.answers import Answer, channel_name, wib
from admin_api.health import token_label
from aduan.labels import department_name, error_label
from aduan.record import stamp

if TYPE_CHECKING:
    from admin_api.coverage import Reason, Stretch
    from admin_api.health import Health
    from aduan.channel import TokenCheck
    from aduan.channel_budget import BudgetState
    from aduan.directory import Channel, Directory
    from aduan.store.ledger import ChannelState

_INTERNAL: Final = {"channel", "marks", "seen", "failing", "unread_since", "refusals", "refused_at"}
"""Fields of a cursor that are of use to the poller only."""
SHOWN_RUNS: Final = 5
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


UNREAD_LABEL: Final = "Sebagian kanal, misalnya satu utas, gagal dibaca dan dicoba lagi; selebihnya terbaca"


def channels_answer(channels: Iterable[tuple[Channel, ChannelState, Health]], directory: Directory) -> Answer:
    """Describe all channels. Before them stands whether anybody needs to do anything, for monitoring."""
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
    """Describe what was read of an interval and what was not.

    The answer is truncated when `stretches` end before `asked_until`; it then says where to ask on.
    """
    since, until = stretches[0].since, stretches[-1].until
    truncated = until < asked_until
    return {
        "channel": channel,
        "channel_name": channel_name(channel, directory),
        **_span(since, until),
        "complete": coverage.is_complete(stretches),
        "truncated": truncated,
        "next_from": stamp(until) if truncated else None,
        "covered": [
            {
                **_span(stretch.since, stretch.until),
                "late": stretch.state == "read_late",
                "read_at": stretch.read_at and stamp(stretch.read_at),
                **wib("read_at", stretch.read_at),
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
    """Describe a channel: its configuration, its health, how far it has been read, and its last runs.

    The marks, ids and refusals in the cursor are internal to the poller; what follows from them is in the health.
    """
    cursor = state.cursor.model_dump(mode="json", exclude=_INTERNAL)
    return {
        **channel.model_dump(mode="json"),
        "department_name": department_name(channel.department, directory),
        "health": _health(health),
        "cursor": {**cursor, **wib("watermark", state.cursor.watermark)},
        "runs": [
            {**run.model_dump(mode="json", exclude={"channel"}), **wib("started_at", run.started_at)}
            for run in state.runs[:SHOWN_RUNS]
        ],
    }


def _health(health: Health) -> Answer:
    error, silence = health.last_error, health.silence
    return {
        "healthy": health.healthy,
        "issues": [{"code": issue.code, "message": issue.message} for issue in health.issues],
        "last_success": health.last_success and stamp(health.last_success),
        **wib("last_success", health.last_success),
        "lag_seconds": _seconds(health.lag),
        "consecutive_failures": health.consecutive_failures,
        "last_error": error
        and {"at": stamp(error.at), **wib("at", error.at), "error": error.error, "label": error.label},
        "needs_permission_since": health.needs_permission_since and stamp(health.needs_permission_since),
        **wib("needs_permission_since", health.needs_permission_since),
        "silence": {
            "seconds": _seconds(silence.lasting),
            "usual_seconds": _seconds(silence.usual),
            "unusual": silence.is_unusual,
        },
        "token": health.token and _token(health.token, health.at),
        "budget": health.budget and _budget(health.budget),
    }


def _token(look: TokenCheck, now: datetime) -> Answer:
    """Describe the last check of the token, which is a day old at most, and how many days are left now."""
    return {
        "valid": look.valid,
        "days_left": look.days_left(now),
        "ends_at": look.ends_at and stamp(look.ends_at),
        **wib("ends_at", look.ends_at),
        "reason": look.reason,
        "reason_label": token_label(look),
        "looked_at": stamp(look.looked_at),
        **wib("looked_at", look.looked_at),
    }


def _budget(budget: BudgetState) -> Answer:
    """Describe the month's budget, and how often it allows the channel to be read."""
    return {
        "limit_usd": budget.limit_usd,
        "spent_usd": budget.spent_usd,
        "interval_seconds": _seconds(budget.interval),
        "not_before": budget.not_before and stamp(budget.not_before),
        **wib("not_before", budget.not_before),
    }


def _reason(reason: Reason) -> Answer:
    label = REASON_LABELS.get(reason.code)
    if reason.code == coverage.STOPPED and reason.detail is not None and reason.detail.startswith("objects"):
        label = UNREAD_LABEL
    if label is None and reason.code == coverage.STOPPED:
        label = STOP_LABELS.get(reason.detail, "Pembacaan berhenti sebelum selesai")
    return {
        "code": reason.code,
        "label": label or error_label(reason.code),
        "detail": reason.detail,
        "runs": reason.runs,
        "first": reason.first and stamp(reason.first),
        **wib("first", reason.first),
        "last": reason.last and stamp(reason.last),
        **wib("last", reason.last),
    }


def _span(since: datetime, until: datetime) -> Answer:
    return {"from": stamp(since), **wib("from", since), "to": stamp(until), **wib("to", until)}


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else round(span.total_seconds())
