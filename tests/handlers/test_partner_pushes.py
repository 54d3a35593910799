"""What partners' programs do: they push edits again, write JSON in their own way, and mistake their keys."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest

from aduan.secure_parameters import MISSES_SECONDS, MOST_MISSES
from tests.handlers.deployed_intake import KEY, Intake, a_delivery


@contextlib.contextmanager
def asks(intake: Intake) -> Iterator[mock.Mock]:
    """Count the calls of the Parameter Store."""
    client = intake.module.routes.secrets._client  # noqa: SLF001 # the function's own client
    with mock.patch.object(client, "get_parameters", wraps=client.get_parameters) as asked:
        yield asked


def test_a_push_with_the_same_id_and_another_text_is_an_edit(intake: Intake) -> None:
    """The post has the new text and is decided again; the same text once more is a duplicate."""
    assert intake.deliver(a_delivery(text="Lampu mati")).status == 202
    for status, outcome in ((202, "revised"), (200, "duplicate")):
        answer = intake.deliver(a_delivery(text="Lampu mati di Denggung, hubungi 0812-3456-7890"))
        assert (answer.status, answer.body) == (status, {"status": outcome})
    [post] = intake.posts()
    assert post.text == "Lampu mati di Denggung, hubungi [telepon]"
    assert (post.state, post.revised_at) == ("new", post.fetched_at)


def test_a_picture_that_is_added_is_an_edit(intake: Intake) -> None:
    """A picture may be what makes a report of a post."""
    intake.deliver()
    assert intake.deliver(a_delivery(photos=["https://example.org/1.jpg"])).body == {"status": "revised"}
    assert intake.posts()[0].has_photo


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_byte_order_mark_is_read_over(intake: Intake, wrapped: bool) -> None:  # noqa: FBT001 # a column of the table above
    """Programs for Windows write one before their JSON; the signature covers it."""
    assert intake.deliver(raw=json.dumps(a_delivery()).encode("utf-8-sig"), wrapped=wrapped).status == 202


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-02T23:30:00+0000",
        "2026-11-03T06:30:00+0700",
        "2026-11-03T06:30:00+07",
        "2026-11-03 06:30:00+07:00",
        "2026-11-02T23:30:00.000000000z",
        "2026-11-02T23:30Z",
    ],
)
def test_every_form_of_iso_8601_with_a_zone_is_read(intake: Intake, written: str) -> None:
    """Programming languages write the same moment differently."""
    assert intake.deliver(a_delivery(posted_at=written)).status == 202
    assert intake.posts()[0].created_at == datetime(2026, 11, 2, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize("changes", [{"\ud800": 1}, {"a\udfff": "x"}, {"id": "\ud800"}, {"source": "\udc00"}])
def test_half_a_letter_in_a_field_is_the_callers_fault(intake: Intake, changes: dict[str, Any]) -> None:
    """It is answered 400 like every other wrong field, and the answer can be sent."""
    answer = intake.deliver(raw=json.dumps(a_delivery() | changes).encode())
    assert answer.status == 400
    assert answer.text.encode()
    assert intake.posts() == []


@pytest.mark.parametrize("name", ["salah", "salah-{}"])
def test_five_hundred_bad_requests_do_not_ask_the_parameter_store_as_often(intake: Intake, name: str) -> None:
    """Whether they repeat one key or invent new ones, a key that is in use works on."""
    assert intake.deliver().status == 202
    with asks(intake) as asked:
        for number in range(500):
            assert intake.deliver(key_id=name.format(number)).status == 401
        assert intake.deliver().status == 200
    assert asked.call_count <= MOST_MISSES


def test_a_new_key_works_soon_after_a_flood(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown keys are remembered for a minute only, and a key in use is asked for even in a flood."""
    seconds = 10.0
    monkeypatch.setattr(intake.module.routes.secrets, "_clock", lambda: seconds)
    assert intake.deliver().status == 202
    seconds += 400.0  # its cached value has ended
    for number in range(MOST_MISSES + 1):
        assert intake.deliver(key_id=f"salah-{number}").status == 401
    intake.secret("intake/icj/keys/baru", KEY)
    assert intake.deliver(key_id="baru").status == 401
    assert intake.deliver().status == 200
    seconds += MISSES_SECONDS
    assert intake.deliver(key_id="baru").status == 200
