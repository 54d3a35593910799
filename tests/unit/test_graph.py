"""What an answer of the Graph API means: a dict or one of the channel's errors, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aduan.graph_api import interpret_error, interpret_response, usage, wait_asked_for
from aduan.platform_errors import (
    ChannelError,
    CredentialError,
    GoneError,
    MisconfiguredError,
    NotPermittedError,
    OutageError,
    ThrottledError,
    TooMuchDataError,
    TransientError,
)
from aduan.platform_http import DEFAULT_WAIT, LONGEST_WAIT, Response, parse_object
from poll_channels.sources.items import Named
from tests.builders import NOON
from tests.json_values import json_values


def an_error(code: Any, message: str = "", **more: Any) -> dict[str, Any]:
    """Return an ``error`` object in the documented form."""
    return {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1b2C3", **more}


def business_usage(**entry: Any) -> dict[str, str]:
    """Return the usage header of a Page or an Instagram account."""
    return {"X-Business-Use-Case-Usage": json.dumps({"100000000000001": [{"type": "pages", **entry}]})}


def read_answer(status: int, data: bytes) -> dict[str, Any]:
    """What an answer is taken for."""
    return parse_object(Response(status, {}, data), interpret_response, NOON)


# ---------------------------------------------------------------------------------------------- read_answer


def test_an_object_is_read() -> None:
    r"""A good answer comes back unchanged, with the platform's ``\/`` and ``\u`` escapes decoded."""
    data = rb'{"data":[{"id":"1","permalink_url":"https:\/\/www.facebook.com\/1","message":"\u003Cb>"}]}'
    assert read_answer(200, data) == {
        "data": [{"id": "1", "permalink_url": "https://www.facebook.com/1", "message": "<b>"}]
    }


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"17",
        b'"data"',
        b'{"data":[',
        b"<!DOCTYPE html><html><title>Masuk</title></html>",
        b"\xff\xfe\x00",
        b'{"data":[]}{"data":[]}',
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize(("status", "kind"), [(200, OutageError), (302, OutageError), (500, TransientError)])
def test_what_is_no_object_is_an_outage(status: int, kind: type[ChannelError], data: bytes) -> None:
    """Only the documented shape is accepted; a server error is retried, the others are not."""
    with pytest.raises(kind) as caught:
        read_answer(status, data)
    assert type(caught.value) is kind
    assert "Masuk" not in str(caught.value)


@pytest.mark.parametrize(("status", "kind"), [(302, OutageError), (404, OutageError), (503, TransientError)])
def test_another_status_than_200_is_no_answer(status: int, kind: type[ChannelError]) -> None:
    """A list of data with a wrong status is not taken for the channel's posts."""
    with pytest.raises(kind) as caught:
        read_answer(status, b'{"data":[]}')
    assert type(caught.value) is kind


def test_an_error_is_judged_whatever_the_status() -> None:
    """The platform sends errors with 400, 500 and even 200, so the code decides."""
    for status in (200, 400, 403, 500):
        with pytest.raises(CredentialError, match=r"^code 190/463$"):
            read_answer(status, json.dumps({"error": an_error(190, error_subcode=463)}).encode())


@given(st.integers(100, 599), st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
@example(200, b'{"error":{"code":[]}}')
@example(200, b'{"error":{"code":{},"error_subcode":[]}}')
@example(400, b'{"error":{}}')
@example(200, b'{"error":null}')
def test_whatever_bytes_come_only_a_dict_or_a_channel_error_results(status: int, data: bytes) -> None:
    """No body makes the reader fail in any other way."""
    try:
        body = read_answer(status, data)
    except ChannelError:
        return
    assert isinstance(body, dict)


@given(json_values)
def test_whatever_an_error_object_holds_it_is_interpret_error(value: Any) -> None:
    """Any value at any documented place of an error gives a channel error, whose text quotes nothing."""
    for place in ("code", "error_subcode", "message", "is_transient"):
        error = interpret_error(an_error(1) | {place: value}, {})
        assert isinstance(error, ChannelError)
        assert set(str(error)) <= set("code None0123456789-/")


def test_numbers_beyond_what_python_reads_do_not_spoil_the_page() -> None:
    """NaN, Infinity, 1e400 and a number of five thousand digits leave the other items readable."""
    numbers = ["NaN", "-Infinity", "1e400", "9" * 39, "9" * 5000]
    data = "".join(f'{{"id":{number}}},' for number in numbers)
    items = read_answer(200, f'{{"data":[{data}{{"id":"18"}}]}}'.encode())["data"]
    assert len(items) == 6
    assert Named.model_validate(items[-1]).id == "18"


def test_half_an_emoji_becomes_a_question_mark() -> None:
    """A lone surrogate, which no store accepts, is replaced; a whole emoji stays."""
    body = read_answer(200, rb'{"a":"min \ud83d tolong \ud83d\ude4f"}')
    assert body == {"a": "min ? tolong \N{PERSON WITH FOLDED HANDS}"}


# ---------------------------------------------------------------------------------------------------- judged

REDUCE = "Please reduce the amount of data you're asking for, then retry your request"
GONE = "Unsupported get request. Object with ID '1_2' does not exist, cannot be loaded due to missing permissions"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (an_error(1, "An unknown error occurred"), TransientError),
        (an_error(1, REDUCE), TooMuchDataError),
        (an_error(2, "Service temporarily unavailable"), TransientError),
        (an_error(2, "An unexpected error has occurred.", is_transient=True), TransientError),
        (an_error(3), NotPermittedError),
        (an_error(4, "(#4) Application request limit reached", is_transient=True), ThrottledError),
        (an_error(10, "(#10) Application does not have permission for this action"), NotPermittedError),
        (an_error(12, "(#12) is deprecated for versions v22.0 and higher"), OutageError),
        (an_error(17, "(#17) User request limit reached"), ThrottledError),
        (an_error(32, "(#32) Page request limit reached"), ThrottledError),
        (an_error(100, "(#100) Tried accessing nonexisting field (foo) on node type (Page)"), MisconfiguredError),
        (an_error(100, GONE, error_subcode=33), GoneError),
        (an_error(100, "Invalid appsecret_proof provided in the API argument"), CredentialError),
        (an_error(100, "API calls from the server require an appsecret_proof argument"), CredentialError),
        (an_error(102), CredentialError),
        *((an_error(190, error_subcode=sub), CredentialError) for sub in (458, 459, 460, 463, 464, 467, 2069032)),
        (an_error(200, "(#200) Missing Permissions"), NotPermittedError),
        *((an_error(200, error_subcode=sub), NotPermittedError) for sub in (2069030, 2069031, 2069033)),
        (an_error(283), NotPermittedError),
        (an_error(299), NotPermittedError),
        (an_error(341), ThrottledError),
        (an_error(368), ThrottledError),
        (an_error(613, error_subcode=1996), ThrottledError),
        (an_error(80001), ThrottledError),
        (an_error(80002), ThrottledError),
        (an_error(80006), ThrottledError),
        (an_error(999, is_transient=True), TransientError),
        (an_error(999), OutageError),
        ({}, OutageError),
        (an_error("190"), OutageError),
        (an_error(True), OutageError),  # noqa: FBT003 # True equals 1, and is no code
    ],
)
def test_every_documented_code_has_its_meaning(error: Mapping[str, Any], kind: type[ChannelError]) -> None:
    """Each code of the contract leads to exactly the action that the contract wants."""
    assert type(interpret_error(error, {})) is kind


