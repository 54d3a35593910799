"""The files that a simulator is started with make its world, or are refused with the place of the error."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from infra.local import machine
from infra.local.simulator.config import Config
from infra.local.simulator.foreign_posts import spread
from infra.local.simulator.input_files import InputError, read_config, read_county, read_posts, read_world
from infra.local.simulator.world import Account, Kind, Role, WorldError, populate
from tests.simulated import NOW, written
from tests.simulated_graph import CONFIG, FEED, INSTAGRAM, PAGE, SECRET
from tests.simulated_platforms import ACCOUNTS, BY_KIND, RSS

CONFIG_DOCUMENT: dict[str, Any] = {
    "version": "v25.0",
    "app_secret": SECRET,
    "accounts": [
        {"kind": "instagram", "account": INSTAGRAM.account, "handle": INSTAGRAM.label, "token": INSTAGRAM.token},
        {"kind": "facebook_page", "account": PAGE.account, "name": PAGE.label, "token": PAGE.token},
    ],
}
COUNTY_DOCUMENT: dict[str, Any] = {
    "instagram": [{"id": "m1", "caption": "Info", "minutes_ago": 90}],
    "facebook_page": [{"id": "f1", "message": "Info", "minutes_ago": 90}],
    "own_comments": [{"id": "c1", "kind": "instagram", "parent": "p001", "text": "Siap", "minutes_ago": 5}],
}
POST_ROW: dict[str, Any] = {
    "id": "p001",
    "kind": "instagram",
    "edge": "comment",
    "parent": "m1",
    "author": None,
    "text": "Lampu mati",
    "has_photo": False,
    "minutes_ago": 30,
    "expect": {"report": True},
}


def test_files_make_a_world(tmp_path: Path) -> None:
    """The three files together make the accounts, the county's posts and the citizens' posts."""
    config = read_config(written(tmp_path, "config.json", CONFIG_DOCUMENT))
    posts = written(tmp_path, "posts.jsonl", POST_ROW, POST_ROW | {"id": "p002"})
    world = read_world(config, posts, written(tmp_path, "county.json", COUNTY_DOCUMENT), NOW, limit=1)

    assert config == CONFIG
    [post] = world.citizen_posts()
    assert (post.draft.source_id, post.author) == ("p001", None)
    [own] = post.children
    assert (own.role, own.author and own.author.name) == (Role.REPLY, INSTAGRAM.label)


def test_answers_to_posts_that_were_left_out_are_left_out(tmp_path: Path) -> None:
    """The county's posts fit foreign texts, too: its answers to other posts stay away."""
    county = written(tmp_path, "county.json", COUNTY_DOCUMENT)
    world = read_world(CONFIG, written(tmp_path, "foreign.jsonl", {"id": "x1", "text": "Jalan rusak"}), county, NOW)

    [post] = world.citizen_posts()
    assert (post.text, post.children) == ("Jalan rusak", [])
    assert world.find("m1")
    assert not world.find("c1")


def test_an_answer_to_nothing_is_an_error_in_a_whole_file(tmp_path: Path) -> None:
    """In a file that holds the parents of the county's answers, a wrong parent is an error."""
    county = written(tmp_path, "county.json", COUNTY_DOCUMENT)
    posts = written(tmp_path, "posts.jsonl", POST_ROW | {"id": "p002"})

    with pytest.raises(WorldError, match=r"county\.json: own_comments\[0\]: .*'p001'"):
        read_world(CONFIG, posts, county, NOW)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"kind": "twitter"}, r"posts\.jsonl:2: 'kind' must be one of"),
        ({"minutes_ago": "5"}, r"posts\.jsonl:2: 'minutes_ago' must be a whole number"),
        ({"text": None}, r"posts\.jsonl:2: 'text' must be text"),
        ({"parent": "m9"}, r"posts\.jsonl:2: a comment needs an existing parent, not 'm9'.*m1"),
        ({"parent": "f1"}, r"posts\.jsonl:2: a comment on instagram cannot hang under 'f1'"),
        ({"minutes_ago": 100}, r"posts\.jsonl:2: it is older than 'm1'"),
        ({"id": "p001"}, r"posts\.jsonl:2: the id 'p001' is taken"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, changed: dict[str, Any], reason: str) -> None:
    """An error in the posts names file and line and says what is wrong."""
    county = written(tmp_path, "county.json", {**COUNTY_DOCUMENT, "own_comments": []})
    posts = written(tmp_path, "posts.jsonl", POST_ROW, {**POST_ROW, "id": "p002", **changed})

    with pytest.raises((InputError, WorldError), match=reason):
        read_world(CONFIG, posts, county, NOW)


def test_a_bad_entry_of_the_county_is_named(tmp_path: Path) -> None:
    """An error in the county's posts or in the configuration names the entry."""
    county = written(tmp_path, "county.json", {**COUNTY_DOCUMENT, "facebook_page": [{"id": "f1"}]})
    twice = [CONFIG_DOCUMENT["accounts"][0]] * 2
    config = written(tmp_path, "config.json", {**CONFIG_DOCUMENT, "accounts": twice})

    with pytest.raises(InputError, match=r"county\.json: facebook_page\[0\]: 'message' is missing"):
        read_county(county, NOW)
    with pytest.raises(InputError, match=r"config\.json: accounts\[1\]: the instagram account '\d+' is there twice"):
        read_config(config)


