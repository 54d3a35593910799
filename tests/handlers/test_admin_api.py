"""The admin API, called with events as API Gateway sends them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from aduan.channel import Run
from aduan.store.channels import DynamoChannelStore
from aduan.store.table import ticket_key, to_item
from aduan.store.tickets import listed
from aduan.ticket import clock_of
from tests.admin_requests import ADMIN, DISHUB
from tests.builders import NOON, a_post, a_ticket
from tests.codes import ticket_code
from tests.deployment import Deployment
from tests.handlers.deployed_admin_api import CONTACTS, MAILBOX, Api


@pytest.fixture(name="api")
def _api(deployed: Deployment) -> Api:
    return Api(deployed("AdminApi"), deployed.table, deployed.log)


def test_tickets_are_listed_newest_first_with_labels(api: Api) -> None:
    """Codes stay unchanged, with the Indonesian label or the time in WIB beside them."""
    older, newer = api.open_ticket(1), api.open_ticket(2, status="needs_review")
    answer = api.get("/tickets")
    assert answer.status == 200
    assert [ticket["code"] for ticket in answer.body["tickets"]] == [newer.code, older.code]
    assert answer.body["next_cursor"] is None
    shown = answer.body["tickets"][1]
    assert (shown["status"], shown["status_label"]) == ("routed", "Diteruskan")
    assert (shown["department"], shown["department_name"]) == ("dishub", "Dinas Perhubungan")
    assert shown["topic_label"] != shown["topic"]
    assert shown["place_label"] == "Condongcatur, Kapanewon Depok"
    assert (shown["opened_at"], shown["opened_at_wib"]) == ("2026-11-03T05:01:00Z", "2026-11-03 12:01 WIB")


def test_pages_follow_one_another(api: Api) -> None:
    """The cursor of one answer, sent back, brings the next page, until there is none."""
    codes = [api.open_ticket(number).code for number in range(5)]
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = api.get("/tickets", ADMIN, limit="2", **cursor)
        found += [ticket["code"] for ticket in answer.body["tickets"]]
        if answer.body["next_cursor"] is None:
            break
        cursor["cursor"] = answer.body["next_cursor"]
    assert found == codes[::-1]


def test_a_wrong_cursor_is_a_wrong_parameter(api: Api) -> None:
    """A cursor that the API did not issue is answered with 400, naming the parameter."""
    answer = api.get("/tickets", cursor="bukan")
    assert (answer.status, answer.error["field"]) == (400, "cursor")


@pytest.mark.parametrize(
    "path", ["/tickets", "/stats", "/tickets/SLM-4K7P2M", "/channels", CONTACTS, "/tickets/SLM-4K"]
)
def test_an_unknown_parameter_is_refused_everywhere(api: Api, path: str) -> None:
    """Every route refuses an unknown parameter by name."""
    answer = api.get(path, urut="status")
    assert (answer.status, answer.error["code"], answer.error["field"]) == (400, "unknown_field", "urut")


def test_filters_narrow_the_list(api: Api) -> None:
    """Filters apply together, and the last day of a range is included."""
    lamp = api.open_ticket(1, status="closed")
    api.open_ticket(2, status="routed")
    api.open_ticket(3, status="closed", department="dlh")
    answer = api.get(
        "/tickets", status="closed", department="dishub", place="depok", from_="2026-11-03", to="2026-11-03"
    )
    assert [ticket["code"] for ticket in answer.body["tickets"]] == [lamp.code]
    assert api.get("/tickets", to="2026-11-02").body["tickets"] == []


def test_a_ticket_is_shown_with_its_history(api: Api) -> None:
    """An admin sees the events, the notices with their recipients, and what the citizen wrote."""
    ticket = api.open_ticket(1)
    api.send_notice(ticket)
    body = api.get(f"/tickets/{ticket.code.lower()}").body
    assert body["ticket"]["code"] == ticket.code
    assert [event["move"] for event in body["history"]] == ["opened", "routed"]
    assert body["history"][0]["move_label"] == "Dibuka"
    assert body["history"][1]["by"] == "admin@slemankab.go.id"
    (notice,) = body["notices"]
    assert (notice["state"], notice["recipient"], notice["sent_at_wib"]) == ("sent", MAILBOX, "2026-11-03 12:00 WIB")
    (voice,) = body["voices"]
    assert voice["text"] == a_post().text


def test_a_department_sees_no_address(api: Api) -> None:
    """A department's view of a ticket shows that it was told, but neither the address nor an admin's name."""
    ticket = api.open_ticket(1)
    api.send_notice(ticket)
    answer = api.get(f"/tickets/{ticket.code}", DISHUB)
    assert answer.status == 200
    assert answer.body["notices"][0]["state"] == "sent"
    assert "@" not in json.dumps(answer.body)


def test_a_department_lists_only_its_own(api: Api) -> None:
    """A department's list and figures are its own without a filter, and refused with another department's."""
    own = api.open_ticket(1)
    api.open_ticket(2, department="dlh")
    assert [ticket["code"] for ticket in api.get("/tickets", DISHUB).body["tickets"]] == [own.code]
    assert api.get("/tickets", DISHUB, department="dishub").status == 200
    assert api.get("/stats", DISHUB, from_="2026-11", to="2026-11", by="department").body["tickets"] == 1
    for path in ("/tickets", "/stats"):
        assert api.get(path, DISHUB, department="dlh").status == 403


def test_a_foreign_ticket_does_not_exist(api: Api) -> None:
    """A department cannot tell another's ticket from one that does not exist."""
    foreign = api.open_ticket(1, department="dlh")
    answer = api.get(f"/tickets/{foreign.code}", DISHUB)
    nothing = api.get("/tickets/SLM-000000", DISHUB)
    assert answer.status == nothing.status == 404
    assert answer.body == nothing.body


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/channels"), ("GET", "/forum"), ("GET", CONTACTS), ("PUT", CONTACTS)]
)
def test_what_is_for_admins_is_for_admins(api: Api, method: str, path: str) -> None:
    """Channels, contacts and the forum's list are closed to departments, whatever they send."""
    assert api(method, path, DISHUB, body="x" * 5000).status == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/tickets"), ("GET", "/stats"), ("PUT", CONTACTS), ("POST", "/tickets"), ("GET", "/nowhere")],
)
def test_nobody_gets_nothing(api: Api, method: str, path: str) -> None:
    """Without verified claims every address answers 401; an account without a group gets 403."""
    assert api(method, path, None).status == 401
    assert api(method, path, {"token_use": "id", "sub": "sub-3"}).status == 403


