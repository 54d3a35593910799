"""The admin API reports what was read and what was not, and the state of the channels."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from aduan.channel import Run, TokenCheck
from aduan.directory_loading import load_directory
from aduan.store import ledger as ledger_reading
from aduan.store.channels import DynamoChannelStore
from aduan.store.table import Table
from tests.admin_requests import ADMIN, DISHUB, an_admin_request
from tests.builders import a_channel
from tests.deployment import Deployment

CHANNEL = "instagram:kabarsleman"
MINUTE = timedelta(minutes=1)
# The handler has the real clock: everything lies in a day of the recent past, which begins at midnight in WIB.
DAY = datetime.now(UTC).replace(hour=17, minute=0, second=0, microsecond=0) - timedelta(days=3)


@dataclass(frozen=True)
class Api:
    """The deployed handler and its table."""

    module: ModuleType
    table: Table

    def get(
        self, path: str, query: Mapping[str, str] | None = None, claims: Mapping[str, Any] | None = ADMIN
    ) -> tuple[int, dict[str, Any]]:
        """Send one request as API Gateway would, and return status and body."""
        answer = self.module.handler(an_admin_request("GET", path, claims, query), None)
        return answer["statusCode"], json.loads(answer["body"])

    def coverage(self, since: datetime, until: datetime, channel: str = CHANNEL) -> dict[str, Any]:
        """Ask for an interval that is answered."""
        status, body = self.get("/coverage", {"channel": channel, "from": since.isoformat(), "to": until.isoformat()})
        assert status == 200, body
        return body

    def record(self, at: datetime, **changes: Any) -> Run:
        """Write a run into the ledger, as the poller does."""
        fields: dict[str, Any] = {
            "channel": CHANNEL,
            "run_id": "run",
            "started_at": at,
            "finished_at": at,
            "read_from": at - timedelta(days=2),
            "complete": True,
        }
        run = Run.model_validate(fields | changes)
        DynamoChannelStore(self.table).record(run)
        return run

    def read_until(self, watermark: datetime, channel: str = CHANNEL) -> None:
        """Move the cursor."""
        self.write_cursor(channel, watermark=watermark)

    def write_cursor(self, channel: str = CHANNEL, **changes: Any) -> None:
        """Write the cursor, as the poller does."""
        store = DynamoChannelStore(self.table)
        now = datetime.now(UTC)
        cursor = store.lease(store.read(channel), "run", now, now + MINUTE)
        store.release(cursor.model_copy(update=changes), "run")


@pytest.fixture
def api(deployed: Deployment) -> Api:
    return Api(deployed("AdminApi"), deployed.table)


def spans(entries: list[dict[str, Any]]) -> list[tuple[float, float]]:
    """Start and end of each entry, in minutes of the day."""
    return [(minute_of(entry["from"]), minute_of(entry["to"])) for entry in entries]


def minute_of(moment: str) -> float:
    return (datetime.fromisoformat(moment) - DAY) / MINUTE


def test_an_interval_that_was_read_is_complete(api: Api) -> None:
    """The answer has one covered interval, no gap, and all times also in readable form."""
    for minute in (0, 30, 60):
        api.record(DAY + minute * MINUTE)
    body = api.coverage(DAY, DAY + 60 * MINUTE)
    assert (body["complete"], body["truncated"], body["next_from"], body["gaps"]) == (True, False, None, [])
    assert spans(body["covered"]) == [(0, 60)]
    assert body["channel_name"] == "Kabar Sleman"
    assert body["from_wib"].endswith(" 00:00 WIB")
    assert body["to_wib"].endswith(" 01:00 WIB")


def test_a_gap_says_why(api: Api) -> None:
    """Each gap has codes for machines, labels in Indonesian, how often it happened, and from when to when."""
    api.record(DAY)
    for minute in (10, 11, 12):
        api.record(DAY + minute * MINUTE, complete=False, error="CredentialError: code 190/463")
    api.record(DAY + 20 * MINUTE, complete=False, stopped="page cap")
    body = api.coverage(DAY, DAY + 30 * MINUTE)
    assert not body["complete"]
    assert spans(body["gaps"]) == [(0, 30)]
    waiting, token, stopped = body["gaps"][0]["reasons"]
    assert (waiting["code"], waiting["label"]) == ("not_yet_read", "Belum ada pembacaan lengkap sesudahnya")
    assert (token["code"], token["detail"], token["runs"]) == ("CredentialError", "code 190/463", 3)
    assert token["label"] == "Token kedaluwarsa, dicabut, atau tidak ada"
    assert (token["first_wib"][-9:], token["last_wib"][-9:]) == ("00:10 WIB", "00:12 WIB")
    assert (stopped["code"], stopped["label"]) == ("stopped", "Terlalu banyak halaman untuk sekali baca")


def test_an_outage_that_was_made_good_is_read_late(api: Api) -> None:
    """A later run that reaches back covers the interval, and the answer says when that run was."""
    api.record(DAY)
    api.record(DAY + 10 * MINUTE, complete=False, error="OutageError: code 2")
    api.record(DAY + 600 * MINUTE)
    body = api.coverage(DAY, DAY + 30 * MINUTE)
    assert (body["complete"], spans(body["covered"])) == (True, [(0, 30)])
    [late] = body["covered"]
    assert late["late"] is True
    assert late["read_at_wib"].endswith("10:00 WIB")
    assert late["reasons"][0]["label"] == "Platform tidak menjawab, atau jawabannya rusak"


def test_what_was_before_aduan_is_no_reproach(api: Api) -> None:
    """For the time before the first run, the gap says that the channel was not yet being read."""
    api.record(DAY + 60 * MINUTE, read_from=DAY + 20 * MINUTE)
    body = api.coverage(DAY, DAY + 60 * MINUTE)
    assert spans(body["gaps"]) == [(0, 20)]
    assert body["gaps"][0]["reasons"][0]["label"] == "Sebelum Aduan mulai membaca kanal ini"


def test_too_much_for_one_answer_is_cut_and_can_be_gone_on_with(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cut answer covers only the part that it looked at, and says from where to continue."""
    monkeypatch.setattr(ledger_reading, "LEDGER_RUNS", 3)
    for minute in range(0, 60, 10):
        api.record(DAY + minute * MINUTE)
    since, parts = DAY, []
    while True:
        body = api.coverage(since, DAY + 50 * MINUTE)
        assert body["complete"]
        parts += spans(body["covered"])
        if not body["truncated"]:
            break
        since = datetime.fromisoformat(body["next_from"])
    assert parts == [(0, 20), (20, 40), (40, 50)]


