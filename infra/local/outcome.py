"""Look up what became of every simulated post, and count it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from aduan.directory_loading import load_directory
from aduan.notice import ChannelNotice, Notice
from aduan.post import Post
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Item, Table, channel_key, ticket_key, values
from aduan.store.tickets import DynamoTicketStore
from aduan.ticket import Ticket
from aduan.triage import Route
from infra.local.drive import SimulatedPost

LANES: Final[Mapping[Route | None, str]] = {"drop": "chatter", "review": "candidate", "question": "question"}
"""The lanes of posts without a ticket, as they are shown."""


@dataclass(frozen=True)
class Line:
    """One post, and what became of it."""

    simulated: SimulatedPost
    post: Post | None
    quarantined: bool
    ticket: Ticket | None
    notices: tuple[Notice, ...]

    @property
    def accounted(self) -> bool:
        """Whether the post is in quarantine, or was decided: in one lane, or with a ticket and its notices."""
        if self.quarantined:
            return True
        if self.post is None or self.post.triage is None or self.post.state != "triaged":
            return False
        return self.lane in LANES or (self.ticket is not None and bool(self.notices))

    @property
    def lane(self) -> Route | None:
        """The lane of a decided post that has no ticket."""
        return self.post.lane if self.post is not None else None


@dataclass(frozen=True)
class Totals:
    """The figures of the demo's last line."""

    posts: int
    tickets: int
    review: int
    """Candidates about which nobody has decided."""
    questions: int
    """Questions, with or without an answer."""
    dropped: int
    notices_sent: int
    needs_review: int
    """Tickets at the desk."""
    lost: int
    seconds: float

    def as_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps(asdict(self))


def account_for(posts: Iterable[SimulatedPost], table: Table) -> list[Line]:
    """Look every simulated post up in the table."""
    quarantined = _quarantined(table)
    return [_line(post, table, quarantined) for post in posts]


def totals(lines: Sequence[Line], seconds: float) -> Totals:
    """Count the lines by what became of their posts."""
    lanes = Counter(line.lane for line in lines)
    tickets = [line.ticket for line in lines if line.ticket]
    return Totals(
        posts=len(lines),
        tickets=len(tickets),
        review=lanes["review"],
        questions=lanes["question"],
        dropped=lanes["drop"],
        notices_sent=sum(notice.state == "sent" for line in lines for notice in line.notices),
        needs_review=sum(ticket.status == "needs_review" for ticket in tickets),
        lost=sum(not line.accounted for line in lines),
        seconds=round(seconds, 1),
    )


def unfinished(lines: Iterable[Line]) -> Counter[str]:
    """Count the notices that were not sent, by their state."""
    return Counter(notice.state for line in lines for notice in line.notices if notice.state != "sent")


def channel_notices(table: Table) -> list[ChannelNotice]:
    """Return the notices about channels, which no complaint caused; they go to channel owners and the desk."""
    channels = load_directory().channels
    return [
        ChannelNotice.model_validate(item) for channel in channels for item in _notices(channel_key(channel.id), table)
    ]


def department_name(code: str) -> str:
    """Short name of a department, or its code when the directory does not know it."""
    department = load_directory().departments.get(code)
    return department.short_name if department else code


def told(line: Line) -> str:
    """Name the media that a notice went by, with its state unless it was sent: ``email, sms (failed)``."""
    return ", ".join(
        notice.medium if notice.state == "sent" else f"{notice.medium} ({notice.state})" for notice in line.notices
    )


def what_became(line: Line) -> str:
    """Describe what became of a post, for the ticket's cell."""
    if line.ticket is not None:
        return f"{line.ticket.code} {line.ticket.status}"
    if line.quarantined:
        return "quarantine"
    return LANES.get(line.lane, "LOST")


def _line(simulated: SimulatedPost, table: Table, quarantined: set[str]) -> Line:
    post = DynamoPostStore(table).get(simulated.key)
    code = post.ticket if post is not None else None
    ticket = DynamoTicketStore(table).get(code) if code else None
    notices = tuple(Notice.model_validate(item) for item in _notices(ticket_key(code), table)) if code else ()
    return Line(simulated, post, simulated.key in quarantined, ticket, notices)


def _notices(key: Item, table: Table) -> Iterator[Item]:
    """Yield the notices stored beside an item."""
    condition = values(pk=key["pk"], notice="NOTICE#")
    return table.query("pk = :pk AND begins_with(sk, :notice)", ExpressionAttributeValues=condition)


def _quarantined(table: Table) -> set[str]:
    """Return the keys of the quarantined posts of every channel."""
    keys = set()
    for channel in load_directory().channels:
        for item in table.query("pk = :pk", ExpressionAttributeValues=values(pk=f"QUARANTINE#{channel.id}")):
            keys.add(f"{channel.kind}#{item['native_id']}")
    return keys
