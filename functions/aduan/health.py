"""Whether a channel is being read as it should be, and if not, what is wrong, in Indonesian."""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from aduan.channel import Cursor, Run
from aduan.directory import Channel
from aduan.record import WIB

LEDGER_RHYTHM: Final = timedelta(hours=1)
"""A channel on which nothing happens is entered once an hour: lag below that says nothing."""
FAILURES: Final = 3
"""So many runs in a row must fail before somebody is told: platforms have bad minutes."""
AUTHORISATION_ERRORS: Final = frozenset({"CredentialError", "NotPermittedError"})
"""They do not pass by themselves. The poller counts them, and marks the channel on its cursor."""
HISTORY: Final = timedelta(days=28)
"""How far back the usual gap is looked for: four of each weekday."""
SILENT_AFTER: Final = timedelta(hours=6)
SILENT_TIMES: Final = 3
"""A channel is silent when the gap is so many times the usual one, and longer than `SILENT_AFTER`."""

_SHARE: Final = 0.95
_DAYS_NEEDED: Final = 7
_GAPS_NEEDED: Final = 5
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)

ERROR_LABELS: Final[Mapping[str, str]] = {
    "OutageError": "Platform tidak menjawab, atau jawabannya rusak",
    "TransientError": "Gangguan sementara pada platform",
    "TooMuchDataError": "Platform menolak permintaan karena terlalu besar",
    "ThrottledError": "Platform meminta kami menunggu",
    "CredentialError": "Token kedaluwarsa, dicabut, atau tidak ada",
    "NotPermittedError": "Token atau aplikasi tidak memiliki izin",
    "MisconfiguredError": "Platform tidak mengenali yang diminta; periksa pengaturan kanal",
    "GoneError": "Akun sudah dihapus atau tidak terlihat oleh kami",
}


@dataclass(frozen=True)
class Issue:
    """Something a person should know or do."""

    code: str
    message: str


@dataclass(frozen=True)
class Failure:
    """The last run that failed."""

    at: datetime
    error: str
    """By class and code, as the ledger has it."""

    @property
    def label(self) -> str:
        """For people."""
        return error_label(self.error)


@dataclass(frozen=True)
class Silence:
    """How long nobody has written, against what is usual on this channel at this hour."""

    lasting: timedelta | None
    usual: timedelta | None
    """Nineteen of twenty times it is not longer; None while too little is known."""

    @property
    def is_unusual(self) -> bool:
        """Whether the channel may be blind without an error."""
        return (
            self.lasting is not None
            and self.usual is not None
            and self.lasting > max(SILENT_TIMES * self.usual, SILENT_AFTER)
        )


@dataclass(frozen=True)
class Health:
    """The state of one channel."""

    last_success: datetime | None
    """Start of the last complete run in the ledger."""
    lag: timedelta | None
    consecutive_failures: int
    """At least so many: no more than the runs that were looked at."""
    last_error: Failure | None
    needs_permission_since: datetime | None
    """Since when it needs a new token or permission; None when it does not."""
    silence: Silence
    issues: tuple[Issue, ...]

    @property
    def healthy(self) -> bool:
        """Whether nobody needs to do anything."""
        return not self.issues


def channel_health(  # noqa: PLR0913 # all that is known about a channel
    channel: Channel,
    cursor: Cursor,
    runs: Sequence[Run],
    arrivals: Collection[datetime],
    now: datetime,
    *,
    last_complete: Run | None = None,
) -> Health:
    """Judge one channel.

    Args:
        channel: As it is configured; one that is not polled has no issues.
        cursor: How far it has been read.
        runs: The last runs of the ledger, youngest first.
        arrivals: When runs of the last `HISTORY` found something new.
        now: The moment the judgement is for.
        last_complete: The last complete run, when it is not among `runs`.
    """
    success = next((run for run in runs if run.complete), last_complete)
    last_success = None if success is None else success.started_at
    failed = next((run for run in runs if run.error is not None), None)
    failures = consecutive_failures(channel, cursor, runs, now)
    lag = None if last_success is None else now - last_success
    lasting = None if cursor.watermark is None else now - cursor.watermark
    silence = Silence(lasting, usual_gap(arrivals, now))
    last_error = None if failed is None or failed.error is None else Failure(failed.started_at, failed.error)
    issues: list[Issue] = []
    if channel.is_polled:
        issues = [
            *_reading(channel, cursor, last_success, now),
            *_failing(failures, last_error, cursor.needs_permission_since),
        ]
        # On a channel that is not read, that nobody was heard is no news.
        if not issues and silence.is_unusual and silence.lasting is not None and silence.usual is not None:
            message = (
                f"Tidak ada kiriman baru selama {_duration(silence.lasting)}, padahal pada jam ini biasanya "
                f"tidak lebih dari {_duration(silence.usual)}. Periksa apakah kanal benar-benar sepi."
            )
            issues.append(Issue("silent", message))
    needs_permission_since = cursor.needs_permission_since if channel.is_polled else None
    return Health(last_success, lag, failures, last_error, needs_permission_since, silence, tuple(issues))


