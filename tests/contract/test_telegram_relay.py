"""The Telegram relay, against a platform that forgets confirmed updates and against recorded answers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aduan.masking import masked
from aduan.platform_errors import (
    CredentialError,
    MisconfiguredError,
    OutageError,
    PageCapError,
    StoppedError,
    ThrottledError,
)
from poll_channels.connection import PostFactory
from poll_channels.sources import telegram_relay
from poll_channels.sources.telegram_relay import (
    OFFSET,
    OFFSET_DAY,
    Place,
    located,
)
from tests.fake_telegram import GROUP, MODERATOR, STRANGER, Bot, a_message, a_part, updates_of
from tests.local_http import Answer, Asked
from tests.reading import AUTHOR_KEY, NOW, RECORDINGS, Deployment, Platform, Reading, junk


@pytest.fixture(name="bot")
def _bot() -> Bot:
    return Bot()


def read(bot: Bot, marks: Mapping[str, str] | None = None, **more: Any) -> Reading:
    """Run once."""
    return Platform(bot).read(marks, **more)


def instead(bot: Bot, *answers: Answer) -> None:
    """Let the platform answer these first."""
    left = iter(answers)
    bot.fault = lambda _asked, _number: next(left, None)


# --------------------------------------------------------------------------------------------- healthy platform


def test_what_moderators_send_is_read_once(bot: Bot) -> None:
    """Every message becomes a post, and the run ends when the platform has nothing more."""
    for number in range(1, 251):
        bot.sends(a_message(number, f"Lapor {number}"))
    found = read(bot)
    assert found.error is None
    assert found.texts == {f"{MODERATOR}:{number}": f"Lapor {number}" for number in range(1, 251)}
    assert len(found.posts) == 250
    assert [question.get("offset") for question in bot.questions] == [None, 870000221, 870000321, 870000371]
    assert read(bot, found.marks).posts == []


def test_the_question_is_the_documented_one(bot: Bot) -> None:
    """A short poll asks for a hundred messages and edits, at first without an offset."""
    read(bot)
    assert bot.questions == [{"limit": 100, "timeout": 0, "allowed_updates": ["message", "edited_message"]}]


def test_a_bot_to_which_nobody_writes_costs_one_call_and_no_mark(bot: Bot) -> None:
    """A run without updates yields nothing to be written."""
    found = read(bot, {OFFSET: "870000100", OFFSET_DAY: str(int(NOW.timestamp()) // 86400)})
    assert (found.calls, found.marks, found.error) == (1, {}, None)
    assert bot.questions[0]["offset"] == 870000100


def test_an_offset_is_not_sent_any_more_after_days_of_silence(bot: Bot) -> None:
    """The platform may restart its numbers below the old offset, which must lose nothing."""
    bot.sends(a_message(1, "Sebelum"))
    marks = read(bot).marks
    read(bot, marks)
    bot.next_id = 4711
    bot.sends(a_message(2, "Sesudah sunyi"))
    found = read(bot, marks, now=NOW + timedelta(days=8))
    assert found.texts == {f"{MODERATOR}:2": "Sesudah sunyi"}
    assert found.marks[OFFSET] == "4712"
    assert read(bot, found.marks, now=NOW + timedelta(days=8)).posts == []


@pytest.mark.parametrize("marks", [{OFFSET: "x", OFFSET_DAY: "1"}, {OFFSET: "870000500"}, {OFFSET_DAY: "20000"}])
def test_a_mark_that_cannot_be_read_only_means_reading_more(bot: Bot, marks: dict[str, str]) -> None:
    """Without a usable offset the platform gives everything it has."""
    bot.sends(a_message(1, "Lapor"))
    assert len(read(bot, marks).posts) == 1


def test_an_edit_is_the_same_post_with_another_text(bot: Bot) -> None:
    """On one page only the last version is yielded; a later edit is yielded under the same id."""
    bot.sends(a_message(1, "Jalan amblas"))
    bot.sends(a_message(1, "Jalan amblas km 2", edit_date=1), "edited_message")
    first = read(bot)
    assert first.texts == {f"{MODERATOR}:1": "Jalan amblas km 2"}
    assert len(first.posts) == 1
    bot.sends(a_message(1, "Jalan amblas km 3", edit_date=2), "edited_message")
    assert read(bot, first.marks).texts == {f"{MODERATOR}:1": "Jalan amblas km 3"}


def test_an_old_message_that_was_forwarded_is_new(bot: Bot) -> None:
    """A post's time is that of its forwarding, so that it is not left alone as older than the floor."""
    origin = {"type": "hidden_user", "sender_user_name": "Warga", "date": 1_600_000_000}
    bot.sends(a_message(1, "Lampu mati", forward_origin=origin))
    assert read(bot).posts[0].created_at == NOW - timedelta(seconds=599)