def test_posts_of_other_kinds_are_left_out_and_counted(tmp_path: Path) -> None:
    """A kind that the county does not poll brings no error: its posts and the answers to them stay away."""
    row = {"author": None, "text": "x", "has_photo": False, "minutes_ago": 5}
    posts = written(
        tmp_path,
        "posts.jsonl",
        {"id": "p1", "kind": "youtube", "edge": "comment", "parent": "y1", **row},
        {"id": "p2", "kind": "rss", "edge": "item", "parent": None, **row},
    )
    own = {"id": "o1", "kind": "youtube", "parent": "p1", "text": "Siap", "minutes_ago": 1}
    county = written(
        tmp_path, "county.json", {"youtube": [{"id": "y1", "title": "V", "minutes_ago": 9}], "own_comments": [own]}
    )
    world = read_world(Config("v25.0", "s", (RSS,)), posts, county, NOW)

    assert [post.draft.source_id for post in world.citizen_posts()] == ["p2"]
    assert world.left_out == {Kind.YOUTUBE: 1}


def test_accounts_bring_what_their_kind_needs(tmp_path: Path) -> None:
    """A relay has moderators, a feed its path and its channel's name; many accounts of a kind may be there."""
    rows: list[dict[str, Any]] = [
        {"kind": "telegram_relay", "account": "bot", "name": "Relai", "token": "t", "moderators": ["710000001"]},
        {"kind": "rss", "account": "a", "name": "A", "token": "t", "feed": "/a.xml", "channel": "a"},
        {"kind": "rss", "account": "b", "name": "B", "token": "t", "feed": "/b.xml", "channel": "b"},
    ]
    config = read_config(written(tmp_path, "config.json", {"version": "v25.0", "app_secret": "s", "accounts": rows}))
    assert [account.feed for account in config.accounts] == ["", "/a.xml", "/b.xml"]
    assert config.accounts[0].moderators == ("710000001",)

    document = {"version": "v25.0", "app_secret": "s", "accounts": [{**rows[1], "feed": ""}]}
    with pytest.raises(InputError, match="'feed' must not be empty"):
        read_config(written(tmp_path, "config.json", document))
    with pytest.raises(InputError, match="'youtub' is none of"):
        read_county(written(tmp_path, "county.json", {"youtub": [], "own_comments": []}), NOW)


def test_the_bundled_posts_fit_every_kind() -> None:
    """With all kinds polled, every bundled post has its place; Telegram's are young enough to be fetched."""
    graph = (
        Account(Kind.INSTAGRAM, "17841400000000001", "contoh", "i"),
        Account(Kind.FACEBOOK_PAGE, "100000000000001", "Contoh", "f"),
    )
    config = Config("v25.0", "s", (*graph, *ACCOUNTS))
    posts = machine.HERE / "posts.jsonl"
    world = read_world(config, posts, machine.HERE / "county_posts.json", NOW)
    kinds = {post.kind for post in world.citizen_posts()}

    assert not world.left_out
    assert len(world.citizen_posts()) == len(read_posts(posts, NOW, list(Kind))) == 200
    assert kinds == set(Kind) - {Kind.X}
    relayed = [post for post in world.citizen_posts() if post.kind is Kind.TELEGRAM_RELAY]
    assert all(post.created_at > NOW - timedelta(hours=23, minutes=30) for post in relayed)


def test_foreign_texts_are_spread_over_both_accounts() -> None:
    """Rows of {id, text} become the same comments, replies, tags and posts each time, and no thread is too long."""
    rows = [(f"foreign.jsonl:{n}", {"id": f"row-{n}", "text": f"Keluhan {n}", "kind": None}) for n in range(1, 4001)]
    kinds = [Kind.INSTAGRAM, Kind.FACEBOOK_PAGE]
    first, second = (populate(CONFIG.accounts, spread(rows, NOW, kinds)) for _ in range(2))

    posts = first.citizen_posts()
    assert len(posts) == 4000
    assert {post.role for post in posts} == {Role.COMMENT, Role.REPLY, Role.TAG, Role.VISITOR_POST}
    assert [post.native_id for post in posts] == [post.native_id for post in second.citizen_posts()]
    assert len({post.native_id for post in posts}) == 4000
    hosts = [host for account in CONFIG.accounts for host in first.roots(account, Role.COUNTY_POST)]
    assert max(len(list(host.descendants())) for host in hosts) <= 200


def test_foreign_texts_reach_every_kind() -> None:
    """Rows of {id, text} are spread over all kinds that there are, none older than Telegram keeps them."""
    rows = [(f"f:{n}", {"id": f"row-{n}", "text": f"Keluhan {n}"}) for n in range(400)]
    posts = populate(ACCOUNTS, spread(rows, NOW, list(BY_KIND))).citizen_posts()

    assert {kind: sum(post.kind is kind for post in posts) for kind in BY_KIND} == dict.fromkeys(BY_KIND, 100)
    assert min(post.created_at for post in posts) > NOW - timedelta(hours=23)


def test_it_runs_as_a_process_and_stops_when_told(tmp_path: Path) -> None:
    """The command says where it listens, answers there, never prints a token, and ends cleanly on SIGTERM."""
    command = [sys.executable, "-m", "infra.local.simulator"]
    for option, name, document in (
        ("--config", "config.json", CONFIG_DOCUMENT),
        ("--county", "county.json", COUNTY_DOCUMENT),
        ("--posts", "posts.jsonl", POST_ROW),
    ):
        command += [option, str(written(tmp_path, name, document))]
    with subprocess.Popen(  # noqa: S603  the command is our own
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ}
    ) as process:
        assert process.stdout is not None
        address = urlsplit(process.stdout.readline().split()[-1])
        connection = http.client.HTTPConnection(str(address.netloc), timeout=5)
        connection.request("GET", f"{address.path}/{FEED}?access_token={PAGE.token}")
        assert connection.getresponse().status == 400  # no proof
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
        assert process.stdout.read() == ""
        connection.close()
