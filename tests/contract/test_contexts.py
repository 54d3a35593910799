"""Every kind of channel says what a post answers, whose that is, and whom the post addresses, at no further request."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from aduan.context import UNDER_BYTES, Context
from infra.local.simulator.config import Config
from infra.local.simulator.server import Server, running
from infra.local.simulator.simulator import Simulator
from infra.local.simulator.world import Draft, Role, populate
from poll_channels.sources.youtube_items import VIDEOS, VIDEOS_BYTES
from tests.fake_rss import Publisher, an_item, feed_of
from tests.fake_telegram import Bot, a_message
from tests.fake_x import ACCOUNT as X_ACCOUNT
from tests.fake_x import FakeX, written
from tests.fake_youtube import ACCOUNT, FakeYouTube, error, said
from tests.graph_platform import ACCOUNTS, a_draft, of_kind, own
from tests.local_http import Answer, Asked, as_json
from tests.reading import APP_SECRET, NOW, Deployment, Platform

CAPTION = "Drainase Jalan Kaliurang diperbaiki mulai Senin"
TO_ACCOUNT = Context(under=CAPTION, by="account", to="account")
TO_CITIZEN = Context(under=CAPTION, by="account", to="citizen")


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Server]:
    with running(Simulator(Config("v25.0", APP_SECRET, ACCOUNTS), populate(ACCOUNTS, []))) as server:
        yield server


def a_thread(kind: str) -> list[Draft]:
    """A post of the account, with everybody talking to everybody beneath it."""
    return [
        own("host", kind, Role.COUNTY_POST, text=CAPTION),
        a_draft("c", kind, Role.COMMENT, "host", text="kapan?", author="Budi"),
        a_draft("r", kind, Role.REPLY, "c", text="sudah kemarin", author="Siti"),
        a_draft("more", kind, Role.REPLY, "c", text="yang sebelah timur", author="Budi"),
        own("own", kind, Role.COMMENT, "host", text="Silakan bertanya", minutes_ago=800),
        a_draft("back", kind, Role.REPLY, "own", text="sampai jam berapa?", author="Siti"),
    ]


# ------------------------------------------------------------------------------------------------- Graph API


@pytest.mark.parametrize("kind", ["instagram", "facebook_page"])
def test_a_comment_stands_under_the_accounts_post(server: Server, kind: str) -> None:
    """Only a reply to somebody else addresses a citizen; who goes on after their own words addresses the account."""
    found = of_kind(server, kind, *a_thread(kind)).read()
    assert found.contexts == {
        "kapan?": TO_ACCOUNT,
        "sudah kemarin": TO_CITIZEN,
        "yang sebelah timur": TO_ACCOUNT,
        "sampai jam berapa?": TO_ACCOUNT,
    }


@pytest.mark.parametrize(
    ("kind", "text", "to"),
    [
        ("instagram", "iya ini, @KabarSleman tolong", "account"),
        ("instagram", "@kabarsleman_lama tolong", "citizen"),
        ("instagram", "kabarnya begitu", "citizen"),
        ("facebook_page", "Pemkab tolong dijawab", "account"),
        ("facebook_page", "katanya Pemkab sudah tahu", "citizen"),
    ],
)
def test_a_reply_that_names_the_account_addresses_it(server: Server, kind: str, text: str, to: str) -> None:
    """A handle counts wherever it stands, and a Page's name where a tag would put it."""
    found = of_kind(server, kind, *a_thread(kind)[:2], a_draft("r", kind, Role.REPLY, "c", text=text)).read()
    context = found.contexts[text]
    assert context is not None
    assert context.to == to


def test_a_comment_under_a_visitors_post_addresses_a_citizen(server: Server) -> None:
    """Unless the visitors go on themselves. The visitor's post addresses the Page."""
    kind = "facebook_page"
    found = of_kind(
        server,
        kind,
        a_draft("v", kind, Role.VISITOR_POST, text="Lampu mati di Denggung", author="Budi"),
        a_draft("c", kind, Role.COMMENT, "v", text="tempatku juga", author="Siti"),
        a_draft("o", kind, Role.COMMENT, "v", text="sudah tiga hari", author="Budi"),
    ).read()
    under = Context(under="Lampu mati di Denggung", by="citizen", to="citizen")
    assert found.contexts == {
        "Lampu mati di Denggung": Context(to="account"),
        "tempatku juga": under,
        "sudah tiga hari": under.model_copy(update={"to": "account"}),
    }