# ---------------------------------------------------------------------------------------------- who and where


def test_strangers_groups_and_commands_leave_no_trace(bot: Bot) -> None:
    """They are counted and confirmed, so that nobody can fill the table by writing to the bot."""
    bot.sends(a_message(1, "halo bot", person=STRANGER))
    bot.sends(a_message(2, "/start"))
    bot.sends(a_message(3, "/start abc123"))
    bot.sends(a_message(4, "/help@aduan_bot"))
    bot.sends(a_message(5, "ngobrol", chat={"id": -100123, "type": "supergroup"}))
    bot.sends({"message_id": 6, "chat": {"id": 1, "type": "channel"}, "date": 1, "text": "x"})
    bot.sends({"id": "1", "from": {"id": MODERATOR}}, "callback_query")
    bot.sends(a_message(8, "/lapor Jalan rusak di Turi"))
    found = read(bot)
    assert found.own == 7
    assert found.texts == {f"{MODERATOR}:8": "/lapor Jalan rusak di Turi"}
    assert found.rejected == []


ORIGINS: list[tuple[dict[str, Any], str]] = [
    ({"type": "user", "sender_user": {"id": 72, "first_name": "Sri", "username": "sri_kalasan"}}, "user:72"),
    ({"type": "hidden_user", "sender_user_name": "Sri Kalasan"}, "hidden_user:Sri Kalasan"),
    ({"type": "chat", "sender_chat": {"id": -72, "title": "Sri"}, "author_signature": "Sri"}, "chat:-72"),
    ({"type": "channel", "chat": {"id": -10072, "title": "Sri"}, "message_id": 4}, "channel:-10072"),
]


@pytest.mark.parametrize(("origin", "author"), ORIGINS)
def test_the_author_is_the_origin_and_only_its_hash(bot: Bot, origin: dict[str, Any], author: str) -> None:
    """The original author is known only by a keyed hash, and no name is kept, not even the moderator's."""
    bot.sends(a_message(1, "Lampu mati", forward_origin={"date": 1, **origin}))
    [post] = read(bot).posts
    expected = PostFactory(Bot.CHANNEL, NOW, AUTHOR_KEY).post("1", "", NOW, "x", author=author).author
    assert post.author == expected
    assert not re.search("sri|wahyu", post.model_dump_json(), re.IGNORECASE)


def test_what_a_moderator_writes_has_no_author(bot: Bot) -> None:
    """A text that a moderator typed has no author, because it passes on what somebody else said."""
    bot.sends(a_message(1, "Lampu mati"))
    assert read(bot).posts[0].author is None


def test_an_answer_names_what_it_answers(bot: Bot) -> None:
    """A reply has the first message as its parent; an album as parent is named by the album's id."""
    bot.sends(a_message(2, "Masih mati", reply_to_message=a_message(1, "Lampu mati")))
    bot.sends(a_message(4, "Yang ini", reply_to_message=a_part(3)))
    assert [post.parent_id for post in read(bot).posts] == [f"{MODERATOR}:1", f"{MODERATOR}:album.135"]


# ---------------------------------------------------------------------------------------------- what is written


def test_a_place_alone_is_a_text(bot: Bot) -> None:
    """A place on the map becomes a text with its coordinates."""
    bot.sends(a_message(1, location={"latitude": -7.7581, "longitude": 110.4692}))
    [post] = read(bot).posts
    assert (post.text, post.has_photo) == ("Lokasi: -7.75810, 110.46920", False)


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_masking_leaves_a_place_alone(latitude: float, longitude: float) -> None:
    """Coordinates are not taken for a personal number."""
    text = located(Place(latitude=latitude, longitude=longitude))
    assert masked(text) == text


@pytest.mark.parametrize(
    ("content", "has_photo"),
    [
        ({"caption": "Sampah", "photo": [{"file_id": "x"}]}, True),
        ({"photo": [{"file_id": "x"}]}, True),
        ({"video": {"file_id": "x"}}, True),
        ({"document": {"file_id": "x", "mime_type": "image/png"}}, True),
        ({"caption": "Surat", "document": {"file_id": "x", "mime_type": "application/pdf"}}, False),
    ],
)
def test_pictures_are_told(bot: Bot, content: dict[str, Any], has_photo: bool) -> None:  # noqa: FBT001
    """A picture, a film or a picture sent as a file counts as a photo, and the caption is the text."""
    bot.sends(a_message(1, **content))
    [post] = read(bot).posts
    assert (post.text, post.has_photo) == (content.get("caption", ""), has_photo)


