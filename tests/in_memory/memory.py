"""The data that the stores in memory share, on a process that can die at any call."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

from aduan.channel import Cursor, Rejected, Run, Sweep, TokenCheck
from aduan.example import Example
from aduan.gate_version import GateInForce, GateRun, GateVersion
from aduan.notice import AnyNotice, Contact, NoticeId
from aduan.post import Post
from aduan.reply import Reply
from aduan.store.lane_counts import gate_counts
from aduan.ticket import Event, Resolution, Stage, Ticket, Voice
from aduan.triage import TICKET_ROUTES, GateMark, Route


class Killed(BaseException):
    """The process died here. It is no `Exception`, so that no code can catch it by accident."""


@dataclass
class Memory:
    """The data that all stores share, and a counter that kills the process before or after a chosen call."""

    posts: dict[str, Post] = field(default_factory=dict)
    quarantined: dict[tuple[str, str], Rejected] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    voices: dict[tuple[str, str], Voice] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    notices: dict[NoticeId, AnyNotice] = field(default_factory=dict)
    cursors: dict[str, Cursor] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    sweeps: dict[str, Sweep] = field(default_factory=dict)
    tokens: dict[str, TokenCheck] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    """Contacts by their codes."""
    contact_versions: dict[tuple[str, datetime], Contact] = field(default_factory=dict)
    examples: dict[str, Example] = field(default_factory=dict)
    resolutions: dict[tuple[str, str], Resolution] = field(default_factory=dict)
    replies: dict[tuple[str, Stage], Reply] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)
    """How many tickets each counter of channel, topic and department has."""
    statuses: dict[tuple[str, str], int] = field(default_factory=dict)
    """The same by counter and status."""
    misroutes: dict[str, int] = field(default_factory=dict)
    """How often a ticket of the counter was refused."""
    lanes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many posts of a channel are in each lane."""
    spent: dict[tuple[str, str], int] = field(default_factory=dict)
    """Amounts spent, in millionths of a USD, by purpose and month."""
    unsettled: set[tuple[str, str, str]] = field(default_factory=set)
    mails: dict[tuple[str, str], int] = field(default_factory=dict)
    """How many mails went to a department in each hour."""
    texts: dict[tuple[str, str], tuple[str, datetime]] = field(default_factory=dict)
    """The ticket and time of the last SMS, by department and matter."""
    gate_counts: Counter[str] = field(default_factory=Counter)
    gates: dict[int, tuple[GateVersion, bytes]] = field(default_factory=dict)
    """Each version of the gate with its weights."""
    gate_in_force: GateInForce = field(default_factory=GateInForce)
    gate_run: GateRun | None = None
    samples: Counter[date] = field(default_factory=Counter)
    reads: int = 0
    writes: int = 0
    calls: int = 0
    kill_before: int | None = None
    kill_after: int | None = None

    def count_lane(self, post: Post, route: Route, gate: GateMark | None = None) -> None:
        """Count a post in its new lane, and no longer in the one it was in before; and what the gate changed."""
        self.gate_counts.update(gate_counts(post, route, gate))
        if post.triage is not None and post.ticket is None and post.triage.route not in TICKET_ROUTES:
            self.lanes[post.channel, post.triage.route] -= 1
        if route not in TICKET_ROUTES:
            self.lanes[post.channel, route] += 1

    def call(self, *, write: bool = False) -> _Call:
        """Enter one call of a store."""
        self.reads += not write
        self.writes += write
        return _Call(self)


@dataclass
class _Call:
    memory: Memory

    def __enter__(self) -> None:
        self.memory.calls += 1
        if self.memory.calls == self.memory.kill_before:
            raise Killed

    def __exit__(self, *_: object) -> None:
        if self.memory.calls == self.memory.kill_after:
            raise Killed