def test_figures_say_what_came_in_and_what_became_of_it(api: Api) -> None:
    """Figures are grouped, labelled, largest first, and split by status."""
    api.open_ticket(1, status="routed")
    api.open_ticket(2, status="closed")
    api.open_ticket(3, status="routed", department="dlh")
    answer = api.get("/stats", from_="2026-10", to="2026-11", by="department")
    assert answer.body["tickets"] == 3
    assert answer.body["rows"] == [
        {
            "department": "dishub",
            "label": "Dinas Perhubungan",
            "tickets": 2,
            "statuses": {"routed": 1, "closed": 1},
            "misroutes": 0,
        },
        {
            "department": "dlh",
            "label": "Dinas Lingkungan Hidup",
            "tickets": 1,
            "statuses": {"routed": 1},
            "misroutes": 0,
        },
    ]
    by_status = api.get("/stats", from_="2026-11", to="2026-11", by="status").body["rows"]
    assert [(row["status"], row["label"], row["tickets"]) for row in by_status] == [
        ("routed", "Diteruskan", 2),
        ("closed", "Ditutup", 1),
    ]


def test_figures_default_to_this_month(api: Api) -> None:
    """Without months the current one is answered, even when nothing came in."""
    answer = api.get("/stats")
    assert answer.status == 200
    assert answer.body["from"] == answer.body["to"]
    assert answer.body["rows"] == []


def test_channels_show_how_far_they_were_read(api: Api) -> None:
    """Each configured channel is shown with its cursor and last runs, even one that was never read."""
    channels = DynamoChannelStore(api.table)
    cursor = channels.lease(channels.read("instagram:kabarsleman"), "run-1", NOON, NOON + timedelta(minutes=5))
    channels.release(cursor.model_copy(update={"watermark": NOON, "seen": ("1", "2")}), "run-1")
    channels.record(
        Run(
            channel="instagram:kabarsleman",
            run_id="run-1",
            started_at=NOON,
            finished_at=NOON,
            read_from=NOON,
            complete=True,
            new=2,
        )
    )
    shown = {channel["id"]: channel for channel in api.get("/channels").body["channels"]}
    read = shown["instagram:kabarsleman"]
    assert read["cursor"]["watermark_wib"] == "2026-11-03 12:00 WIB"
    assert "seen" not in read["cursor"]
    assert [run["new"] for run in read["runs"]] == [2]
    assert shown["facebook_page:pemkabsleman"]["cursor"]["watermark"] is None


