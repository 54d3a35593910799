"""Whether a channel is read as it should be, and what is wrong if it is not, in Indonesian."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from admin_api.silence import Silence, usual_gap
from aduan.channel import END_UNKNOWN, TOKEN_WARNING_DAYS, Cursor, Run, TokenCheck
from aduan.channel_budget import BudgetState, budget_state
from aduan.labels import error_label
from aduan.record import WIB

if TYPE_CHECKING:
    from aduan.directory import Channel

LEDGER_RHYTHM: Final = timedelta(hours=1)
"""How often a quiet channel gets an entry in the ledger: a lag below this says nothing."""
FAILING_FOR: Final = timedelta(days=1)
"""A thread or another object that could not be read for this long is named; most errors of one object pass."""
FAILURES: Final = 3
"""A channel is reported as failing after this many failures since its last complete run: platforms have bad
minutes."""
AUTHORISATION_ERRORS: Final = frozenset({"CredentialError", "NotPermittedError"})
"""Errors that do not pass by themselves. The poller counts them, and marks the channel on its cursor."""
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)

TOKEN_LABELS: Final[Mapping[str | None, str]] = {
    None: "Token berlaku sampai dicabut",
    END_UNKNOWN: "Platform tidak menyebut kapan token berakhir",
    "expires_at": "Masa berlaku token berakhir",
    "data_access_expires_at": "Izin token mengakses data berakhir",
}
"""What a check says about a valid token, by its reason."""


@dataclass(frozen=True)
class Issue:
    """Something a person should know or do."""

    code: str
    message: str


@dataclass(frozen=True)
class Failure:
    """When the last failed run started, and why it failed."""

    at: datetime
    error: str
    """Class and code of the error, as the ledger has them."""

    @property
    def label(self) -> str:
        """The error's label in Indonesian."""
        return error_label(self.error)


@dataclass(frozen=True)
class Health:
    """The state of one channel."""

    at: datetime
    """The moment the state is judged for."""
    last_success: datetime | None
    """Start of the last run in the ledger that read everything, except perhaps single objects."""
    lag: timedelta | None
    """How long ago that was."""
    consecutive_failures: int
    """Runs that failed since the last complete one; there may be more than the runs that were looked at."""
    last_error: Failure | None
    needs_permission_since: datetime | None
    """Since when the channel needs a new token or permission; None when it does not."""
    silence: Silence
    token: TokenCheck | None
    """The last check of the channel's token; None when there was none, or tokens of this kind cannot be checked."""
    budget: BudgetState | None
    """None when reading the channel costs nothing."""
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
    token: TokenCheck | None = None,
) -> Health:
    """Judge one channel.

    Args:
        channel: The channel as it is configured; one that is not polled has no issues.
        cursor: How far it has been read.
        runs: Its last runs in the ledger, youngest first.
        arrivals: When runs of the last `HISTORY` found something new.
        now: The moment the judgement is for.
        last_complete: The last complete run, when it is not among `runs`.
        token: The last check of its token, if there was one.
    """
    success = next((run for run in runs if run.is_current), last_complete)
    last_success = None if success is None else success.started_at
    failed = next((run for run in runs if run.error is not None), None)
    failures = consecutive_failures(channel, cursor, runs, now)
    lag = None if last_success is None else now - last_success
    lasting = None if cursor.watermark is None else now - cursor.watermark
    silence = Silence(lasting, usual_gap(arrivals, now))
    last_error = None if failed is None or failed.error is None else Failure(failed.started_at, failed.error)
    budget = budget_state(channel, cursor, now)
    issues: list[Issue] = []
    if channel.is_polled:
        issues = [
            *_reading(channel, cursor, budget, last_success, now),
            *_failing(failures, last_error, cursor.needs_permission_since),
            *_unread(cursor, now),
        ]
        # Silence on a channel that is not read is no news.
        is_read = not issues and (budget is None or budget.not_before is None)
        if is_read and silence.is_unusual and silence.lasting is not None and silence.usual is not None:
            message = (
                f"Tidak ada kiriman baru selama {_duration(silence.lasting)}, padahal pada jam ini biasanya "
                f"tidak lebih dari {_duration(silence.usual)}. Periksa apakah kanal benar-benar sepi."
            )
            issues.append(Issue("silent", message))
        issues += _token(token, last_success, now)
    return Health(
        at=now,
        last_success=last_success,
        lag=lag,
        consecutive_failures=failures,
        last_error=last_error,
        needs_permission_since=cursor.needs_permission_since if channel.is_polled else None,
        silence=silence,
        token=token,
        budget=budget,
        issues=tuple(issues),
    )


