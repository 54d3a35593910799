"""What a request may ask for, and how its errors are reported."""

from __future__ import annotations

import base64
import contextlib
import json
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin_api.requests import (
    ContactRequest,
    contact_of,
    contact_request,
    no_parameters,
    stats_request,
    ticket_code,
    tickets_request,
)
from aduan.directory_loading import load_directory
from aduan.labels import KIND_LABELS, STATUS_LABELS, URGENCY_LABELS
from aduan.notice import ContactId
from aduan.refusal import RefusedError
from aduan.ticket import Status
from aduan.triage import KINDS, Urgency
from tests.builders import NOON

DIRECTORY = load_directory()


def asking(**parameters: str) -> dict[str, Any]:
    """Return a request with this query string; ``from_`` stands for ``from``."""
    single = {name.rstrip("_"): value for name, value in parameters.items()}
    return {
        "queryStringParameters": single or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in single.items()} or None,
    }


def sending(body: object) -> dict[str, Any]:
    return {"body": body if isinstance(body, str) else json.dumps(body), "isBase64Encoded": False}


def refusal_of_list(event: dict[str, Any]) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        tickets_request(event, DIRECTORY)
    return refused.value


def refusal_of_contact(event: dict[str, Any]) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        contact_request(event)
    return refused.value


def test_a_list_needs_no_parameter() -> None:
    """Without a query string everything is listed, twenty at a time."""
    request = tickets_request(asking(), DIRECTORY)
    assert request.limit == 20
    assert request.query(None) == request.query(None).__class__()


def test_every_filter_reaches_the_question() -> None:
    """Each parameter restricts what it names; the case of a place's name does not matter."""
    event = asking(
        status="routed", topic="penerangan_jalan", channel="instagram:kabarsleman", place=" condong CATUR ",
        limit="7", from_="2026-11-01", to="2026-11-03",
    )  # fmt: skip
    request = tickets_request(event, DIRECTORY)
    query = request.query("dlh")
    assert (query.status, query.topic, query.channel) == ("routed", "penerangan_jalan", "instagram:kabarsleman")
    assert (query.place, query.department, request.limit) == ("Condongcatur", "dlh", 7)


def test_a_day_is_a_day_in_sleman() -> None:
    """A day runs from midnight to midnight in WIB, and the last one is included."""
    request = tickets_request(asking(from_="2026-11-03", to="2026-11-03"), DIRECTORY)
    assert request.since == datetime(2026, 11, 2, 17, tzinfo=UTC)
    assert request.before == datetime(2026, 11, 3, 17, tzinfo=UTC)


def test_a_moment_keeps_its_offset() -> None:
    """A time with an offset is taken unchanged."""
    request = tickets_request(asking(from_="2026-11-03T12:00:00+07:00", to="2026-11-03T06:00:00Z"), DIRECTORY)
    assert request.since == NOON
    assert request.before == datetime(2026, 11, 3, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "open"),
        ("status", ""),
        ("status", "routed "),
        ("department", "dinas"),
        ("department", "../dlh"),
        ("topic", "Sampah"),
        ("channel", "instagram"),
        ("channel", "instagram:a#b"),
        ("place", "Condong"),
        ("place", ""),
        ("from_", "kemarin"),
        ("from_", "2026-13-01"),
        ("from_", "2026-02-30"),
        ("from_", "2026-11-03T12:00:00"),
        ("from_", "0001-01-01T00:00:00+14:00"),
        ("to", "9999-12-31"),
        ("to", "9999-12-31T23:59:59-12:00"),
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "-1"),
        ("limit", "banyak"),
        ("limit", "9" * 5000),
        ("since", "2026-11-03"),
        ("from__", "x"),
        ("pk", "TICKET#1"),
    ],
)
def test_a_wrong_parameter_is_named(name: str, value: str) -> None:
    """A wrong or unknown parameter is answered with 400, its name and a sentence."""
    refused = refusal_of_list(asking(**{name: value}))
    assert refused.status == 400
    assert refused.field == name.rstrip("_")
    assert refused.message.endswith(".")


