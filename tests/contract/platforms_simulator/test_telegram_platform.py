"""The simulator speaks Telegram as the contract says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from infra.local.simulator.world import Kind
from tests.simulated import NOW
from tests.simulated_platforms import PlatformsClient, a_draft


def texts_of(updates: list[Any]) -> list[str]:
    return [(update.get("message") or update["edited_message"])["text"] for update in updates]


def test_updates_stay_until_they_are_confirmed(client: PlatformsClient) -> None:
    """Updates are returned again until an offset past them is sent, and never afterwards."""
    first = client.updates(limit=3)
    assert client.updates(limit=3) == first
    rest = client.updates(offset=first[-1]["update_id"] + 1)
    assert texts_of(first + rest) == [f"Lapor telegram_relay-{n}" for n in range(7)]
    assert client.updates() == rest
    assert client.updates(offset=rest[-1]["update_id"] + 1) == []
    assert client.updates() == []


def test_updates_are_forgotten_after_a_day(client: PlatformsClient) -> None:
    """Updates not fetched within 24 hours are gone, and the numbers continue."""
    numbers = [update["update_id"] for update in client.updates()]
    client.now = NOW + timedelta(hours=24, minutes=-96)
    assert [update["update_id"] for update in client.updates()] == numbers[5:]


def test_edits_are_updates_of_their_own(client: PlatformsClient) -> None:
    """An edit comes as `edited_message` with the same message id; the first version still waits before it."""
    client.control("PATCH", f"posts/{client.native('telegram_relay-0')}", {"text": "Diperbaiki"})
    first, *_, last = client.updates()

    assert first["message"]["text"] == "Lapor telegram_relay-0"
    edited = last["edited_message"]
    assert (edited["text"], edited["message_id"]) == ("Diperbaiki", first["message"]["message_id"])
    assert edited["edit_date"] == int(NOW.timestamp())


def test_albums_are_several_messages_with_one_caption(client: PlatformsClient) -> None:
    """An album is a message for each picture, held together by `media_group_id`; one has the caption."""
    client.holds(a_draft("album", Kind.TELEGRAM_RELAY, has_photo=True, photos=3), a_draft("after", Kind.TELEGRAM_RELAY))
    *album, after = [update["message"] for update in client.updates()]

    assert len({message["media_group_id"] for message in album}) == 1
    assert [message.get("caption") for message in album] == ["Lapor album", None, None]
    assert len({message["message_id"] for message in (*album, after)}) == 4
    assert client.native("album") == f"710000001:album.{album[0]['media_group_id']}"


def test_forwarded_messages_name_their_origin(client: PlatformsClient) -> None:
    """A forwarded post carries whoever wrote it, a typed one nothing; the moderator is the sender of both."""
    people = ("ani", "budi", "citra", "dewi", "eko", "fitri")
    drafts = [a_draft(name, Kind.TELEGRAM_RELAY, author=name) for name in people]
    client.holds(*drafts, a_draft("typed", Kind.TELEGRAM_RELAY, author=None))
    *forwarded, typed = [update["message"] for update in client.updates()]

    assert {message["forward_origin"]["type"] for message in forwarded} == {"user", "hidden_user"}
    assert "forward_origin" not in typed
    assert {message["from"]["id"] for message in (*forwarded, typed)} == {710000001}


def test_allowed_updates_are_remembered(client: PlatformsClient) -> None:
    """Only the requested kinds of update are returned, until other kinds are requested."""
    client.control("PATCH", f"posts/{client.native('telegram_relay-0')}", {"text": "Diperbaiki"})

    assert len(client.updates(allowed_updates=["edited_message"])) == 1
    assert len(client.updates()) == 1
    assert len(client.updates(allowed_updates=["message", "edited_message"])) == 8


def test_a_negative_offset_reads_from_the_end(client: PlatformsClient) -> None:
    """`-1` gives the last update and forgets those before it."""
    assert texts_of(client.updates(offset=-1)) == ["Lapor telegram_relay-6"]
    assert len(client.updates()) == 1


def test_polling_and_a_webhook_exclude_each_other(client: PlatformsClient) -> None:
    """While a webhook is set, `getUpdates` is a conflict."""
    client.telegram("setWebhook", url="https://contoh.example/tg")
    status, body = client.telegram("getUpdates")
    assert (status, body["error_code"]) == (409, 409)
    assert "webhook" in body["description"]
    client.telegram("deleteWebhook")
    assert len(client.updates()) == 7


def test_the_bot_answers_moderators(client: PlatformsClient) -> None:
    """A receipt that the bot sends can be seen; an empty one is refused."""
    status, body = client.telegram(
        "sendMessage", chat_id=710000001, text="Diterima", reply_parameters={"message_id": 412}
    )

    assert (status, body["result"]["text"]) == (200, "Diterima")
    assert body["result"]["reply_to_message"] == {"message_id": 412}
    assert client.telegram("sendMessage", chat_id=710000001, text="")[0] == 400
    assert [sent["text"] for sent in client.control("GET", "receipts")["receipts"]] == ["Diterima"]


def test_wrong_bots_and_methods_are_refused(client: PlatformsClient) -> None:
    """An unknown token is 401, an unknown method 404, and no token is counted."""
    assert client.raw("GET", "/telegram/bot1:x/getUpdates")[0] == 401
    assert client.telegram("getChat")[0] == 404
    assert set(client.control("GET", "requests")["requests"]) == {
        "/telegram/bot{token}/getUpdates",
        "/telegram/bot{token}/{unknown}",
    }


@pytest.mark.parametrize(
    ("settings", "waits"),
    [
        ({}, {"retry_after": 300}),
        ({"retry_after": "14"}, {"retry_after": 14}),
        ({"retry_after": "-3"}, {"retry_after": -3}),
        ({"retry_after": "besok"}, {"retry_after": "besok"}),
        ({"retry_after": "none"}, None),
    ],
)
def test_telegram_says_how_long_to_wait_or_not(client: PlatformsClient, settings: dict[str, Any], waits: Any) -> None:
    """A throttled bot is told a number, nonsense, or nothing."""
    client.fault("throttled", **settings)
    status, body = client.telegram("getUpdates")
    assert (status, body.get("parameters")) == (429, waits)


def test_telegram_can_forget_what_was_confirmed(client: PlatformsClient) -> None:
    """`repeat_page` gives confirmed updates again."""
    last = client.updates()[-1]["update_id"]
    assert client.updates(offset=last + 1) == []
    client.fault("repeat_page")
    assert len(client.updates(offset=last + 1)) == 7