@pytest.mark.parametrize("code", [4, 17, 32, 341, 613, 80001, 80002, 80006])
def test_throttling_goes_before_transient(code: int) -> None:
    """A limit that calls itself transient is still a limit: asking again at once makes the block longer."""
    error = interpret_error(
        an_error(code, REDUCE, is_transient=True), business_usage(estimated_time_to_regain_access=7)
    )
    assert isinstance(error, ThrottledError)
    assert error.wait == timedelta(minutes=7)


def test_an_error_names_its_code_and_nothing_of_its_message() -> None:
    """What goes to the ledger is the code: messages hold ids, times and whatever was asked."""
    assert str(interpret_error(an_error(190, "user Budi logged out", error_subcode=467), {})) == "code 190/467"
    assert str(interpret_error(an_error(10, "token EAAG"), {})) == "code 10"


# --------------------------------------------------------------------------------------- usage and the wait


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 0),
        ({"X-App-Usage": '{"call_count":28,"total_time":25,"total_cputime":25}'}, 28),
        (business_usage(call_count=12, total_cputime=3, total_time=97.5), 97.5),
        ({"X-App-Usage": '{"call_count":85}'} | business_usage(call_count=2), 85),
        ({"X-App-Usage": "not JSON"} | business_usage(call_count=81), 81),
        ({"X-App-Usage": "[" * 60_000} | business_usage(call_count=81), 81),
        ({"X-App-Usage": '{"call_count":"99"}'}, 0),
        ({"X-App-Usage": '{"call_count":NaN,"total_time":90}'}, 90),
        ({"X-App-Usage": '{"ads_api_access_tier":99,"estimated_time_to_regain_access":99}'}, 0),
        ({"X-App-Usage": '{"call_count":-5}'}, 0),
        ({"X-App-Usage": "null", "X-Business-Use-Case-Usage": '{"1":[null,5],"2":7}'}, 0),
    ],
)
def test_the_highest_share_of_the_allowance_counts(headers: dict[str, str], expected: float) -> None:
    """The highest number in both headers decides; unreadable values are ignored."""
    assert usage(headers) == expected


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (5, timedelta(minutes=5)),
        (0.5, timedelta(seconds=30)),
        (0, DEFAULT_WAIT),
        (-3, DEFAULT_WAIT),
        ("soon", DEFAULT_WAIT),
        (None, DEFAULT_WAIT),
        (float("nan"), DEFAULT_WAIT),
        (float("inf"), LONGEST_WAIT),
        (1e300, LONGEST_WAIT),
        (10**30, LONGEST_WAIT),
    ],
)
def test_the_wait_is_as_asked_but_never_absurd(minutes: Any, expected: timedelta) -> None:
    """A number of minutes is honoured, nonsense gets the usual wait, and no wait lasts for days."""
    assert wait_asked_for(business_usage(estimated_time_to_regain_access=minutes)) == expected


def test_the_longest_of_several_waits_counts() -> None:
    """An account with several limits waits for the last of them."""
    entries = {"1": [{"estimated_time_to_regain_access": 3}, {"estimated_time_to_regain_access": 9}], "2": []}
    assert wait_asked_for({"X-Business-Use-Case-Usage": json.dumps(entries)}) == timedelta(minutes=9)


@given(st.text() | json_values.map(json.dumps))
def test_whatever_the_headers_hold_the_numbers_are_sound(text: str) -> None:
    """No header stops a run or makes it wait longer than six hours."""
    headers = {"X-App-Usage": text, "X-Business-Use-Case-Usage": text}
    assert usage(headers) >= 0
    assert timedelta(0) < wait_asked_for(headers) <= LONGEST_WAIT
