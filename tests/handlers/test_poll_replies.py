"""Public replies of the deployed poller."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from aduan.store.posts import DynamoPostStore
from aduan.store.tickets import DynamoTicketStore
from tests import moves
from tests.builders import a_ticket, a_triage
from tests.codes import ticket_code
from tests.handlers.deployed_poller import (
    INSTAGRAM,
    NOW,
    Deployed,
    metrics_of,
)
from tests.in_memory.memory import Killed

if TYPE_CHECKING:
    pass


# A real death flushes no metrics; the decorator still tries to.
killed = pytest.mark.filterwarnings("ignore:No application metrics to publish")


def ticket_on(poller: Deployed, source_id: str) -> str:
    """Open the ticket of one post, as `classify` does on a channel with replies, and return its code."""
    poller.poll("instagram")
    entry = poller.simulator.world.find(source_id)
    assert entry is not None
    posts = DynamoPostStore(poller.table)
    post = posts.get(f"instagram#{entry.native_id}")
    assert post is not None
    ticket = a_ticket(code=ticket_code(post.key), post=post.key, channel=post.channel, opened_at=NOW, replies=())
    DynamoTicketStore(poller.table).write(moves.opened(post, a_triage(), ticket, [], []))
    return ticket.code


def answers(poller: Deployed) -> list[str]:
    """The county's replies to the comment of a citizen."""
    entry = poller.simulator.world.find("instagram-c1")
    assert entry is not None
    return [below.text for below in entry.descendants() if below.draft.by_county]


def test_a_citizen_is_answered_once(poller: Deployed) -> None:
    """The schedule writes one reply with the ticket's code, and finds nothing to do afterwards."""
    poller.channels(INSTAGRAM.model_copy(update={"replies": True}))
    code = ticket_on(poller, "instagram-c1")
    for _ in range(3):
        poller.now += timedelta(minutes=20)
        poller.poll("instagram", task="reply")
    [text] = answers(poller)
    assert code in text
    assert "KENARI" not in poller.log.getvalue()


@pytest.mark.parametrize("when", ["dies after it wrote", "dies before it wrote"])
def test_a_run_that_is_killed_answers_once(poller: Deployed, when: str) -> None:
    """Whether or not the killed run wrote its reply, in the end there is exactly one."""
    poller.channels(INSTAGRAM.model_copy(update={"replies": True}))
    ticket_on(poller, "instagram-c1")
    poller.calls.names.clear()
    poller.now += timedelta(minutes=1)
    claim = 6  # the queue, the cursor, the answer, its ticket, its post, the claim
    poller.calls.kill_after = claim + 1 if when == "dies after it wrote" else claim
    with pytest.raises(Killed):
        poller.poll("instagram", task="reply")
    assert poller.calls.names[-1] == ("HTTP" if when == "dies after it wrote" else "PutItem")
    poller.calls.kill_after = None
    for _ in range(3):
        poller.now += timedelta(minutes=20)
        poller.poll("instagram", task="reply")
    assert len(answers(poller)) == 1


def test_where_nobody_is_answered_nothing_is_asked(poller: Deployed) -> None:
    """With the channel's replies off, the schedule reads no item and calls no platform."""
    ticket_on(poller, "instagram-c1")
    poller.calls.names.clear()
    poller.now += timedelta(minutes=1)
    poller.poll("instagram", "facebook_page", task="reply")
    assert poller.calls.names == []
    assert answers(poller) == []


def test_outside_production_nobody_real_is_answered(poller: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial stage reads the county's real accounts, but writes no replies there."""
    poller.channels(INSTAGRAM.model_copy(update={"replies": True}))
    ticket_on(poller, "instagram-c1")
    settings = poller.module.settings
    monkeypatch.setattr(poller.module, "settings", settings.model_copy(update={"stage": "dev"}))
    poller.now += timedelta(minutes=1)
    poller.poll("instagram", task="reply")
    assert answers(poller) == []


def test_a_refused_answer_is_a_failed_run(poller: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """An expired token raises the alarm of a failed run, and the reply waits."""
    poller.channels(INSTAGRAM.model_copy(update={"replies": True}))
    ticket_on(poller, "instagram-c1")
    poller.simulator.faults.switch_on({"fault": "expired_token"})
    capsys.readouterr()
    poller.now += timedelta(minutes=1)
    poller.poll("instagram", task="reply")
    assert metrics_of(capsys.readouterr().out)["RunFailed"] == 1
    poller.simulator.faults.clear()
    poller.now += timedelta(hours=2)
    poller.poll("instagram", task="reply")
    assert len(answers(poller)) == 1
