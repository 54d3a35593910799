"""The simulator serves feeds as the contract says."""

from __future__ import annotations

import feedparser  # type: ignore[import-untyped]

from infra.local.simulator.world import Kind
from tests.simulated_platforms import PlatformsClient, a_draft


def test_a_feed_can_be_read(client: PlatformsClient) -> None:
    """Items come newest first with id, time, author, title and text, and a picture as an enclosure."""
    client.holds(
        a_draft("surat", Kind.RSS, text="Surat Pembaca\nJalan <rusak> & gelap", has_photo=True, minutes_ago=5),
        a_draft("pendek", Kind.RSS, author=None, text="Lampu mati", minutes_ago=10),
    )
    found = feedparser.parse(client.ask(Kind.RSS)[2])

    assert (found.bozo, found.version) == (False, "rss20")
    letter, short = found.entries
    assert (letter.title, letter.summary, letter.author) == ("Surat Pembaca", "Jalan &lt;rusak&gt; &amp; gelap", "budi")
    assert letter.enclosures[0].type == "image/jpeg"
    assert f"koran:{letter.id}" == client.native("surat")
    assert (short.get("title"), short.summary, short.get("author")) == (None, "Lampu mati", None)
    assert short.published_parsed[:5] == (2026, 11, 3, 6, 50)


def test_whoever_has_the_feed_gets_nothing(client: PlatformsClient) -> None:
    """The tag, or else the time, of the last answer brings 304 without a body, until something changes."""
    _, first, _ = client.ask(Kind.RSS)
    tag, moment = {"If-None-Match": first["ETag"]}, {"If-Modified-Since": first["Last-Modified"]}
    for headers in (tag, moment, {"If-None-Match": f"W/{first['ETag']}"}):
        status, again, body = client.raw("GET", "/feeds/koran.xml", headers=headers)
        assert (status, body, again["ETag"]) == (304, b"", first["ETag"])
    assert client.raw("GET", "/feeds/koran.xml", headers={"If-None-Match": '"lain"', **moment})[0] == 200

    client.control("PATCH", f"posts/{client.native('rss-0')}", {"text": "Diralat"})
    for headers in (tag, moment):
        assert client.raw("GET", "/feeds/koran.xml", headers=headers)[0] == 200


def test_an_unknown_feed_is_not_found(client: PlatformsClient) -> None:
    """An unknown feed's name is answered with 404."""
    assert client.raw("GET", "/feeds/lain.xml")[0] == 404