def test_days_and_moments_are_in_wib(api: Api) -> None:
    """A day is a whole day of the county, and a time without a zone is the county's."""
    api.record(DAY + timedelta(days=2))
    day = (DAY + timedelta(hours=7)).strftime("%Y-%m-%d")
    status, body = api.get("/coverage", {"channel": CHANNEL, "from": day, "to": day})
    assert status == 200
    assert spans(body["covered"]) == [(0, 24 * 60)]
    status, body = api.get("/coverage", {"channel": CHANNEL, "from": f"{day}T01:00", "to": f"{day}T02:30:15"})
    assert status == 200
    assert spans(body["covered"]) == [(60, 150.25)]


def test_a_channel_that_was_taken_out_can_still_be_asked_about(api: Api) -> None:
    """A channel that was once read keeps its ledger, whatever the directory says now."""
    api.record(DAY, channel="instagram:akunlama")
    api.read_until(DAY, "instagram:akunlama")
    body = api.coverage(DAY - 60 * MINUTE, DAY, "instagram:akunlama")
    assert (body["channel_name"], body["complete"]) == ("instagram:akunlama", True)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channel": None}, "channel"),
        ({"channel": "instagram"}, "channel"),
        ({"channel": "instagram:tidakada"}, "channel"),
        ({"channel": "instagram:a#b"}, "channel"),
        ({"from": None}, "from"),
        ({"to": None}, "to"),
        ({"from": "kemarin"}, "from"),
        ({"from": "2026-02-30T10:00"}, "from"),
        ({"to": "2026-11-02"}, "to"),
        ({"from": "2026-11-03T10:00", "to": "2026-11-03T10:00"}, "to"),
        ({"to": "2026-12-05"}, "to"),
        ({"limit": "5"}, "limit"),
    ],
)
def test_a_wrong_question_names_the_field(api: Api, changes: dict[str, str | None], field: str) -> None:
    """A wrong request is answered with 400, the parameter and a sentence in Indonesian."""
    asked = {"channel": CHANNEL, "from": "2026-11-03", "to": "2026-11-03", **changes}
    status, body = api.get("/coverage", {name: value for name, value in asked.items() if value is not None})
    assert (status, body["error"]["field"]) == (400, field)
    assert body["error"]["message"].endswith(".")


