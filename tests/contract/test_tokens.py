"""Checks of a token's expiry: each answer of the platform becomes a number of days, or an error of the channel."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from aduan.channel import END_UNKNOWN, TokenCheck
from aduan.platform_errors import CredentialError, OutageError, ThrottledError
from aduan.time_budget import TimeBudget
from poll_channels.connection import Connection, PollSettings
from poll_channels.credentials import Credentials
from poll_channels.tokens import inspect_token, token_notice, warning_due
from tests.builders import NOON, a_channel

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
PARAMETERS = {
    "/aduan/test/channels/instagram/kabarsleman/token": "EAAG-token-kanal",
    "/aduan/test/meta/app_id": "1234567890",
    "/aduan/test/meta/app_secret": "rahasia-aplikasi",
    "/aduan/test/author_key": "kunci",
}
DOCUMENTED: dict[str, Any] = {
    "app_id": "1234567890",
    "type": "PAGE",
    "application": "Aduan Sleman",
    "data_access_expires_at": 0,
    "expires_at": 0,
    "is_valid": True,
    "profile_id": "100000000000001",
    "scopes": ["pages_show_list", "pages_read_engagement"],
    "granular_scopes": [{"scope": "pages_read_engagement", "target_ids": ["100000000000001"]}],
    "user_id": "122000000000001",
}
"""The shape the platform documents."""


class Parameters:
    """The Parameter Store."""

    def get_parameters(self, Names: list[str], WithDecryption: bool) -> dict[str, Any]:  # noqa: FBT001, N803 # its names
        """Return what is there."""
        return {
            "Parameters": [{"Name": name, "Value": PARAMETERS[name]} for name in Names if name in PARAMETERS],
            "InvalidParameters": [name for name in Names if name not in PARAMETERS],
        }


@dataclass
class Platform:
    """A stub of ``/debug_token`` that gives set answers and records its requests."""

    url: str = ""
    status: int = 200
    body: bytes = b"{}"
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def says(self, **changes: Any) -> None:
        """Answer the documented object with these fields; None leaves one out."""
        fields = {name: value for name, value in (DOCUMENTED | changes).items() if value is not None}
        self.status, self.body = 200, json.dumps({"data": fields}).encode()

    def inspect(self) -> TokenCheck:
        """Ask about the token of the channel, at noon."""
        settings = cast("PollSettings", SimpleNamespace(graph_base_url=self.url, graph_version="v25.0"))
        connection = Connection(
            urllib3.PoolManager(retries=False),
            Credentials(cast("Any", Parameters()), "/aduan/test", time.monotonic),
            settings,
            TimeBudget(time.monotonic, time.monotonic() + 30),
            NOON,
            sleep=lambda _: None,
        )
        return inspect_token(a_channel(), connection)


@pytest.fixture
def platform() -> Iterator[Platform]:
    stub = Platform()

    class Answer(BaseHTTPRequestHandler):
        """One request."""

        def do_GET(self) -> None:
            """Answer as told."""
            stub.asked.append((self.path, self.headers["Authorization"]))
            self.send_response(stub.status)
            self.send_header("Content-Length", str(len(stub.body)))
            self.end_headers()
            self.wfile.write(stub.body)

        def log_message(self, *_: Any) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_port}"
    yield stub
    server.shutdown()
    server.server_close()
    thread.join()


def a_look(**changes: Any) -> TokenCheck:
    """A check at noon of a valid token."""
    return TokenCheck.model_validate({"channel": a_channel().id, "looked_at": NOON, "valid": True, **changes})


def epoch(moment: datetime) -> int:
    return int(moment.timestamp())


def test_the_app_asks_about_the_token(platform: Platform) -> None:
    """The request is a GET with the app's own token in a header; the app's secret is not in the address."""
    platform.says()
    platform.inspect()
    [(path, authorization)] = platform.asked
    assert urlsplit(path).path == "/v25.0/debug_token"
    assert parse_qs(urlsplit(path).query)["input_token"] == ["EAAG-token-kanal"]
    assert authorization == "Bearer 1234567890|rahasia-aplikasi"
    assert "rahasia" not in path


def test_zero_is_never(platform: Platform) -> None:
    """A token that never expires has no days to count."""
    platform.says()
    look = platform.inspect()
    assert (look, look.days_left(NOON)) == (a_look(), None)


def test_absent_is_unknown(platform: Platform) -> None:
    """A missing expiry time is not the same as a token that never expires."""
    platform.says(expires_at=None, data_access_expires_at=None)
    look = platform.inspect()
    assert (look, look.days_left(NOON)) == (a_look(reason=END_UNKNOWN), None)


@pytest.mark.parametrize(
    ("expires", "access", "expected"),
    [
        (14 * DAY, None, (14, "expires_at", 14 * DAY)),
        (14 * DAY - SECOND, 90 * DAY, (13, "expires_at", 14 * DAY - SECOND)),
        (60 * DAY, 7 * DAY, (7, "data_access_expires_at", 7 * DAY)),
        (None, 30 * DAY, (30, "data_access_expires_at", 30 * DAY)),
        (3 * HOUR, None, (0, "expires_at", 3 * HOUR)),
        (-DAY, None, (0, "expires_at", -DAY)),
    ],
)
def test_the_nearer_end_counts(
    platform: Platform, expires: timedelta | None, access: timedelta | None, expected: tuple[int, str, timedelta]
) -> None:
    """Whole days are counted to the earlier end of the token or the data access, and none after it."""
    platform.says(
        expires_at=0 if expires is None else epoch(NOON + expires),
        data_access_expires_at=0 if access is None else epoch(NOON + access),
    )
    days_left, reason, end = expected
    look = platform.inspect()
    assert (look, look.days_left(NOON)) == (a_look(reason=reason, ends_at=NOON + end), days_left)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"code": 190, "message": "Sandi diganti oleh Budi", "subcode": 460}, "code 190/460"),
        ({"code": 190, "message": "…"}, "code 190"),
        (None, "not valid"),
    ],
)
def test_a_dead_token_is_an_answer(platform: Platform, error: dict[str, Any] | None, reason: str) -> None:
    """An invalid token is reported by its code; the platform's message, which may name people, is dropped."""
    platform.says(is_valid=False, error=error, expires_at=epoch(NOON + 50 * DAY))
    look = platform.inspect()
    assert (look, look.days_left(NOON)) == (a_look(valid=False, reason=reason), 0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Masuk</html>",
        b"[]",
        b"{}",
        b'{"data": null}',
        b'{"data": []}',
        b'{"data": {"expires_at": 0}}',
        b'{"data": {"is_valid": "yes"}}',
        b'{"data": {"is_valid": true, "expires_at": -5}}',
        b'{"data": {"is_valid": true, "expires_at": 1e300}}',
        b'{"data": {"is_valid": true, "expires_at": "besok"}}',
    ],
)
def test_what_is_no_answer_is_never_taken_for_a_good_one(platform: Platform, body: bytes) -> None:
    """An undocumented answer is an outage: nothing is known, and nothing is quoted."""
    platform.status, platform.body = 200, body
    with pytest.raises(OutageError) as raised:
        platform.inspect()
    assert "EAAG" not in str(raised.value)