@pytest.mark.parametrize("name", ["status", "department", "topic", "channel", "place", "from_", "to", "limit"])
def test_a_refusal_never_repeats_what_was_sent(name: str) -> None:
    """A refused value appears neither in the answer nor in the error that may be logged."""
    refused = refusal_of_list(asking(**{name: "rahasia 081234567890"}))
    assert "rahasia" not in str(refused.body()) + str(refused)


def test_a_parameter_given_twice_is_refused() -> None:
    """A parameter that is given twice is refused, and neither value is used."""
    event = asking(status="routed")
    event["multiValueQueryStringParameters"]["status"] = ["routed", "closed"]
    assert refusal_of_list(event).field == "status"


def test_a_time_that_ends_before_it_begins_is_refused() -> None:
    """The end must lie after the beginning."""
    assert refusal_of_list(asking(from_="2026-11-03", to="2026-11-02")).field == "to"


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=12), max_size=3))
def test_any_query_string_is_answered(parameters: dict[str, str]) -> None:
    """Every query string is either understood or refused, and none causes a failure."""
    with contextlib.suppress(RefusedError):
        tickets_request({"queryStringParameters": parameters}, DIRECTORY)


def test_figures_are_of_this_month_unless_said_otherwise() -> None:
    """The default is the current month in Sleman, which begins seven hours before the month in UTC."""
    request, months = stats_request(asking(), DIRECTORY, datetime(2026, 10, 31, 17, 0, tzinfo=UTC))
    assert (request.by, months) == ("topic", ("2026-11",))


def test_figures_span_years() -> None:
    """Months are counted across the turn of the year."""
    _, months = stats_request(asking(from_="2025-11", to="2026-02", by="month"), DIRECTORY, NOON)
    assert months == ("2025-11", "2025-12", "2026-01", "2026-02")


def test_figures_reach_three_years() -> None:
    """Thirty-six months are answered, one more is refused."""
    _, months = stats_request(asking(from_="2023-12", to="2026-11"), DIRECTORY, NOON)
    assert len(months) == 36
    with pytest.raises(RefusedError) as refused:
        stats_request(asking(from_="2023-11", to="2026-11"), DIRECTORY, NOON)
    assert (refused.value.status, refused.value.field) == (400, "from")


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"by": "author"}, "by"),
        ({"from_": "2026-13"}, "from"),
        ({"to": "2026-1"}, "to"),
        ({"from_": "2026-11", "to": "2026-10"}, "to"),
        ({"from_": "2026-12"}, "from"),
        ({"department": "dinas"}, "department"),
        ({"topic": "penerangan_jalan"}, "topic"),
    ],
)
def test_a_wrong_figure_is_named(parameters: dict[str, str], field: str) -> None:
    """The error names the wrong month or grouping."""
    with pytest.raises(RefusedError) as refused:
        stats_request(asking(**parameters), DIRECTORY, NOON)
    assert (refused.value.status, refused.value.field) == (400, field)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("0812-3456-7890", "+6281234567890"),
        ("+62 812 3456 7890", "+6281234567890"),
        ("62 812.3456.7890", "+6281234567890"),
        ("+62 (0)812 3456 7890", "+6281234567890"),
        ("006281234567890", "+6281234567890"),
    ],
)
def test_a_number_is_kept_in_its_international_form(written: str, kept: str) -> None:
    """However a mobile number is written, it is stored in one form."""
    assert contact_request(sending({"phone": written})) == ContactRequest(phone=kept)