def test_what_cannot_be_read_waits_for_a_person(bot: Bot) -> None:
    """A voice message, a sticker or a message without a time is put aside without names; the rest is read."""
    bot.sends(a_message(1, voice={"file_id": "x"}))
    bot.sends(a_message(2, "Tanpa waktu", date="kemarin"))
    bot.sends(a_message(3, "Lapor"))
    found = read(bot)
    assert found.texts == {f"{MODERATOR}:3": "Lapor"}
    assert [rejected.reason for rejected in found.rejected] == [
        "neither a text nor a picture nor a place",
        "date: Input should be a valid integer",
    ]
    raw = " ".join(rejected.model_dump_json() for rejected in found.rejected)
    assert "Tanpa waktu" in raw
    assert not re.search("wahyu|710000001", raw, re.IGNORECASE)


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ({"type": "channel", "chat": {"id": -1001, "username": "kabarkalasan"}, "message_id": 12}, "kabarkalasan/12"),
        ({"type": "channel", "chat": {"id": -1001}, "message_id": 12}, None),
        ({"type": "channel", "chat": {"id": -1001, "username": "a/../../+x"}, "message_id": 12}, None),
        ({"type": "channel", "chat": {"id": -1001, "username": "kabarkalasan"}, "message_id": "12/x"}, None),
        ({"type": "hidden_user", "sender_user_name": "https://t.me/jahat/1"}, None),
        (None, None),
    ],
)
def test_the_link_is_what_telegram_says_of_the_forward(bot: Bot, origin: Any, expected: str | None) -> None:
    """A public channel's message has an address; without one the group's is used."""
    bot.sends(a_message(1, "Lampu mati", forward_origin=origin))
    assert read(bot).posts[0].permalink == (GROUP if expected is None else f"https://t.me/{expected}")


@pytest.mark.parametrize("link", ["https://www.facebook.com/groups/icj/posts/7/", "https://t.me/+undangan", "t.me/a/1"])
def test_a_link_in_the_text_is_no_link_of_the_post(bot: Bot, link: str) -> None:
    """Whoever writes a text could otherwise put a button of their own into the county's mail."""
    entity = {"offset": 0, "length": 4}
    bot.sends(a_message(1, f"{link} ya", entities=[entity | {"type": "url"}]))
    bot.sends(a_message(2, "sini", entities=[entity | {"type": "text_link", "url": link}]))
    assert {post.permalink for post in read(bot).posts} == {GROUP}


def test_without_a_link_the_group_is_the_link(bot: Bot) -> None:
    """Private chats have no addresses, so the group's is used."""
    bot.sends(a_message(1, "Lampu mati"))
    assert read(bot).posts[0].permalink == GROUP


# --------------------------------------------------------------------------------------------------------- albums


def test_an_album_is_one_post(bot: Bot) -> None:
    """An album is one post, whichever part has the text."""
    for number, caption in ((1, None), (2, "Talut longsor"), (3, None)):
        bot.sends(a_part(number, **({"caption": caption} if caption else {})))
    [post] = read(bot).posts
    assert (post.native_id, post.text, post.has_photo) == (f"{MODERATOR}:album.135", "Talut longsor", True)


@pytest.mark.parametrize("worded", [1, 2, 3])
@pytest.mark.parametrize("cut", [1, 2])
def test_an_album_in_two_runs_is_still_one_post(bot: Bot, worded: int, cut: int) -> None:
    """Parts that come later neither become posts nor overwrite the text."""
    marks: dict[str, str] = {}
    texts: dict[str, str] = {}
    for numbers in (range(1, cut + 1), range(cut + 1, 4)):
        for number in numbers:
            bot.sends(a_part(number, **({"caption": "Talut longsor"} if number == worded else {})))
        found = read(bot, marks)
        marks |= found.marks
        texts |= found.texts
    assert texts == {f"{MODERATOR}:album.135": "Talut longsor"}