def test_a_month_can_be_asked_for(api: Api) -> None:
    """Thirty-one days are allowed; future days are reported as not yet read."""
    status, body = api.get("/coverage", {"channel": CHANNEL, "from": "2031-10-01", "to": "2031-10-31"})
    assert (status, body["complete"]) == (200, False)
    assert body["gaps"][0]["reasons"][0]["code"] == "not_yet_read"


def test_coverage_is_for_admins(api: Api) -> None:
    """Departments are refused before anything is read, and callers without a token get nothing."""
    assert api.get("/coverage", {"channel": "x"}, DISHUB)[0] == 403
    assert api.get("/coverage", {"channel": "x"}, None)[0] == 401


def channels(api: Api) -> tuple[dict[str, Any], dict[str, Any]]:
    """The whole answer, and the part about the one channel."""
    status, body = api.get("/channels")
    assert status == 200
    return body, next(channel for channel in body["channels"] if channel["id"] == CHANNEL)


def test_a_channel_that_is_read_says_so(api: Api) -> None:
    """Last success, lag, failures and silence are reported as facts; none of them is an issue."""
    now = datetime.now(UTC)
    api.read_until(now - 30 * MINUTE)
    api.record(now - 10 * MINUTE, new=1)
    _, channel = channels(api)
    health = channel["health"]
    assert (health["healthy"], health["issues"]) == (True, [])
    assert (health["needs_permission_since"], health["needs_permission_since_wib"]) == (None, None)
    assert 600 <= health["lag_seconds"] < 660
    assert 1800 <= health["silence"]["seconds"] < 1860
    assert health["silence"]["usual_seconds"] is None
    assert health["last_success_wib"].endswith("WIB")


def test_a_channel_that_fails_is_named_at_the_top(api: Api) -> None:
    """The answer says whether all is healthy, and lists each issue with its channel, as monitoring needs it."""
    now = datetime.now(UTC)
    last = api.record(now - 100 * MINUTE)
    for minute in range(70):
        api.record(now - minute * MINUTE, complete=False, error="CredentialError: code 190/463")
    api.write_cursor(refusals=2, refused_at=now - 69 * MINUTE)
    body, channel = channels(api)
    assert body["healthy"] is False
    named = [issue["code"] for issue in body["issues"] if issue["channel"] == CHANNEL]
    assert named == ["behind", "authorisation"]
    health = channel["health"]
    assert health["last_success"][:19] == last.started_at.isoformat()[:19]
    assert health["consecutive_failures"] == 60
    assert health["last_error"]["label"] == "Token kedaluwarsa, dicabut, atau tidak ada"
    assert len(channel["runs"]) == 5
    assert datetime.fromisoformat(health["needs_permission_since"]) == now - 69 * MINUTE
    assert health["needs_permission_since_wib"].endswith("WIB")


def test_a_channel_that_fell_silent_is_named(api: Api) -> None:
    """A channel read without errors is an issue when nobody has written on it for much longer than usual."""
    now = datetime.now(UTC)
    for hours in range(24 * 20, 48, -4):
        api.record(now - timedelta(hours=hours), new=1)
    api.record(now - 5 * MINUTE)
    api.read_until(now - timedelta(hours=50))
    _, channel = channels(api)
    assert [issue["code"] for issue in channel["health"]["issues"]] == ["silent"]
    assert channel["health"]["silence"]["unusual"] is True
    assert "2 hari" in channel["health"]["issues"][0]["message"]