def test_the_forum_has_its_list(api: Api) -> None:
    """The list holds only what was brought before the forum and is open, the longest on the list first."""
    api.open_ticket(1)
    for number, steps in ((2, ("sekda", "forum")), (3, ("forum",)), (4, ("sekda",))):
        ticket = a_ticket(status="accepted", steps=steps, act_at=NOON - timedelta(minutes=number))
        api.open_ticket(
            number,
            **ticket.model_copy(update={"clock": clock_of(ticket)}).model_dump(
                include={"status", "steps", "clock", "act_at"}
            ),
        )
    answer = api.get("/forum")
    assert [ticket["code"] for ticket in answer.body["tickets"]] == [
        ticket_code(a_post(native_id=number).key) for number in ("3", "2")
    ]
    assert answer.body["more"] is False
    assert answer.body["tickets"][1]["step_labels"] == [
        "Disampaikan kepada Sekretaris Daerah",
        "Masuk daftar forum Wakil Bupati",
    ]
    assert not {"clock", "round", "act_at"} & set(answer.body["tickets"][0])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/tickets/SLM-4K7P2M/notices", 404),
        ("GET", "/tickets/../channels", 404),
        ("GET", "/tickets/..%2Fchannels", 400),
        ("GET", "/tickets/SLM-4K7P2M%00", 400),
        ("GET", "/tickets/SLM-4K7P2M", 404),
        ("GET", "/departments/nowhere/contacts", 404),
        ("PUT", "/departments/..%2Fdlh/contacts", 404),
        ("DELETE", CONTACTS, 405),
        ("POST", "/tickets", 405),
        ("OPTIONS", "/tickets", 405),
        ("PUT", "/tickets/SLM-4K7P2M", 405),
    ],
)
def test_what_is_not_there_says_so(api: Api, method: str, path: str, status: int) -> None:
    """Unknown addresses, methods, codes and paths that climb are refused with a code and a sentence."""
    answer = api(method, path)
    assert answer.status == status
    assert answer.error["code"]
    assert answer.error["message"].endswith(".")
    assert ("Allow" in answer.headers) == (status == 405)


def test_a_failure_is_answered_without_a_detail(api: Api, capfd: pytest.CaptureFixture[str]) -> None:
    """A failure is a 500 with a sentence; neither answer nor log holds the error's text or a stack trace."""
    ticket = a_ticket()
    broken = to_item(ticket, ticket_key(ticket.code), listed=listed(ticket), urgency="teks warga 081234567890")
    api.table.put_new(broken)
    answer = api.get("/tickets")
    assert answer.status == 500
    assert answer.error["code"] == "internal"
    logged = api.log.getvalue() + "".join(capfd.readouterr())
    assert '"error_type":"ValidationError"' in logged
    assert '"place":"aduan.store.ticket_reading:' in logged
    for secret in ("teks warga", "0812", "Traceback"):
        assert secret not in logged + json.dumps(answer.body)


def test_a_log_line_says_who_asked_what_kind_of_thing(
    api: Api, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Each request logs route, status, caller and time, and nothing that was asked, sent or answered."""
    ticket = api.open_ticket(1)
    api.get(f"/tickets/{ticket.code}")
    api.get("/tickets", place="kenari rahasia")
    api("PUT", CONTACTS, body={"email": "kenari@slemankab.go.id", "phone": "081234567890"})
    lines = [json.loads(line) for line in api.log.getvalue().splitlines()]
    assert [(line["status"], line["who"]) for line in lines] == [
        (200, "sub-admin"),
        (400, "sub-admin"),
        (200, "sub-admin"),
    ]
    assert all(isinstance(line["milliseconds"], int) for line in lines)
    assert lines[1]["route"] == "GET /tickets"
    everything = api.log.getvalue() + "".join(capfd.readouterr()) + caplog.text
    for secret in ("kenari", "81234567890", "Condongcatur", a_post().text):
        assert secret not in everything


def test_reading_and_correcting_never_scan(api: Api) -> None:
    """No route scans the table, and only the one that replaces a contact writes."""
    ticket = api.open_ticket(1)
    asked: list[str] = []
    events = api.module.table.client.meta.events
    events.register("provide-client-params.dynamodb", lambda model, **_: asked.append(model.name))
    for path in ("/tickets", f"/tickets/{ticket.code}", "/stats", "/channels", CONTACTS):
        assert api.get(path).status == 200
    assert set(asked) == {"Query", "GetItem", "BatchGetItem"}
    api("PUT", CONTACTS, body={"email": "dlh@slemankab.go.id"})
    assert asked[-3:] == ["GetItem", "TransactWriteItems", "Query"]