def test_an_album_is_remembered_before_its_parts_are_confirmed(bot: Bot) -> None:
    """After a full page with album parts the run stops, so that the mark is stored before the next request."""
    for number in range(1, 100):
        bot.sends(a_message(number, f"Lapor {number}"))
    bot.sends(a_part(100, caption="Talut longsor"))
    bot.sends(a_part(101))
    found = read(bot)
    assert isinstance(found.error, StoppedError)
    assert (len(bot.asked), str(found.error)) == (1, "album")
    later = read(bot, found.marks)
    assert (later.posts, later.error) == ([], None)
    assert later.marks[OFFSET] == "870000222"


def test_further_texts_of_an_album_are_posts_of_their_own(bot: Bot) -> None:
    """No text is lost, whether it comes in the same run or a later one."""
    bot.sends(a_part(1, caption="Satu"))
    bot.sends(a_part(2, caption="Dua"))
    first = read(bot)
    bot.sends(a_part(3, caption="Tiga"))
    assert first.texts == {f"{MODERATOR}:album.135": "Satu", f"{MODERATOR}:2": "Dua"}
    assert read(bot, first.marks).texts == {f"{MODERATOR}:3": "Tiga"}


def test_an_edited_album_is_the_same_post(bot: Bot) -> None:
    """The part with the text decides, even when emptied; another picture changes nothing, however old the album."""
    bot.sends(a_part(1, caption="Talut longsor"))
    bot.sends(a_part(2))
    marks = read(bot).marks
    edits = [
        (a_part(1, caption="Talut longsor di Turi"), {f"{MODERATOR}:album.135": "Talut longsor di Turi"}),
        (a_part(2), {}),
        (a_part(1), {f"{MODERATOR}:album.135": ""}),
        (a_part(9, "999"), {}),
        (a_part(9, "998", caption="Lama"), {f"{MODERATOR}:album.998": "Lama"}),
    ]
    for message, expected in edits:
        bot.sends(message, "edited_message")
        found = read(bot, marks)
        marks |= found.marks
        assert found.texts == expected


@pytest.mark.parametrize("group", ["a/b c", "x" * 300, "é", ""])
def test_an_odd_album_id_still_makes_a_post(bot: Bot, group: str) -> None:
    """An album id that cannot stand in a key is hashed."""
    bot.sends(a_part(1, group, caption="Talut"))
    assert [post.text for post in read(bot).posts] == ["Talut"]


# --------------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("token", "code"), [("123456789:salah", 401), ("salah", 404), ("a/../b?c#d:", 401), ("KENARI 1:", 401)]
)
def test_a_wrong_token_is_a_persons_business(bot: Bot, token: str, code: int) -> None:
    """An unknown or malformed token is distinguished from silence after one request, and never quoted."""
    found = read(bot, token=token)
    assert isinstance(found.error, CredentialError)
    assert (str(found.error), found.calls) == (f"code {code}", 1)


def test_a_second_reader_is_named(bot: Bot) -> None:
    """A webhook must be deleted by a person; another program may stop by itself."""
    bot.webhook = True
    found = read(bot)
    assert isinstance(found.error, MisconfiguredError)
    assert str(found.error) == "code 409: a webhook takes this bot's updates; delete it"
    bot.webhook, bot.other_consumer = False, True
    found = read(bot)
    assert isinstance(found.error, OutageError)
    assert str(found.error) == "code 409: another program reads this bot"
    assert found.calls == 1


@pytest.mark.parametrize(
    ("retry_after", "seconds"), [(14, 14), (0, 60), (-3, 60), ("x", 60), (True, 60), (10**30, 3600), (1.5, 1.5)]
)
def test_a_wait_is_as_asked_but_never_absurd(bot: Bot, retry_after: Any, seconds: float) -> None:
    """Without a valid number the wait is a minute, and it is never so long that updates are dropped."""
    bot.retry_after = retry_after
    found = read(bot)
    assert isinstance(found.error, ThrottledError)
    assert (found.error.wait.total_seconds(), found.calls) == (seconds, 1)


NOT_AN_ANSWER = [
    b'{"ok":true}',
    b'{"ok":true,"result":null}',
    b'{"ok":false,"result":[]}',
    b'{"result":[]}',
    b'{"ok":true,"result":' + b"9" * 5000 + b"}",
]


@pytest.mark.parametrize("data", NOT_AN_ANSWER)
def test_what_is_not_the_documented_shape_is_an_outage(bot: Bot, data: bytes) -> None:
    """It is never taken for "no updates", and no mark is set."""
    instead(bot, Answer(200, data))
    found = read(bot)
    assert isinstance(found.error, OutageError)
    assert (found.posts, found.marks) == ([], {})