def test_a_token_says_how_many_days_are_left(api: Api) -> None:
    """The days count down from the last check, with the end and its reason; the last fortnight is an issue."""
    now = datetime.now(UTC)
    api.record(now - MINUTE)
    assert channels(api)[1]["health"]["token"] is None
    end = now + timedelta(days=9, hours=12)
    look = TokenCheck(
        channel=CHANNEL, looked_at=now - timedelta(hours=20), valid=True, reason="data_access_expires_at", ends_at=end
    )
    DynamoChannelStore(api.table).save_token_check(look)
    body, channel = channels(api)
    token = channel["health"]["token"]
    assert (token["valid"], token["days_left"], token["reason"]) == (True, 9, "data_access_expires_at")
    assert token["reason_label"] == "Izin token mengakses data berakhir"
    assert datetime.fromisoformat(token["ends_at"]) == end
    assert datetime.fromisoformat(token["looked_at"]) == look.looked_at
    assert token["ends_at_wib"].endswith("WIB")
    assert token["looked_at_wib"].endswith("WIB")
    [issue] = [issue for issue in body["issues"] if issue["channel"] == CHANNEL]
    assert issue["code"] == "token"
    assert "9 hari lagi" in issue["message"]


def test_a_token_without_an_end_is_shown_as_such(api: Api) -> None:
    """A token that never expires has no count of days, and is no issue."""
    now = datetime.now(UTC)
    api.record(now - MINUTE)
    DynamoChannelStore(api.table).save_token_check(TokenCheck(channel=CHANNEL, looked_at=now, valid=True))
    health = channels(api)[1]["health"]
    assert (health["token"]["days_left"], health["token"]["ends_at"], health["token"]["ends_at_wib"]) == (None,) * 3
    assert health["token"]["reason_label"] == "Token berlaku sampai dicabut"
    assert health["healthy"] is True


def test_a_channel_whose_money_is_gone_is_not_healthy(deployed: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer says so at the top, with the limit, what was spent, and when it is read again."""
    paid = a_channel(id=CHANNEL, monthly_budget_usd=20)
    directory = load_directory().model_copy(update={"channels": (paid,)})
    monkeypatch.setattr("aduan.directory_loading.load_directory", lambda: directory)
    api = Api(deployed("AdminApi"), deployed.table)
    now = datetime.now(UTC)
    later = now + timedelta(hours=5)
    api.record(now - timedelta(hours=3), cost_usd=20.5)
    api.write_cursor(spent_usd=20.5, spent_at=now, not_before=later)
    body, channel = channels(api)
    assert (body["healthy"], [issue["code"] for issue in body["issues"]]) == (False, ["budget"])
    budget = channel["health"]["budget"]
    assert (budget["limit_usd"], budget["spent_usd"]) == (20, 20.5)
    assert datetime.fromisoformat(budget["not_before"]) == later
    assert budget["not_before_wib"] in body["issues"][0]["message"]
    assert budget["interval_seconds"] >= 60


def test_a_channel_that_costs_nothing_shows_no_budget(api: Api) -> None:
    """A free channel has no budget to use up."""
    assert channels(api)[1]["health"]["budget"] is None


def test_what_left_a_feed_unread_is_a_gap_with_its_reason(api: Api) -> None:
    """Even when later runs reach further back, the gap says in words that something may have been missed."""
    api.record(DAY)
    lost = {"lost_from": DAY - 30 * MINUTE, "lost_until": DAY + 40 * MINUTE}
    api.record(DAY + 60 * MINUTE, complete=False, stopped="gap", **lost)
    api.record(DAY + 120 * MINUTE)
    body = api.coverage(DAY - 60 * MINUTE, DAY + 120 * MINUTE)
    assert body["complete"] is False
    [gap] = body["gaps"]
    assert (gap["from"][:19], gap["to"][:19]) == tuple(moment.isoformat()[:19] for moment in lost.values())
    [reason] = gap["reasons"]
    assert reason["code"] == "lost"
    assert reason["label"] == "Mungkin ada kiriman yang sudah tidak ditampilkan lagi ketika kanal dibaca"
    assert [covered["late"] for covered in body["covered"]] == [False, False]
