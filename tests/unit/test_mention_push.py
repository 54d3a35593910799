"""Pushes of mentions with every kind of trouble, in any order, again and again."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import ProtocolError

from aduan.platform_errors import StoppedError
from aduan.time_budget import TimeBudget
from intake.graph import Graph
from intake.mentions import Mention
from intake.push import PUSH_TIME, Account, Push, Taken
from tests.builders import NOON, a_channel
from tests.in_memory.memory import Memory
from tests.in_memory.posts import InMemoryPostStore
from tests.local_http import Answer, Asked, serving
from tests.reading import Direct

ACCOUNT = a_channel().account
UNREADABLE: dict[str, object] = {
    "gone": {"error": {"code": 100, "error_subcode": 33}},
    "refused": {"error": {"code": 100}},
    "malformed": {"mentioned_comment": {"text": "no time"}},
}
TROUBLES: dict[str, object] = {
    "passing": {"error": {"code": 2}},
    "throttled": {"error": {"code": 80002}},
    "token": {"error": {"code": 190}},
    "nonsense": ["<html>"],
}
"""What the platform may answer for a while."""
FORBIDDEN = {"error": {"code": 10}}
KINDS = st.sampled_from(["fine", "fine", "own", "forbidden", *UNREADABLE])
TROUBLE = st.sampled_from([None, None, "slow", "lost", "stuck", *TROUBLES])


@dataclass
class Platform:
    """Comments that mention the account, by id, and a clock that advances when the platform is slow."""

    comments: Mapping[str, str]
    trouble: Mapping[str, str | None] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    now: datetime = NOON
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, asked: Asked) -> Answer:
        """Answer like the Graph API, over no network."""
        comment = asked.query["fields"].partition("(")[2].partition(")")[0]
        return Answer(200, json.dumps(self.said(comment) if comment else {"id": ACCOUNT}).encode())

    def said(self, comment: str) -> object:
        """What is said of a comment now."""
        with self.lock:
            self.asked.append(comment)
            trouble = self.trouble.get(comment)
            if trouble in {"slow", "stuck"}:
                self.now += timedelta(seconds=3)
        if trouble in {"lost", "stuck"}:
            raise ProtocolError
        kind = self.comments[comment]
        return (
            TROUBLES.get(trouble or "")
            or (FORBIDDEN if kind == "forbidden" else UNREADABLE.get(kind))
            or said(comment, kind)
        )


def said(comment: str, kind: str) -> dict[str, object]:
    """Return a comment in the documented form."""
    name = "kabarsleman" if kind == "own" else "warga"
    return {
        "mentioned_comment": {"id": comment, "text": "rusak", "timestamp": "2026-11-03T08:00:00+0000", "username": name}
    }


@dataclass
class World:
    """A platform and a table, with counts of what the pushes changed."""

    platform: Platform
    memory: Memory = field(default_factory=Memory)
    put_aside: int = 0
    stored: int = 0

    def push(self, *comments: str) -> Taken:
        """Push mentions in these comments once."""
        changes = [{"field": "mentions", "value": {"media_id": "1", "comment_id": comment}} for comment in comments]
        taken = Push(
            InMemoryPostStore(self.memory),
            Graph(cast("Any", Direct(self.platform.answer)), "http://graph"),
            "app-secret",
            lambda: self.platform.now,
            self.platform.now + PUSH_TIME,
        ).take(
            {"object": "instagram", "entry": [{"id": ACCOUNT, "changes": changes}]},
            {ACCOUNT: Account(a_channel(), "token")},
        )
        self.put_aside += taken.quarantined
        self.stored += taken.outcomes["accepted"]
        return taken

    def are_settled(self, comments: set[str]) -> bool:
        """Whether each of these comments is stored or quarantined for good."""
        kinds = self.platform.comments
        unreadable = {comment for comment in comments if kinds[comment] in {*UNREADABLE, "forbidden"}}
        fine = {comment for comment in comments if kinds[comment] == "fine"}
        quarantined = {native_id for _, native_id in self.memory.quarantined}
        return fine <= {post.native_id for post in self.memory.posts.values()} and unreadable <= quarantined


@given(st.data())
def test_nothing_is_lost_doubled_or_given_up_too_early(data: st.DataObject) -> None:
    """Each readable mention is stored once, each unreadable one quarantined once; until then Meta must retry."""
    comments = {str(number): kind for number, kind in enumerate(data.draw(st.lists(KINDS, min_size=1, max_size=14)), 1)}
    world = World(Platform(comments))
    every = st.permutations(sorted(comments))
    for _ in range(data.draw(st.integers(0, 4))):
        pushed = data.draw(every)[: data.draw(st.integers(1, len(comments)))]
        world.platform.trouble = {comment: data.draw(TROUBLE) for comment in pushed}
        taken = world.push(*pushed)
        assert taken.faults or world.are_settled(set(pushed))
    world.platform.trouble = {}
    taken = world.push(*data.draw(every))
    waits = [comment for comment, kind in comments.items() if kind == "forbidden" and not world.are_settled({comment})]
    assert sum(taken.faults.values()) == len(waits), "only a permission that may come back is waited for"
    assert world.are_settled(comments.keys() - set(waits))
    assert world.stored == len(world.memory.posts) == list(comments.values()).count("fine")
    assert world.put_aside == len(world.memory.quarantined)
    assert {comments[native_id] for _, native_id in world.memory.quarantined} <= {*UNREADABLE, "forbidden"}


def test_mentions_that_are_stuck_keep_no_others_waiting() -> None:
    """Twenty mentions use up the time of every push and come first; the twenty after them are still stored."""
    stuck, quick = [str(number) for number in range(1, 21)], [str(number) for number in range(21, 41)]
    world = World(Platform(dict.fromkeys([*stuck, *quick], "fine"), dict.fromkeys(stuck, "stuck")))
    repetitions = 0
    while not world.are_settled(set(quick)):
        repetitions += 1
        assert repetitions < 100
        assert world.push(*stuck, *quick).faults


def test_what_is_stored_or_put_aside_is_not_asked_for_again() -> None:
    """A repetition asks only for what is left, so it gets further than the push before."""
    world = World(Platform({"1": "fine", "2": "gone", "3": "fine"}, trouble={"3": "passing"}))
    assert world.push("1", "2", "3").faults == {"code 2": 1}
    world.platform.asked.clear()
    world.platform.trouble = {}
    assert not world.push("1", "2", "3").faults
    assert world.platform.asked == ["3"]


def test_a_platform_that_sends_a_byte_now_and_then_ends_with_the_pushs_time() -> None:
    """Each byte comes in time; all of them would not, and Meta would wait for our answer in vain."""
    begun = time.monotonic()
    mention = Mention(account=ACCOUNT, media_id="1", comment_id="2")
    with serving(lambda _: Answer(200, b" " * 500, drip=0.02)) as url, pytest.raises(StoppedError, match="time"):
        Graph(urllib3.PoolManager(retries=False), url).mention(
            mention, "token", app_secret="app-secret", budget=TimeBudget(time.monotonic, begun + 0.3), now=NOON
        )
    assert time.monotonic() - begun < 8
