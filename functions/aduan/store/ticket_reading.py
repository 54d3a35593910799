"""Reads of tickets for the admin API: lists, the forum's list, and one ticket with its history. Nothing is written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, get_args

from aduan.notice import Notice
from aduan.post import Post
from aduan.record import stamp
from aduan.reply import Reply
from aduan.store.pages import CursorError, page_cursor, page_position
from aduan.store.table import FORUM, Item, Table, from_image, post_key, ticket_key, values
from aduan.ticket import Event, Status, Ticket, Voice

EVALUATED: Final = 200
"""Most tickets that one list request evaluates, matching or not, so that its cost does not grow with the table."""
VOICES: Final = 100
"""Most voices shown with one ticket, and most keys in one BatchGetItem. The ticket says how many voices it has."""
FORUM_TICKETS: Final = 100
"""Most tickets of the forum's list that are shown: far more than one sitting can discuss."""
STATUSES: Final[tuple[Status, ...]] = get_args(Status)

_POSITION: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z#SLM-[0-9A-HJKMNP-TV-Z]{6}")
_OLDEST: Final = "0"
_NEWEST: Final = "~"


@dataclass(frozen=True)
class TicketQuery:
    """Which tickets to list. A field that is None does not restrict them."""

    status: Status | None = None
    department: str | None = None
    topic: str | None = None
    channel: str | None = None
    place: str | None = None
    """Name of a kapanewon or a kalurahan, as the directory spells it."""
    since: datetime | None = None
    """Only tickets opened at this moment or later."""
    before: datetime | None = None
    """Only tickets opened before this moment."""


@dataclass(frozen=True)
class TicketDetail:
    """One ticket with everything that belongs to it."""

    ticket: Ticket
    events: tuple[Event, ...]
    notices: tuple[Notice, ...]
    voices: tuple[Voice, ...]
    """At most `VOICES` of the ticket's voices, in the order of time."""
    posts: Mapping[str, Post]
    """The voices' posts by key; one that was deleted at its source may be missing."""
    replies: tuple[Reply, ...] = ()
    """The public answers under the ticket's post."""


@dataclass(frozen=True)
class _Page:
    """The items that one query found, and the `listed` of the last ticket it looked at; None if it came to the end."""

    items: Sequence[Item]
    reached: str | None


