"""A run tells the lanes which posts the account itself answered: each answer once, however often it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.channel import Cursor
from poll_channels.poll import answer_name
from poll_channels.recheck import forgetting
from poll_channels.source import Batch, Own, Source, Window
from poll_channels.sources.threads import Said, answered, names
from tests.builders import NOON, a_channel, a_post, a_triage
from tests.in_memory.lanes import InMemoryLaneStore
from tests.in_memory.posts import InMemoryPostStore
from tests.polling import MINUTE, Platform

WINDOW = Window(since=NOON, floor=NOON, threads=NOON)


@dataclass
class Answering(Source):
    """A platform that shows one question and the account's answers at every poll."""

    answers: list[Own] = field(default_factory=list)
    calls: int = 1

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Yield everything, whatever was read before."""
        del marks
        yield Batch.of([a_post(native_id="q"), *self.answers], window)


def answered_at(platform: Platform) -> datetime | None:
    """When the question was answered, as far as the table knows."""
    return platform.memory.posts["instagram#q"].answered_at


def test_an_answer_is_told_once_and_a_quiet_poll_writes_nothing() -> None:
    """The cursor remembers it beside the posts; a later answer to the same post is told again."""
    platform, source = Platform(), Answering([Own(NOON, ("q",))])
    platform.poll(source)
    assert answered_at(platform) == NOON
    platform.memory.posts["instagram#q"] = a_post(native_id="q")
    platform.memory.writes = 0
    platform.poll(source)
    assert (answered_at(platform), platform.memory.writes) == (None, 0)
    source.answers.append(Own(NOON + MINUTE, ("q",)))
    platform.poll(source)
    assert answered_at(platform) == NOON + MINUTE


def test_a_question_that_was_answered_before_it_was_decided_never_waits() -> None:
    """The answer is often read together with the question; it waits for the decision."""
    platform = Platform()
    platform.poll(Answering([Own(NOON, ("q",))]))
    posts, lanes = InMemoryPostStore(platform.memory), InMemoryLaneStore(platform.memory)
    question = posts.get("instagram#q")
    assert question is not None
    posts.settle(question, a_triage(route="question", kind="question"), NOON)
    assert lanes.questions(platform.channel.id) == []


def test_an_answer_is_no_post_and_the_question_beside_it_keeps_its_place_in_the_memory() -> None:
    """The memory of versions names both, so neither is stored or told again."""
    platform = Platform()
    run = platform.poll(Answering([Own(NOON, ("q",))]))
    assert run is not None
    assert (run.new, run.own) == (1, 1)
    names_ = platform.cursor.seen
    assert len({name.rpartition("@")[0] for name in names_}) == len(names_) == 2


@given(death=st.integers(1, 12), after=st.booleans())
def test_a_run_that_dies_leaves_no_answer_untold(*, death: int, after: bool) -> None:
    """The next run tells it; the post is stored before."""
    platform, source = Platform(), Answering([Own(NOON, ("q",))])
    platform.die(source, before=None if after else death, after=death if after else None)
    platform.now += timedelta(minutes=5)
    platform.poll(source)
    assert answered_at(platform) == NOON


def test_an_answer_from_before_the_county_used_aduan_is_left_alone() -> None:
    """What it answers was never read."""
    batch = Batch.of([Own(NOON - MINUTE, ("a",)), Own(NOON, ("b",)), None], WINDOW)
    assert (batch.answers, batch.own) == ({"b": NOON}, 3)


def test_of_several_answers_the_last_one_counts() -> None:
    """In whatever order they are listed."""
    both = [Own(NOON + MINUTE, ("a",)), Own(NOON, ("a", "b"))]
    for order in (both, both[::-1]):
        assert Batch.of(order, WINDOW).answers == {"a": NOON + MINUTE, "b": NOON}


def test_an_erased_question_is_forgotten_with_its_answer() -> None:
    """When the platform shows both again, the answer is told again."""
    seen = ("q@12345678", answer_name("q", NOON), answer_name("other", NOON))
    cursor = Cursor(channel=a_channel().id, seen=seen)
    assert forgetting(cursor, [a_post(native_id="q")]).seen == (answer_name("other", NOON),)


SAID = (Said("c", "Budi", NOON), Said("r1", "siti.m", NOON), Said("r2", "siti.m", NOON + 5 * MINUTE))


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Siap, besok", ("c",)),
        ("@budi siap", ("c",)),
        (" @Siti.M, besok ya", ("r1",)),
        ("@siti.m. besok", ("r1",)),
        ("@siti besok", ()),
        ("besok @siti.m", ("c",)),
    ],
)
def test_an_answer_answers_whom_its_first_word_names(text: str, ids: tuple[str, ...]) -> None:
    """Only what was written before it; without a name it answers what it stands under."""
    assert answered(text, NOON + MINUTE, "c", SAID) == ids


def test_where_names_are_hidden_an_answer_answers_what_it_stands_under() -> None:
    """A name leads nowhere then. A text of its own answers nothing."""
    hidden = [Said("c", None, NOON)]
    assert answered("@siti besok", NOON, "c", hidden) == ("c",)
    assert answered("@siti besok", NOON, None, SAID) == ()


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("tolong @kabarsleman", True),
        ("@KABARSLEMAN.", True),
        ("@kabarsleman.", True),
        ("@kabarsleman.id", False),
        ("surel@kabarsleman_", False),
        ("kabarsleman bagus", False),
        ("", False),
    ],
)
def test_an_account_is_named_by_its_whole_handle(text: str, is_named: bool) -> None:  # noqa: FBT001
    """Part of a longer handle is somebody else."""
    assert names(text, a_channel(name="Akun resmi")) is is_named


def test_without_a_handle_only_the_name_at_the_beginning_counts() -> None:
    """As a tag puts it."""
    channel = a_channel(handle=None, name="Pemkab Sleman")
    assert names("Pemkab Sleman mohon dicek", channel)
    assert not names("kata Pemkab Sleman begitu", channel)


def test_times_are_told_apart_by_the_second() -> None:
    """Names of answers are unlike any post's."""
    later: datetime = NOON + timedelta(seconds=1)
    assert len({answer_name("a", NOON), answer_name("a", later), "a@12345678"}) == 3