def test_an_address_is_kept_with_its_domain_in_small_letters() -> None:
    """Spaces around an address are not part of it."""
    assert contact_request(sending({"email": " Aduan@SlemanKab.go.id "})).email == "Aduan@slemankab.go.id"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "email"),
        ({"email": None, "phone": None}, "email"),
        ({"email": ""}, "email"),
        ({"email": "dishub"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"email": "a..b@slemankab.go.id"}, "email"),
        ({"email": "a@slemankab.go.id, b@slemankab.go.id"}, "email"),
        ({"email": "a@slemankab.go.id\r\nBcc: b@c.id"}, "email"),
        ({"email": "Dishub <a@slemankab.go.id>"}, "email"),
        ({"email": "a" * 65 + "@slemankab.go.id"}, "email"),
        ({"email": "a@" + "b." * 200 + "id"}, "email"),
        ({"email": ["a@slemankab.go.id"]}, "email"),
        ({"email": 1}, "email"),
        ({"email": "a@slemankab.go.id", "fallback_email": "x"}, "fallback_email"),
        ({"email": "a@slemankab.go.id", "fallback_email": "a@SlemanKab.go.id"}, "fallback_email"),
        ({"phone": "081234567890", "fallback_email": "a@slemankab.go.id"}, "fallback_email"),
        ({"phone": "0274-868405"}, "phone"),
        ({"phone": "0812"}, "phone"),
        ({"phone": "+1 212 555 0100"}, "phone"),
        ({"phone": "٠٨١٢٣٤٥٦٧٨٩٠"}, "phone"),
        ({"phone": 81234567890}, "phone"),
        ({"email": "a@slemankab.go.id", "updated_by": "x"}, "updated_by"),
        ({"email": "a@slemankab.go.id", "department": "dlh"}, "department"),
        ({"email": "a@slemankab.go.id", "pk": "CHANNEL#x"}, "pk"),
        ([], "body"),
        ("", "body"),
        ("{", "body"),
        ("NaN", "body"),
        ("[" * 4000, "body"),
        ('{"email": "\udc80"}', "body"),
        ({"email": "\udc80@slemankab.go.id"}, "email"),
    ],
)
def test_a_wrong_contact_is_named(body: object, field: str) -> None:
    """A contact with a wrong, missing or unknown field is answered with 400 and the field's name."""
    refused = refusal_of_contact(sending(body))
    assert (refused.status, refused.field) == (400, field)
    json.dumps(refused.body()).encode("ascii")


@pytest.mark.parametrize("encoded", [False, True])
def test_a_long_body_is_not_read(*, encoded: bool) -> None:
    """More than 4 KB is answered with 413, however it is encoded and whatever is in it."""
    for body in ("x" * 4097, "é" * 2049, json.dumps({"email": "a@b.id", "note": "x" * 4096}), "x" * 10_000_000):
        sent = base64.b64encode(body.encode()).decode() if encoded else body
        assert refusal_of_contact({"body": sent, "isBase64Encoded": encoded}).status == 413


def test_an_encoded_body_is_understood() -> None:
    """API Gateway may pass on a body in base 64; invalid base 64 is reported as invalid JSON."""
    body = base64.b64encode(b'{"email": "a@slemankab.go.id"}').decode()
    assert contact_request({"body": body, "isBase64Encoded": True}).email == "a@slemankab.go.id"
    assert refusal_of_contact({"body": "€€€", "isBase64Encoded": True}).field == "body"


def test_a_ticket_code_is_taken_as_people_type_it() -> None:
    """Lower-case codes are accepted; anything that is no code is refused before the table is read."""
    assert ticket_code("slm-4k7p2m") == "SLM-4K7P2M"
    for wrong in (
        "SLM-4K7P2",
        "SLM-4K7P2MM",
        "SLM-4K7P2U",
        "SLM-4K7P2M\n",
        "../SLM-4K7P2M",
        "%2e%2e",
        "",
        "SLM-\uff14K7P2M",
    ):
        with pytest.raises(RefusedError) as refused:
            ticket_code(wrong)
        assert (refused.value.status, refused.value.field) == (400, "code")


def test_an_unknown_department_is_not_found() -> None:
    """Only the directory's departments have contacts, the desk among them."""
    assert contact_of("desk", DIRECTORY) == ContactId("desk")
    for wrong in ("dinas", "DLH", "dlh#CONTACT", "..", "", "dlh.", "dlh.officer", "dlh.head.head"):
        with pytest.raises(RefusedError) as refused:
            contact_of(wrong, DIRECTORY)
        assert refused.value.status == 404


def test_a_route_without_parameters_takes_none() -> None:
    """A route without parameters refuses any parameter, too."""
    no_parameters(asking())
    with pytest.raises(RefusedError) as refused:
        no_parameters(asking(limit="5"))
    assert refused.value.field == "limit"


def test_every_code_has_a_label() -> None:
    """People never read a bare code where the product has a word for it."""
    assert set(STATUS_LABELS) == set(get_args(Status))
    assert set(URGENCY_LABELS) == set(get_args(Urgency))
    assert set(KIND_LABELS) == set(KINDS)