def consecutive_failures(channel: Channel, cursor: Cursor, runs: Sequence[Run], now: datetime) -> int:
    """Count the runs that failed since the last complete one.

    A failing run is always entered in the ledger, a quiet one is not. So if the youngest entry is several turns old,
    the runs since then did not fail, unless the platform asked us to wait.
    """
    patience = max(3 * timedelta(minutes=channel.every_minutes), timedelta(minutes=5))
    waiting = cursor.not_before is not None and cursor.not_before + patience > now
    if not runs or (runs[0].started_at + patience < now and not waiting):
        return 0
    count = 0
    for run in runs:
        if run.is_current:
            break
        count += run.error is not None
    return count


def token_label(look: TokenCheck) -> str:
    """Return the label of what a check of a token found."""
    if not look.valid:
        return "Token tidak berlaku lagi"
    return TOKEN_LABELS.get(look.reason, "Token berlaku")


def allowed_lag(channel: Channel) -> timedelta:
    """Return how old the last complete run of a healthy channel may be."""
    return LEDGER_RHYTHM + max(2 * timedelta(minutes=channel.every_minutes), timedelta(minutes=10))


def _reading(
    channel: Channel, cursor: Cursor, budget: BudgetState | None, last_success: datetime | None, now: datetime
) -> list[Issue]:
    if budget is not None and budget.is_dark and budget.not_before is not None:
        message = (
            f"Anggaran bulan ini habis ({budget.spent_usd:.2f} dari {budget.limit_usd:.2f} USD); "
            f"dibaca lagi {_wib(budget.not_before)}."
        )
        return [Issue("budget", message)]
    waits = ""
    if cursor.not_before is not None and cursor.not_before > now:
        who = "Platform meminta kami" if budget is None else "Kanal ini"
        waits = f" {who} menunggu sampai {_wib(cursor.not_before)}."
    if last_success is None:
        return [Issue("never_read", f"Belum ada pembacaan lengkap dalam catatan.{waits}")]
    # A channel that its budget makes wait is not behind, nor is it at the moment when the wait ends.
    expected = last_success
    if budget is not None and budget.paused_until is not None:
        expected = max(last_success, budget.paused_until)
    if now - expected <= allowed_lag(channel):
        return []
    message = f"Terakhir dibaca lengkap {_duration(now - last_success)} yang lalu ({_wib(last_success)}).{waits}"
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


def _unread(cursor: Cursor, now: datetime) -> list[Issue]:
    """Name the objects that fail by themselves for a day or longer."""
    named = [
        f"{name} sejak {_wib(failing.first_at)} ({error_label(failing.reason)}; {failing.reason})"
        for name, failing in cursor.failing.items()
        if now - failing.first_at >= FAILING_FOR
    ]
    if not named:
        return []
    message = f"Sebagian kanal ini tidak dapat dibaca, selebihnya terbaca: {', '.join(named)}."
    return [Issue("objects", message)]


def _token(look: TokenCheck | None, last_success: datetime | None, now: datetime) -> list[Issue]:
    """List what is wrong with a token, by its last check, which may be a day old."""
    if look is None:
        return []
    looked = f"Diperiksa {_wib(look.looked_at)}, sekali sehari."
    if not look.valid:
        # A channel that was read completely since then has another token.
        if last_success is not None and last_success > look.looked_at:
            return []
        return [Issue("token", f"{token_label(look)} ({look.reason}). Perlu token baru. {looked}")]
    days = look.days_left(now)
    if days is None or look.ends_at is None or days > max(TOKEN_WARNING_DAYS):
        return []
    left = "sudah lewat" if look.ends_at <= now else f"{days} hari lagi" if days else "kurang dari sehari lagi"
    return [Issue("token", f"{token_label(look)} {_wib(look.ends_at)}, {left}. Perlu token baru. {looked}")]


def _duration(span: timedelta) -> str:
    """Write roughly how long a span is, in one unit."""
    if span >= 2 * _DAY:
        return f"{span // _DAY} hari"
    if span >= 2 * _HOUR:
        return f"{span // _HOUR} jam"
    return f"{max(span // timedelta(minutes=1), 1)} menit"


def _wib(moment: datetime) -> str:
    return moment.astimezone(WIB).strftime("%Y-%m-%d %H:%M WIB")
