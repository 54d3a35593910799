"""Decisions, people, edits, answers, deletions and learning in any order: each post is in one lane, or has one ticket.

A journal says where each post must be. Only a decision about a new version, a person and a deletion write to it, so
whatever else would move a post out of its lane is found.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any, Final
from unittest import mock

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from admin_api.requests import Sorting
from admin_api.sorting import decided, opened, said, verdict
from aduan.directory_loading import load_directory
from aduan.gate_version import BASE, GateInForce
from aduan.post import Post
from aduan.store.lane_counts import LANES
from aduan.triage import DESK, Triage
from classify.adapter import Adapter
from classify.decide import decide
from classify.learnt_gate import MOST_SAMPLES, REFRESH_SECONDS, LearntGate
from poll_channels.recheck import erasure
from tests.builders import NOON, a_gate_version, a_post, a_triage
from tests.codes import ticket_code
from tests.in_memory.gates import InMemoryGateStore
from tests.in_memory.lanes import InMemoryLaneStore
from tests.in_memory.memory import Memory
from tests.in_memory.posts import InMemoryPostStore
from tests.in_memory.tickets import InMemoryTicketStore
from tests.stores import CHANNEL, MINUTE
from tests.unit.test_learnt_gate import an_adapter

DIRECTORY: Final = load_directory()
ROUTES: Final = ("auto", "desk", "question", "review", "review", "drop")
VERDICTS: Final[tuple[dict[str, Any], ...]] = (
    {"decision": "ticket", "department": "dlh"},
    {"decision": "ticket", "department": DESK},
    {"decision": "question"},
    {"decision": "none"},
)
NUMBERS: Final = st.integers(0, 99)
KEPT: Final = timedelta(days=30)


def classified(text: str, *_: object, adapter: Adapter | None = None, **__: object) -> Triage:
    """The texts of this test begin with the route that is decided; what was learnt drops what would wait for a person.

    The decision names the version.
    """
    route = text.partition(" ")[0]
    if adapter is not None and route in {"review", "question"}:
        route = "drop"
    department = {"auto": "dishub", "desk": DESK}.get(route)
    kind = {"question": "question", "drop": "other"}.get(route, "complaint")
    decided_by = "base" if adapter is None else f"base + gate {adapter.version}"
    return a_triage(route=route, department=department, kind=kind, is_report=route != "drop", decided_by=decided_by)


class Lanes(RuleBasedStateMachine):
    """Citizens, the poller, the classifier and two people at the desk."""

    @initialize()
    def begin(self) -> None:
        """Start with one candidate that is not decided yet."""
        self.memory, self.now, self.written = Memory(), NOON, 0
        self.posts, self.tickets = InMemoryPostStore(self.memory), InMemoryTicketStore(self.memory)
        self.lanes, self.gates = InMemoryLaneStore(self.memory), InMemoryGateStore(self.memory)
        self.learnt = LearntGate(self.gates, self._no_alarm, clock=lambda: self.now.timestamp() * REFRESH_SECONDS)
        self.where: dict[str, str | None] = {}
        """Where each decided post must be: a lane or ``ticket``; None for one that is new or deleted."""
        self.counted: dict[str, str] = {}
        """The lane in which each post is counted."""
        self.said: set[str] = set()
        """The posts about whose present text a person said something."""
        self.seen: list[Post] = []
        """What people had on their screens at some time."""
        self.write("review")

    @rule(route=st.sampled_from(ROUTES))
    def write(self, route: str) -> None:
        """A citizen writes a post."""
        self.written += 1
        at = self._tick()
        post = a_post(native_id=str(self.written), text=f"{route} {self.written}", created_at=at, fetched_at=at)
        assert self.posts.add(post)
        self.where[post.key] = None

    @rule(which=NUMBERS, route=st.sampled_from(ROUTES))
    def edit(self, which: int, route: str) -> None:
        """A citizen edits a post; nobody decides about it yet."""
        self.written += 1
        native_id = self._post(which).native_id
        edited = a_post(native_id=native_id, text=f"{route} {self.written}", fetched_at=self._tick())
        if self.posts.revise(edited):
            self.where[edited.key] = None

    @rule(which=NUMBERS)
    def decide(self, which: int) -> None:
        """The classifier decides about a post, if it is new."""
        before = self._post(which)
        with mock.patch("classify.decide.classify", classified), mock.patch("classify.learnt_gate.SAMPLED", 2):
            outcome = decide(
                before.key,
                posts=self.posts,
                tickets=self.tickets,
                directory=DIRECTORY,
                now=self._tick(),
                chatter_for=KEPT,
                code_of=ticket_code,
                learnt=self.learnt,
            )
        if outcome == "already":
            return
        has_ticket = before.ticket is not None or outcome in {"auto", "desk"}
        self._moved(before.key, "ticket" if has_ticket else outcome)
        if before.ticket is None or self._untouched(before):
            self.said.discard(before.key)

    @rule()
    def learn(self) -> None:
        """A run puts another version in force."""
        number = len(self.memory.gates) + 1
        self.gates.add(a_gate_version(number), an_adapter(number).to_bytes())
        self._choose(number)

    @rule()
    def go_back(self) -> None:
        """A person goes back to the base model."""
        self._choose(BASE)

    @rule()
    def decide_all(self) -> None:
        """`follow_up` finds everything that is new."""
        for number in range(len(self.where)):
            self.decide(number)

    @rule(which=NUMBERS)
    def look(self, which: int) -> None:
        """Somebody opens the list, and may decide about it much later."""
        self.seen.append(self._post(which))

    @rule(which=NUMBERS, verdict=st.sampled_from(VERDICTS))
    def sort_now(self, which: int, verdict: dict[str, Any]) -> None:
        """Somebody decides about what they have just seen."""
        self._sort(self._post(which), verdict)

    @rule(which=NUMBERS, verdict=st.sampled_from(VERDICTS))
    def sort_late(self, which: int, verdict: dict[str, Any]) -> None:
        """Somebody decides about what they saw a while ago."""
        if self.seen:
            self._sort(self.seen[which % len(self.seen)], verdict)

    @rule(which=NUMBERS)
    def answer(self, which: int) -> None:
        """The account answers a post, which moves nothing."""
        self.lanes.answered(self._post(which).key, self._tick())

    @rule(which=NUMBERS)
    def delete(self, which: int) -> None:
        """A citizen deletes a post, and the poller notices."""
        post, at = self._post(which), self._tick()
        if post.gone_at is not None:
            return
        if post.ticket is None:
            assert self.posts.erase(post, "deleted", at)
        else:
            self.tickets.write(erasure(post, self.memory.tickets[post.ticket], at))
        self.where[post.key] = None
        self.said.discard(post.key)

    @invariant()
    def every_post_is_where_it_must_be(self) -> None:
        """In exactly one lane, or with exactly one ticket; undecided and deleted posts are in no lane."""
        owners = Counter(ticket.post for ticket in self.memory.tickets.values())
        for key, where in self.where.items():
            post = self.memory.posts[key]
            assert post.lane == (where if where in LANES else None)
            assert owners[key] == (post.ticket is not None) <= 1
            if post.state == "triaged":
                assert (post.lane is None) == (owners[key] == 1)

    @invariant()
    def the_lists_hold_what_is_open(self) -> None:
        """All candidates and the questions without an answer, and nothing else."""
        posts = self.memory.posts
        assert {post.key for post in self.lanes.candidates()} == {
            key for key in self.where if self.where[key] == "review"
        }
        assert {post.key for post in self.lanes.questions(CHANNEL)} == {
            key for key, where in self.where.items() if where == "question" and posts[key].answered_at is None
        }

    @invariant()
    def what_was_learnt_is_named_and_leaves_samples(self) -> None:
        """What it dropped and the base model would show names a version; samples wait in review, until decided."""
        for post in self.memory.posts.values():
            if post.triage is not None and post.triage.gate is not None:
                assert " + gate " in post.triage.decided_by
                assert post.triage.route == {"dropped": "drop", "sampled": "review"}[post.triage.gate]
        counts = self.memory.gate_counts
        assert all(number <= MOST_SAMPLES for number in self.memory.samples.values())
        assert counts["gate_missed"] <= counts["gate_judged"] <= counts["gate_sampled"]

    @invariant()
    def the_counters_agree(self) -> None:
        """Each post is counted in the lane of its last decision."""
        counts = {lane: number for (_, lane), number in self.memory.lanes.items() if number}
        assert counts == Counter(self.counted.values())

    @invariant()
    def what_people_said_is_kept_and_nothing_else(self) -> None:
        """There is one example for each post that a person sorted, until its text changes or goes."""
        assert set(self.memory.examples) == self.said

    def _choose(self, version: int) -> None:
        self.gates.put_in_force(GateInForce(version=version, at=self._tick()), self.gates.in_force())

    def _no_alarm(self, name: str) -> None:
        raise AssertionError(name)

    def _sort(self, seen: Post, wanted: dict[str, Any]) -> None:
        """Decide as the API does, and once more: the repetition changes nothing."""
        before = self.memory.posts[seen.key]
        asked = Sorting.model_validate({"post": seen.key, "version": seen.version, **wanted})
        outcome = self._decided(asked)
        after = self.memory.posts[seen.key]
        if outcome != "done":
            assert after == before
            return
        if after != before:
            assert before.version == seen.version
            assert before.lane is not None
            self._moved(seen.key, {"ticket": "ticket", "question": "question", "none": "drop"}[asked.decision])
            self.said.add(seen.key)
        assert self._decided(asked) == "done"
        assert self.memory.posts[seen.key] == after

    def _decided(self, asked: Sorting) -> str:
        post = self.memory.posts[asked.post]
        found = verdict(asked, post, DIRECTORY)
        if found is not None:
            return found.outcome
        assert post.triage is not None
        triage, now = decided(asked, post.triage, DIRECTORY), self._tick()
        if asked.department is None:
            self.lanes.sort(post, triage, said(asked, post, by="ratna", now=now), KEPT)
        else:
            code = ticket_code(post.key)
            self.tickets.write(opened(asked, post, triage, DIRECTORY, code=code, by="ratna", now=now))
        return "done"

    def _moved(self, key: str, where: str) -> None:
        self.where[key] = where
        self.counted.pop(key, None)
        if where in LANES:
            self.counted[key] = where

    def _untouched(self, post: Post) -> bool:
        return post.ticket is not None and post.key == self.memory.tickets[post.ticket].post

    def _post(self, which: int) -> Post:
        keys = list(self.where)
        return self.memory.posts[keys[which % len(keys)]]

    def _tick(self) -> Any:
        self.now += MINUTE
        return self.now


TestLanes = Lanes.TestCase