def test_a_refused_app_is_an_error_and_not_a_dead_token(platform: Platform) -> None:
    """When the app's own id or secret is wrong, nothing is known about the channel's token."""
    platform.status = 400
    platform.body = json.dumps({"error": {"message": "Invalid OAuth access token", "code": 190}}).encode()
    with pytest.raises(CredentialError):
        platform.inspect()


def test_a_throttled_question_says_how_long_to_wait(platform: Platform) -> None:
    """The platform's limits apply to this request as to every other."""
    platform.status, platform.body = 400, b'{"error": {"message": "limit", "code": 4}}'
    with pytest.raises(ThrottledError):
        platform.inspect()


def test_a_missing_app_id_is_named(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the parameter that a person must enter."""
    monkeypatch.delitem(PARAMETERS, "/aduan/test/meta/app_id")
    with pytest.raises(CredentialError, match="meta/app_id is missing"):
        platform.inspect()


@pytest.mark.parametrize(
    ("left", "expected"),
    [(None, None), (60, None), (15, None), (14, 14), (8, 14), (7, 7), (2, 7), (1, 1), (0, 1)],
)
def test_the_nearest_warning_is_due(left: int | None, expected: int | None) -> None:
    """Warnings are due fourteen, seven and one day before the end; of two that were passed, the more urgent is."""
    assert warning_due(left) == expected


def look_at(now: datetime, end: datetime) -> TokenCheck:
    """The check of a token that ends then."""
    return a_look(looked_at=now, reason="expires_at", ends_at=end)


@given(st.integers(15, 90), st.sets(st.integers(0, 90)))
def test_no_token_dies_unannounced(start: int, missed: set[int]) -> None:
    """Each due warning is one notice, however many days are missed, and the last check finds its own."""
    end = NOON + start * DAY
    told: list[str] = []
    looks = [left for left in range(start, -1, -1) if left not in missed]
    for left in looks:
        now = end - left * DAY
        notice = token_notice(a_channel(), look_at(now, end), now)
        if notice is not None and notice.key not in told:
            told.append(notice.key)
    marks = [int(key.rpartition("#")[2]) for key in told]
    due = {mark for left in looks if (mark := next((mark for mark in (1, 7, 14) if left <= mark), None)) is not None}
    assert marks == sorted(due, reverse=True)


def test_the_owner_of_the_channel_is_told_when_its_token_ends() -> None:
    """The notice holds the expiry time, which is a new one after the token was renewed."""
    end = NOON + 7 * DAY
    notice = token_notice(a_channel(department="humas"), look_at(NOON, end), NOON)
    assert notice is not None
    assert (notice.matter, notice.department, notice.until, notice.reason) == ("token", "humas", end, "expires_at")
    renewed = token_notice(a_channel(), look_at(NOON, end + SECOND), NOON)
    assert renewed is not None
    assert renewed.key != notice.key


def test_a_dead_token_and_one_without_an_end_are_not_announced() -> None:
    """Refused runs report an invalid token, and for one that never expires there is nothing to report."""
    assert token_notice(a_channel(), a_look(valid=False, reason="code 190/460"), NOON) is None
    assert token_notice(a_channel(), a_look(), NOON) is None


@given(st.integers(0, 90), st.integers(0, 90))
def test_a_look_counts_down_by_itself(days: int, later: int) -> None:
    """A stored check gives the days left at any later moment."""
    assert look_at(NOON, NOON + days * DAY).days_left(NOON + later * DAY) == max(days - later, 0)


def test_moments_are_in_utc() -> None:
    """Expiry times are read as seconds since 1970 in UTC."""
    assert datetime.fromtimestamp(epoch(NOON), UTC) == NOON