@pytest.mark.parametrize("kind", ["instagram", "facebook_page"])
def test_a_context_costs_no_request(server: Server, kind: str) -> None:
    """Whatever it says came with what is listed anyway: the list, the thread, and for Instagram the tags."""
    platform = of_kind(server, kind, *a_thread(kind))
    platform.read()
    assert platform.calls == {"instagram": 3, "facebook_page": 2}[kind]


def test_a_caption_that_the_platform_refuses_costs_no_comment(server: Server) -> None:
    """Comments are read without it."""
    platform = of_kind(server, "instagram", *a_thread("instagram"))
    platform.fault("unknown_field", field="caption")
    found = platform.read()
    assert "kapan?" in found.contexts
    assert found.contexts["kapan?"] == Context(by="account", to="account")


def test_personal_numbers_in_a_caption_are_masked_and_a_long_one_is_cut(server: Server) -> None:
    """A caption is kept like any text, but no more than the beginning of it."""
    host = own("host", "instagram", Role.COUNTY_POST, text="Hubungi Bu Rini 0812-3456-7890. " + "Info lanjut. " * 100)
    found = of_kind(server, "instagram", host, a_draft("c", "instagram", Role.COMMENT, "host", text="ya")).read()
    context = found.contexts["ya"]
    assert context is not None
    assert context.under.startswith("Hubungi Bu Rini [telepon].")
    assert len(context.under.encode()) <= UNDER_BYTES
    assert context.clipped


@pytest.mark.parametrize("kind", ["instagram", "facebook_page"])
def test_an_edited_caption_decides_nothing_again(server: Server, kind: str) -> None:
    """A comment keeps its version, whatever happens to what it stands under."""
    platform = of_kind(server, kind, *a_thread(kind))
    before = {post.native_id: post.digest for post in platform.read().posts}
    platform.simulator.world.edit(platform.native("host"), "Pekerjaan drainase selesai", NOW)
    after = platform.read()
    assert {post.native_id: post.digest for post in after.posts} == before
    context = after.contexts["kapan?"]
    assert context is not None
    assert context.under == "Pekerjaan drainase selesai"


# --------------------------------------------------------------------------------------------------- answers


@pytest.mark.parametrize("kind", ["instagram", "facebook_page"])
def test_the_accounts_reply_says_what_it_answers(server: Server, kind: str) -> None:
    """It is passed over as before; a comment of the account right under its own post answers nobody."""
    reply = own("answer", kind, Role.COMMENT, "c", text="Mulai pukul 8", minutes_ago=20)
    platform = of_kind(server, kind, *a_thread(kind), reply)
    found = platform.read()
    assert found.answers == {platform.native("c"): NOW - timedelta(minutes=20)}
    assert "Mulai pukul 8" not in found.contexts


def test_a_reply_beside_another_answers_whom_it_names(server: Server) -> None:
    """Instagram files an answer to a reply under the comment above both, and its first word is the name."""
    kind = "instagram"
    thread = [
        own("host", kind, Role.COUNTY_POST, text=CAPTION),
        a_draft("c", kind, Role.COMMENT, "host", author="budi"),
        a_draft("q1", kind, Role.REPLY, "c", author="siti", minutes_ago=40),
        a_draft("q2", kind, Role.REPLY, "c", author="agus", minutes_ago=40),
        own("answer", kind, Role.COMMENT, "c", text="@Siti mulai pukul 8", minutes_ago=20),
        a_draft("later", kind, Role.REPLY, "c", author="siti", minutes_ago=10),
    ]
    platform = of_kind(server, kind, *thread)
    assert set(platform.read().answers) == {platform.native("q1")}


def test_an_answer_on_youtube_answers_the_thread_or_whom_it_names() -> None:
    """The display name is the handle with which YouTube begins a reply to a reply."""
    fake = FakeYouTube(videos={"dEmOvIdEo01": ("Jembatan", "")})
    thread = said("t", 60, NOW)
    thread.replies = [said("t.r", 50, NOW), said("t.own", 40, NOW, author=ACCOUNT, text="Besok, Kak")]
    other = said("u", 60, NOW)
    other.replies = [said("u.own", 30, NOW, author=ACCOUNT, text="@orang.lain sudah")]
    fake.threads = [thread, other]
    assert Platform(fake).read().answers == {"t": NOW - timedelta(minutes=40)}