def test_a_bad_request_is_ours(bot: Bot) -> None:
    """A 400 means that our request is wrong."""
    instead(bot, Answer(400, b'{"ok":false,"error_code":400,"description":"Bad Request: KENARI"}'))
    found = read(bot)
    assert isinstance(found.error, MisconfiguredError)
    assert str(found.error) == "code 400"


def test_a_platform_that_never_forgets_does_not_hold_the_run(bot: Bot) -> None:
    """The same page twice is an outage, and an endless row of pages ends at the cap."""
    instead(bot, *[updates_of({"update_id": 7, "message": a_message(1, "Lapor")})] * 9)
    found = read(bot)
    assert isinstance(found.error, OutageError)
    assert found.calls == 2
    instead(bot, *(updates_of({"update_id": n, "message": a_message(n, "x")}) for n in range(1, 100)))
    assert isinstance(read(bot).error, PageCapError)


@pytest.mark.parametrize("update_id", [None, "870000121", True, 1.5, float("nan"), -1, 0, 2**60, 10**60])
def test_an_update_without_a_number_confirms_nothing(bot: Bot, update_id: Any) -> None:
    """Its text is still kept; when no update has a number, the run ends with an outage."""
    instead(bot, updates_of({"update_id": update_id, "message": a_message(1, "Lapor")}, None))
    found = read(bot)
    assert isinstance(found.error, OutageError)
    assert found.texts == {f"{MODERATOR}:1": "Lapor"}
    assert (len(found.rejected), found.marks) == (1, {})


# -------------------------------------------------------------------------------------------------- configuration


def test_every_moderator_of_the_channels_line_is_heard(bot: Bot) -> None:
    """The moderators are a parameter of the channel, and all of them are read."""
    bot.sends(a_message(1, "Lapor", person=710000002))
    assert read(bot).ids == ["710000002:1"]


# ------------------------------------------------------------------------------------------------- whatever comes


SOUND = a_message(
    1,
    "tolong",
    caption="tolong",
    entities=[{"type": "url", "offset": 0, "length": 3}],
    media_group_id="1",
    forward_origin={"type": "user", "sender_user": {"id": 1}},
    location={"latitude": 1, "longitude": 2},
    document={"mime_type": "image/png"},
    reply_to_message={"message_id": 1},
    photo=[],
    edit_date=1,
)
messages = st.builds(
    lambda changes, gone: {name: value for name, value in {**SOUND, **changes}.items() if name not in gone},
    st.dictionaries(st.sampled_from(sorted(set(SOUND) - {"from"})), junk, max_size=3),
    st.sets(st.sampled_from(sorted(set(SOUND) - {"from"})), max_size=6),
)
updates = st.fixed_dictionaries(
    {"update_id": st.integers(1, 9) | junk},
    optional={"message": messages | junk, "edited_message": messages | junk},
)
bodies = st.fixed_dictionaries(
    {"ok": st.just(value=True) | junk, "result": st.lists(updates | junk, max_size=4) | junk}
)


@given(st.lists(st.tuples(st.sampled_from([200, 200, 200, 404, 409, 429, 302, 500]), bodies | junk), max_size=4))
def test_whatever_json_is_answered_there_are_posts_rejects_or_a_channels_error(answers: list[tuple[int, Any]]) -> None:
    """Any JSON leads to storable batches or to a `ChannelError`, and to nothing else."""
    bot = Bot()
    instead(bot, *(Answer(status, json.dumps(body).encode()) for status, body in answers))
    found = read(bot)
    for record in (*found.posts, *found.rejected):
        record.model_dump_json()


# ------------------------------------------------------------------------------------------------------ recorded


def test_the_recorded_answer_is_read_as_the_document_says() -> None:
    """Link, place, hidden origin, edit, command, stranger and album are read from their documented shapes."""
    by_offset = {
        recording["offset"]: recording
        for recording in map(json.loads, map(Path.read_text, (RECORDINGS / "telegram_relay").iterdir()))
    }
    bot = Bot()
    instead(bot, Answer(200, json.dumps(by_offset[None]["body"]).encode()))
    posts = {post.native_id.partition(":")[2]: post for post in read(bot).posts}
    assert {name: post.text for name, post in posts.items()} == {
        "412": "Jalan amblas di Prambanan arah Piyungan km 2",
        "413": "Sampah menumpuk di TPS Kalasan",
        "414": "Lokasi: -7.75810, 110.46920",
        "album.13500000000000001": "Talut longsor di Turi",
    }
    assert [post.has_photo for post in posts.values()] == [False, True, False, True]
    assert posts["413"].author is not None
    assert {post.permalink for post in posts.values()} == {GROUP}