@dataclass(frozen=True)
class TicketReading:
    """Answers what people ask about tickets. Every method makes a bounded number of queries; none scans."""

    table: Table

    def list_tickets(
        self, query: TicketQuery, limit: int, after: str | None = None
    ) -> tuple[tuple[Ticket, ...], str | None]:
        """List tickets, newest first.

        A page may hold fewer tickets than `limit`, even none, and still be followed by another: the search stops after
        `EVALUATED` tickets and goes on with the next request. The cursor is a point in time, not in a status, so a
        ticket that changes its status between two pages is neither shown twice nor left out.

        Args:
            query: Which tickets.
            limit: Most tickets on the page.
            after: Cursor from the page before; None for the first page.

        Returns:
            The tickets, and the cursor of the next page; None when there is none.

        Raises:
            CursorError: when `after` is not a cursor.
        """
        low = stamp(query.since) if query.since else _OLDEST
        high = stamp(query.before) if query.before else _NEWEST
        if after is not None:
            high = min(high, _just_below(_position(after)))
        if low > high:
            return (), None
        pages = self._pages(query, limit, low, high)
        # Below the youngest point where a query stopped there may be tickets that were not looked at yet.
        horizon = max((page.reached for page in pages if page.reached is not None), default=_OLDEST)
        # By position, so that a ticket that changes its status between two of the queries is listed once.
        found = {_listed(item): item for page in pages for item in page.items}
        known = [found[position] for position in sorted(found, reverse=True) if position >= horizon]
        shown = known[:limit]
        if len(known) > limit:
            position = _listed(shown[-1])
        elif horizon != _OLDEST:
            position = horizon
        else:
            position = None
        return tuple(Ticket.model_validate(item) for item in shown), position and page_cursor(position)

    def forum(self) -> tuple[tuple[Ticket, ...], bool]:
        """Return the tickets for the forum led by the Wakil Bupati, and whether there are more.

        They are the first on the list, at most `FORUM_TICKETS`. One query and one batch read them, at half a read unit
        each. A ticket that was moved comes back to the list within minutes, unless it was resolved.
        """
        found = list(
            self.table.query(
                "work_queue = :forum",
                IndexName="due",
                ExpressionAttributeValues=values(forum=FORUM),
                Limit=FORUM_TICKETS + 1,
            )
        )
        keys = [ticket_key(item["pk"].removeprefix("TICKET#")) for item in found[:FORUM_TICKETS]]
        tickets = {ticket.code: ticket for ticket in map(Ticket.model_validate, self.table.batch(keys))}
        in_order = [tickets[code] for key in keys if (code := key["pk"].removeprefix("TICKET#")) in tickets]
        return tuple(ticket for ticket in in_order if ticket.on_forum_list), len(found) > FORUM_TICKETS

    def ticket_detail(self, code: str) -> TicketDetail | None:
        """Return a ticket with everything that belongs to it; None when there is no such ticket.

        This takes one consistent query under the ticket's key, and one batch for the posts of its voices.
        """
        ticket: Ticket | None = None
        events: list[Event] = []
        notices: list[Notice] = []
        voices: list[Voice] = []
        replies: list[Reply] = []
        for item in self.table.query(
            "pk = :pk", ExpressionAttributeValues=values(pk=ticket_key(code)["pk"]), ConsistentRead=True
        ):
            match item["sk"].partition("#")[0]:
                case "TICKET":
                    ticket = Ticket.model_validate(item)
                case "EVENT":
                    events.append(Event.model_validate(item))
                case "NOTICE":
                    notices.append(Notice.model_validate(item))
                case "REPLY":
                    replies.append(Reply.model_validate(item))
                case "VOICE":
                    voices.append(Voice.model_validate(item))
            if len(voices) == VOICES:  # they come last in the order of keys
                break
        if ticket is None:
            return None
        keys = [post_key(voice.post) for voice in voices]
        posts = {post.key: post for post in map(Post.model_validate, self.table.batch(keys))}
        voices.sort(key=lambda voice: voice.at)
        return TicketDetail(ticket, tuple(events), tuple(notices), tuple(voices), posts, tuple(replies))

    def _pages(self, query: TicketQuery, limit: int, low: str, high: str) -> list[_Page]:
        """Query one page of the narrowest index for the query, or one page for each status."""
        if query.department is not None:
            partitions, index, key = [query.department], "by_department", "department"
        else:
            partitions = [query.status] if query.status is not None else list(STATUSES)
            index, key = "by_status", "status"
        restrictions, given = _filters(query, key)
        names = {"#key": key, **{f"#{name}": name for name in given}}
        share = EVALUATED // len(partitions)
        request: dict[str, Any] = {
            "TableName": self.table.name,
            "IndexName": index,
            "KeyConditionExpression": "#key = :key AND listed BETWEEN :low AND :high",
            "ExpressionAttributeNames": names,
            "ScanIndexForward": False,
            # One more than asked for shows whether there are more. With a filter it is not known how far to look.
            "Limit": share if restrictions else min(limit + 1, share),
        }
        if restrictions:
            request["FilterExpression"] = " AND ".join(restrictions)
        pages = []
        for partition in partitions:
            request["ExpressionAttributeValues"] = values(key=partition, low=low, high=high, **given)
            answer = self.table.client.query(**request)
            reached = answer.get("LastEvaluatedKey")
            pages.append(
                _Page(
                    [from_image(image) for image in answer["Items"]], from_image(reached)["listed"] if reached else None
                )
            )
        return pages


def _filters(query: TicketQuery, key: str) -> tuple[list[str], dict[str, str]]:
    """Return the restrictions beyond the index's own key, and the values of the attributes they name."""
    given = {
        name: value
        for name in ("status", "topic", "channel", "place")
        if name != key and (value := getattr(query, name)) is not None
    }
    restrictions = [f"#{name} = :{name}" for name in given if name != "place"]
    if "place" in given:
        restrictions.append("(#place.kapanewon = :place OR #place.kalurahan = :place)")
    return restrictions, given


def _listed(item: Item) -> str:
    listed: str = item["listed"]
    return listed


def _just_below(position: str) -> str:
    """Return the upper bound that excludes `position` but nothing before it; all positions have the same length.

    Such a bound is needed because bounds are inclusive and a query takes one condition on its sort key. A made-up
    ExclusiveStartKey would not do: it would name the status the ticket had when the cursor was made.
    """
    return position[:-1] + chr(ord(position[-1]) - 1)


def _position(cursor: str) -> str:
    position = page_position(cursor)
    if not _POSITION.fullmatch(position):
        raise CursorError("not a position")
    return position