def test_an_answer_on_x_answers_the_post_it_replies_to() -> None:
    """The account's own posts are among its mentions when they name it."""
    question = written(60, NOW)
    answer = written(30, NOW, author=X_ACCOUNT, references=(("replied_to", question.id),))
    found = Platform(FakeX(posts=[question, answer])).read()
    assert found.answers == {question.id: NOW - timedelta(minutes=30)}
    assert found.own == 1


# --------------------------------------------------------------------------------------------------- YouTube


def some_videos(**changes: Any) -> FakeYouTube:
    """Comments under two videos."""
    fake = FakeYouTube(videos={"a": ("Simulasi erupsi", "Kegiatan di Turi"), "b": ("Pasar murah", "")}, **changes)
    fake.threads = [said("1", 50, NOW, video="a"), said("2", 40, NOW, video="b"), said("3", 30, NOW, video="a")]
    fake.threads[0].replies = [said("1.r", 20, NOW, video=None, author="UCauthor000000000000000002")]
    return fake


def test_a_comment_stands_under_the_videos_title_and_description() -> None:
    """One request asks for all videos of a page."""
    fake = some_videos()
    found = Platform(fake).read()
    first = Context(under="Simulasi erupsi\nKegiatan di Turi", by="account", to="account")
    assert {post.native_id: post.context for post in found.posts} == {
        "1": first,
        "1.r": first.model_copy(update={"to": "citizen"}),
        "2": Context(under="Pasar murah", by="account", to="account"),
        "3": first,
    }
    assert fake.asked_for("videos") == 1


def test_a_video_is_asked_for_once_and_a_quiet_poll_asks_for_none() -> None:
    """Days later only a new video costs a request."""
    deployment = Deployment(some_videos())
    deployment.poll()
    assert isinstance(deployment.fake, FakeYouTube)
    for hour in range(50):
        deployment.now += timedelta(hours=1)
        deployment.fake.write(2 * hour, deployment.now)
        deployment.poll()
    known = deployment.fake.asked_for("videos")
    assert known == 2, "the two videos together, and that of the later comments"
    deployment.memory.writes = 0
    deployment.poll()
    assert (deployment.fake.asked_for("videos"), deployment.memory.writes) == (known, 0)


@pytest.mark.parametrize(
    "answer", [error(403, "quotaExceeded"), error(404, "notFound"), Answer(200, b"<html>"), as_json({"items": 5})]
)
def test_without_its_video_a_comment_is_read_all_the_same(answer: Answer) -> None:
    """No error costs a comment or a second try for the video."""
    fake = some_videos()

    def videos_fail(asked: Asked, _number: int) -> Answer | None:
        return answer if asked.path.endswith("/videos") else None

    fake.fault = videos_fail
    found = Platform(fake).read()
    assert found.error is None
    assert set(found.ids) == fake.citizens
    assert {post.context for post in found.posts} == {
        Context(by="account", to="account"),
        Context(by="account", to="citizen"),
    }
    Platform(fake).read(found.marks)
    assert fake.asked_for("videos") == 0


def test_many_videos_do_not_push_each_other_out_at_every_run() -> None:
    """The mark stays small, and what it holds while it is needed stays."""
    fake = FakeYouTube(videos={f"v{number}": ("Judul " * 15, "Uraian " * 90) for number in range(60)})
    fake.threads = [said(f"c{number}", number + 1, NOW, video=f"v{number}") for number in range(60)]
    first = Platform(fake).read()
    assert len(first.marks[VIDEOS].encode()) <= VIDEOS_BYTES
    again = Platform(fake)
    assert again.read(first.marks).error is None
    assert fake.asked_for("videos") == 0
    under = [post.context.under for post in first.posts if post.context and post.context.under]
    assert len(under) >= 8
    fake.threads = [said("new", 0, NOW, video="v59")]
    found = Platform(fake).read(first.marks)
    assert found.contexts["Lapor new"] != Context(by="account", to="account")
    assert len(found.marks[VIDEOS].encode()) <= VIDEOS_BYTES