# ------------------------------------------------------------------------------------------------------ killed


class Relay(Deployment[Bot]):
    """A deployment that checks before every request that no offset passes what is stored."""

    def _answer(self, asked: Asked) -> Answer:
        self.check(json.loads(asked.body).get("offset", 0))
        return super()._answer(asked)

    def check(self, offset: int) -> None:
        """Check that neither the offset nor the cursor passes what is stored."""
        for update in self.fake.updates:
            if update["update_id"] < offset:
                assert self.is_stored(update), update

    def is_stored(self, update: dict[str, Any]) -> bool:
        """Tell whether the table has an update, in this or a later version."""
        [message] = [value for name, value in update.items() if name != "update_id"]
        if message["from"]["id"] == STRANGER:
            return True
        if "date" not in message:
            return any(f'"update_id": {update["update_id"]}' in each.raw for each in self.memory.quarantined.values())
        names = {f"{MODERATOR}:{message['message_id']}"}
        if "media_group_id" in message:
            names.add(f"{MODERATOR}:album.{message['media_group_id']}")
        return bool(names & self.stored)


def expected(sent: list[tuple[str, dict[str, Any]]]) -> dict[str, str]:
    """The texts that the table must hold in the end: the last of each message, the first of each album."""
    texts: dict[str, str] = {}
    owners: dict[str, int] = {}
    for _, message in sent:
        if message["from"]["id"] == STRANGER or "date" not in message:
            continue
        name, words = f"telegram_relay#{MODERATOR}:{message['message_id']}", message.get("caption", "")
        if "media_group_id" not in message:
            texts[name] = message["text"]
            continue
        album = f"telegram_relay#{MODERATOR}:album.{message['media_group_id']}"
        if words and owners.setdefault(album, message["message_id"]) != message["message_id"]:
            texts[name] = words
        else:
            texts[album] = texts.get(album, "") or words
    return texts


sorts = st.sampled_from(["text", "text", "edit", "part", "part", "worded part", "stranger", "unreadable", "outage"])


@settings(max_examples=300)
@given(
    rounds=st.lists(st.lists(st.tuples(sorts, st.integers(0, 1)), max_size=7), min_size=1, max_size=3),
    deaths=st.lists(st.tuples(st.integers(1, 30), st.booleans()), max_size=4),
)
def test_a_poller_killed_between_any_two_of_its_calls_loses_and_doubles_nothing(
    rounds: list[list[tuple[str, int]]], deaths: list[tuple[int, bool]]
) -> None:
    """This holds with small pages, albums cut anywhere, outages, and deaths before or after any call."""
    relay, sent, left = Relay(Bot()), list[tuple[str, dict[str, Any]]](), iter(deaths)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(telegram_relay, "UPDATES_PER_PAGE", 3)
        for row in [*rounds, *([[]] * (3 + len(deaths) + sum(map(len, rounds))))]:
            for sort, group in row:
                _send(relay.fake, sent, sort, group)
            death, after = next(left, (None, False))
            relay.die(death, after=after)
            relay.check(int(relay.cursor.marks.get(OFFSET, "0")) if relay.cursor is not None else 0)
            for update in relay.fake.forgotten:
                assert relay.is_stored(update), update
    assert {key: post.text for key, post in relay.memory.posts.items()} == expected(sent)
    unreadable = [message for _, message in sent if "date" not in message]
    assert len(relay.memory.quarantined) == len(unreadable)
    assert relay.fake.updates == []


def _send(bot: Bot, sent: list[tuple[str, dict[str, Any]]], sort: str, group: int) -> None:
    number = len(sent) + 1
    if sort == "outage":
        instead(bot, *[Answer(502, b"")] * 3)
        return
    texts = [message for kind, message in sent if kind in {"text", "edit"}]
    made = {
        "text": lambda: a_message(number, f"Lapor {number}"),
        "edit": lambda: a_message(texts[-1]["message_id"], f"Ralat {number}") if texts else a_message(number, "Lapor"),
        "part": lambda: a_part(number, str(group)),
        "worded part": lambda: a_part(number, str(group), caption=f"Album {number}"),
        "stranger": lambda: a_message(number, "halo", person=STRANGER),
        "unreadable": lambda: {name: value for name, value in a_message(number, "x").items() if name != "date"},
    }[sort]()
    sent.append((sort, made))
    bot.sends(made, "edited_message" if sort == "edit" and texts else "message")