def consecutive_failures(channel: Channel, cursor: Cursor, runs: Sequence[Run], now: datetime) -> int:
    """Count the runs that failed since the last complete one.

    A failing run is always entered, a quiet one is not: when the youngest entry is a failure that lies several
    turns back, and the platform did not ask for patience, the runs since then did not fail.
    """
    patience = max(3 * timedelta(minutes=channel.every_minutes), timedelta(minutes=5))
    waiting = cursor.not_before is not None and cursor.not_before + patience > now
    if not runs or (runs[0].started_at + patience < now and not waiting):
        return 0
    count = 0
    for run in runs:
        if run.complete:
            break
        count += run.error is not None
    return count


def usual_gap(arrivals: Collection[datetime], now: datetime) -> timedelta | None:
    """How long this channel is silent at this hour of the day, nineteen of twenty times; None when unknown.

    On each past day it is asked how long nobody had written at this hour, an hour earlier and an hour later. An
    office's account is silent every night, and that is usual at night. With less than a week to look at, the gaps
    between arrivals decide, whatever the hour. WIB knows no summer time, so the same hour lies whole days back.
    """
    times = sorted({moment for moment in arrivals if now - HISTORY <= moment <= now})
    ages: list[timedelta] = []
    days = 0
    for day in range(1, HISTORY.days + 1):
        # What comes after the last arrival is the present silence: it must not become usual by lasting.
        moments = [
            moment for shift in (-1, 0, 1) if times and (moment := now - day * _DAY + shift * _HOUR) <= times[-1]
        ]
        known = [(moment, bisect_right(times, moment)) for moment in moments]
        found = [moment - times[position - 1] for moment, position in known if position > 0]
        days += bool(found)
        ages += found
    if days >= _DAYS_NEEDED:
        return _nineteen_of_twenty(ages)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return _nineteen_of_twenty(gaps) if len(gaps) >= _GAPS_NEEDED else None


def error_label(error: str) -> str:
    """An error of the ledger, for people."""
    return ERROR_LABELS.get(error.partition(":")[0], "Galat lain")


def allowed_lag(channel: Channel) -> timedelta:
    """How old the last entry of a healthy channel may be."""
    return LEDGER_RHYTHM + max(2 * timedelta(minutes=channel.every_minutes), timedelta(minutes=10))


def _reading(channel: Channel, cursor: Cursor, last_success: datetime | None, now: datetime) -> list[Issue]:
    waits = ""
    if cursor.not_before is not None and cursor.not_before > now:
        waits = f" Platform meminta kami menunggu sampai {_wib(cursor.not_before)}."
    if last_success is None:
        return [Issue("never_read", f"Belum ada pembacaan lengkap dalam catatan.{waits}")]
    lag = now - last_success
    if lag <= allowed_lag(channel):
        return []
    message = f"Terakhir dibaca lengkap {_duration(lag)} yang lalu ({_wib(last_success)}).{waits}"
    return [Issue("behind", message)]


def _failing(failures: int, last_error: Failure | None, refused_since: datetime | None) -> list[Issue]:
    is_refusal = last_error is not None and last_error.error.partition(":")[0] in AUTHORISATION_ERRORS
    issues = []
    if refused_since is not None:
        why = f"{last_error.label} ({last_error.error})" if last_error and is_refusal else "Platform menolak kami"
        message = f"{why}. Perlu izin baru dari pengelola akun, sejak {_wib(refused_since)}."
        issues.append(Issue("authorisation", message))
    if last_error is not None and failures >= FAILURES and not (is_refusal and issues):
        message = f"{failures} pembacaan terakhir gagal: {last_error.label} ({last_error.error})."
        issues.append(Issue("failing", message))
    return issues


def _nineteen_of_twenty(spans: Collection[timedelta]) -> timedelta:
    ordered = sorted(spans)
    return ordered[min(int(_SHARE * len(ordered)), len(ordered) - 1)]


def _duration(span: timedelta) -> str:
    """About how long, in one unit."""
    if span >= 2 * _DAY:
        return f"{span // _DAY} hari"
    if span >= 2 * _HOUR:
        return f"{span // _HOUR} jam"
    return f"{max(span // timedelta(minutes=1), 1)} menit"


def _wib(moment: datetime) -> str:
    return moment.astimezone(WIB).strftime("%Y-%m-%d %H:%M WIB")
