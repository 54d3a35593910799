"""What an invocation reports of a sweep that asks whether posts are still there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest

from aduan.platform_errors import ChannelError, CredentialError, OutageError
from aduan.post import Post
from poll_channels.source import CanRecheck
from poll_channels.task import Invocation
from poll_channels.tasks.recheck import recheck_channel
from tests.builders import NOON, a_channel, a_post
from tests.in_memory.channels import InMemoryChannelStore
from tests.in_memory.memory import Memory
from tests.in_memory.posts import InMemoryPostStore
from tests.in_memory.tickets import InMemoryTicketStore

CHANNEL = a_channel(monthly_budget_usd=20)


@dataclass
class Refusing(CanRecheck):
    """A platform that charges for a question and refuses to answer it."""

    error: ChannelError
    batch_size: int = 10
    price_usd: float = 0.005
    cost_usd: float = 0.0

    def still_there(self, posts: list[Post]) -> dict[str, bool]:
        """Charge for each post, and refuse."""
        self.cost_usd += self.price_usd * len(posts)
        raise self.error


@dataclass
class Reported:
    """The metrics and warnings of an invocation."""

    metrics: dict[str, float] = field(default_factory=dict)
    warnings: list[dict[str, Any]] = field(default_factory=list)

    def add_metric(self, name: str, _unit: object, value: float) -> None:
        """Add to a metric."""
        self.metrics[name] = self.metrics.get(name, 0) + value

    def warning(self, _message: str, **fields: Any) -> None:
        """Keep a warning."""
        self.warnings.append(fields)


def recheck(source: CanRecheck) -> tuple[Memory, Reported]:
    """Let one invocation ask this platform about two posts."""
    memory, reported = Memory(), Reported()
    for native_id in ("1", "2"):
        InMemoryPostStore(memory).add(a_post(native_id=native_id))
    invocation: Any = mock.Mock(
        spec=Invocation,
        run_id="run-1",
        clock=lambda: NOON + timedelta(hours=1),
        lease_for=lambda: timedelta(minutes=2),
        channels=InMemoryChannelStore(memory),
        posts=InMemoryPostStore(memory),
        tickets=InMemoryTicketStore(memory),
        metrics=reported,
        logger=reported,
    )
    with mock.patch.dict("poll_channels.tasks.recheck.RECHECKED", {CHANNEL.kind: lambda *_: source}):
        recheck_channel(CHANNEL, invocation)
    return memory, reported


@pytest.mark.parametrize("error", [OutageError("code 2"), CredentialError("code 190")])
def test_a_platform_that_refuses_is_a_failed_run_whose_cost_counts(error: ChannelError) -> None:
    """The alarm's metric counts the run, the bill has its cost, and no post is erased."""
    memory, reported = recheck(Refusing(error))
    assert reported.metrics == {"RunFailed": 1, "CostUsd": pytest.approx(0.01)}
    assert reported.warnings == [{"channel": CHANNEL.id, "error": f"{type(error).__name__}: {error}"}]
    assert memory.cursors[CHANNEL.id].spent_usd == pytest.approx(0.01)
    assert {post.state for post in memory.posts.values()} == {"new"}
