"""Which moves of a ticket are told under its post, and where answers are given at all."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.directory import ANSWERED_WHERE
from aduan.directory_checks import DirectoryError
from aduan.directory_loading import DEFAULT_FOLDER, load_directory
from aduan.post import ChannelKind
from aduan.reply import STATES, can_be_answered, with_reply
from aduan.ticket import MOVES, Stage, Status, Ticket
from classify.revision import revision
from poll_channels.sources import REPLIED
from public_replies.wording import beginning, reply_text
from tests.builders import NOON, a_channel, a_post, a_ticket, a_triage
from tests.codes import opening

DIRECTORY = load_directory()


def with_channel(**changes: Any) -> Any:
    """Return the directory with one channel."""
    return DIRECTORY.model_copy(update={"channels": (a_channel(**changes),)})


@given(st.lists(st.sampled_from(list(MOVES)), max_size=20))
def test_each_stage_is_told_once(path: list[Status]) -> None:
    """However a ticket moves back and forth, a stage is answered the first time it is reached and not again."""
    ticket, told = a_ticket(status="needs_review", replies=()), list[Stage]()
    for number, status in enumerate(path):
        after = ticket.model_copy(update={"status": status})
        ticket, reply = with_reply(ticket, after, NOON + timedelta(hours=number))
        if reply is not None:
            assert (reply.stage, reply.created_at, reply.state) == (status, NOON + timedelta(hours=number), "pending")
            told.append(reply.stage)
    assert told == list(ticket.replies or ())
    assert len(set(told)) == len(told)
    assert set(told) == set(path) & set(STATES)


@pytest.mark.parametrize("status", MOVES)
def test_where_nobody_is_answered_no_move_is_told(status: Status) -> None:
    """A ticket without answers is stored without the field for them."""
    after = a_ticket(status=status)
    assert with_reply(None, after, NOON) == (after, None)
    assert "replies" not in json.loads(after.model_dump_json(exclude_none=True))


def test_a_ticket_that_stays_where_it_is_tells_nothing() -> None:
    """A corrected topic is not told to the author."""
    before = a_ticket(replies=())
    assert with_reply(before, before.model_copy(update={"topic": "jalan"}), NOON)[1] is None


@pytest.mark.parametrize("channel", DIRECTORY.channels)
def test_as_delivered_nobody_is_answered(channel: Any) -> None:
    """Public answers are off until the county switches them on."""
    assert channel.replies is False
    assert not can_be_answered(a_post(channel=channel.id, kind=channel.kind, parent_id="1"), DIRECTORY)


@pytest.mark.parametrize(
    ("post", "answered"),
    [
        ({"parent_id": "17900000000000010"}, True),
        ({"parent_id": None}, False),
        ({"parent_id": "17900000000000010", "channel": "instagram:akunlain"}, False),
    ],
)
def test_only_comments_on_a_channel_that_answers_are_answered(post: dict[str, Any], answered: bool) -> None:  # noqa: FBT001 # a case
    """Other people's pictures get no comment of ours, and an account that no longer exists gives none."""
    directory = with_channel(replies=True)
    assert can_be_answered(a_post(**post), directory) is answered
    ticket = opening(a_post(**post), a_triage(), directory, NOON).after
    assert ticket.replies == (() if answered else None)


def test_an_edit_forgets_no_answer() -> None:
    """The ticket remembers what its author was told when its post is decided anew."""
    ticket = a_ticket(replies=("routed",))
    post, other = a_post(triage=a_triage()), a_triage(department="dlh", topic="sampah")
    change = revision(post, a_triage(), other, ticket, directory=DIRECTORY, now=NOON)
    assert (change.ticket.department, change.ticket.replies) == ("dlh", ("routed",))


def test_the_table_of_kinds_is_whole() -> None:
    """Every kind is in the table, and each that can be answered has a reader that writes."""
    assert set(ANSWERED_WHERE) == set(get_args(ChannelKind))
    assert set(REPLIED) == {kind for kind, where in ANSWERED_WHERE.items() if where is not None}


@pytest.mark.parametrize("kind", [kind for kind, where in ANSWERED_WHERE.items() if where is None])
def test_a_kind_that_cannot_be_answered_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    """The directory does not load with `replies` on a channel that can never answer."""
    folder = Path(copytree(DEFAULT_FOLDER, tmp_path / "data"))
    file = folder / "channels.json"
    listed = json.loads(file.read_text(encoding="utf-8"))
    [channel] = [one for one in listed["channels"] if one["kind"] == kind]
    channel["replies"] = True
    file.write_text(json.dumps(listed), encoding="utf-8")
    with pytest.raises(DirectoryError, match=rf"channel {channel['id']}: nobody can be answered on {kind}"):
        load_directory(folder)


@pytest.mark.parametrize("stage", STATES)
def test_an_answer_holds_a_code_an_office_and_fixed_words(stage: Stage) -> None:
    """An answer begins with the words it is recognised by, and is the same whatever the citizen wrote."""
    ticket: Ticket = a_ticket()
    text = reply_text(ticket, stage, DIRECTORY.departments["dishub"])
    assert text.startswith(beginning(ticket.code, stage))
    assert "Dinas Perhubungan" in text
    assert not set(text.split()) & {"Condongcatur", "Depok", "lampu"}
    assert len(text) < 300


def test_no_answer_is_taken_for_that_of_another_stage() -> None:
    """What one begins with is in none of the others."""
    texts = {stage: reply_text(a_ticket(), stage, DIRECTORY.departments["dishub"]) for stage in STATES}
    for stage in STATES:
        found = [other for other, text in texts.items() if beginning(a_ticket().code, stage) in text]
        assert found == [stage]