@pytest.mark.parametrize("mark", ["{", "[]", '{"a": 5}', "null"])
def test_a_spoilt_memory_of_videos_is_forgotten(mark: str) -> None:
    """It is only a memory: the videos are asked for again."""
    found = Platform(some_videos()).read({VIDEOS: mark})
    assert found.error is None
    context = found.contexts["Lapor 1"]
    assert context is not None
    assert context.under.startswith("Simulasi erupsi")


# ----------------------------------------------------------------------------------- X, relay, feeds, simulator


def mentions(included: list[Any]) -> Answer:
    """A reply that mentions the account, in the new dialect, with other posts beside it."""
    reply = {
        "id": written(10, NOW).id,
        "text": "@kabarsleman kapan?",
        "author_id": "300000017",
        "referenced_posts": [{"type": "replied_to", "id": "12"}],
    }
    return as_json({"data": [reply], "includes": {"posts": included}, "meta": {"result_count": 1}})


@pytest.mark.parametrize(
    ("included", "context"),
    [
        ([{"id": "12", "text": "Pasar &amp; parkir", "author_id": X_ACCOUNT}], ("Pasar & parkir", "account")),
        ([{"id": "12", "text": "kata warga", "author_id": "300000018"}], ("", "citizen")),
        ([{"id": "12", "text": "kata siapa"}], ("", None)),
        ([{"id": "13", "text": "lain", "author_id": X_ACCOUNT}], ("", None)),
        ([5, None, {"id": None}], ("", None)),
    ],
)
def test_on_x_only_the_accounts_own_words_are_copied(included: list[Any], context: tuple[str, Any]) -> None:
    """What others wrote did not address the account, and the copy would outlast its deletion."""
    fake = FakeX()
    fake.fault = lambda _asked, _number: mentions(included)
    [post] = Platform(fake).read(parameters={"dialect": "new"}).posts
    under, by = context
    assert post.context == Context(under=under, by=by, to="account")


def test_a_forwarded_message_stands_under_what_it_replies_to_or_quotes() -> None:
    """A quoted part goes before the whole; a reply to the bot itself answers the account."""
    bot = Bot()
    above = {"message_id": 1, "from": {"id": 710000001, "is_bot": False}, "caption": "Jembatan lapuk di Turi"}
    ours = {"message_id": 2, "from": {"id": 5, "is_bot": True}, "text": "Aduan SLM-7K3M9Q sudah diteruskan"}
    bot.sends(a_message(3, "sudah lama", reply_to_message=above))
    bot.sends(a_message(4, "bagian ini", reply_to_message=above, quote={"text": "lapuk", "position": 9}))
    bot.sends(a_message(5, "belum", reply_to_message=ours))
    bot.sends(a_message(6, "aneh", reply_to_message=above | {"caption": 5, "from": "x"}, quote=7))
    bot.sends(a_message(7, "sendiri"))
    found = Platform(bot).read()
    assert found.rejected == []
    assert found.contexts == {
        "sudah lama": Context(under="Jembatan lapuk di Turi", by="citizen", to="account"),
        "bagian ini": Context(under="lapuk", by="citizen", to="account"),
        "belum": Context(under="Aduan SLM-7K3M9Q sudah diteruskan", by="account", to="account"),
        "aneh": Context(by="citizen", to="account"),
        "sendiri": None,
    }


def test_an_entry_stands_under_its_feeds_title() -> None:
    """Nobody is addressed. A feed without a title gives no context, and a new title makes no entry new."""
    body = feed_of(an_item(1)).replace(b"<title>x</title>", b"<title>Surat &lt;b&gt;Pembaca&lt;/b&gt;</title>")
    found = Platform(Publisher(body=body)).read()
    assert [post.context for post in found.posts] == [Context(under="Surat Pembaca")]
    other = Platform(Publisher(body=body.replace(b"Surat ", b"Kiriman "))).read(found.marks)
    assert other.posts == []
    bare = Platform(Publisher(body=feed_of(an_item(1)).replace(b"<title>x</title>", b""))).read()
    assert [post.context for post in bare.posts] == [None]
