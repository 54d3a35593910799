"""Reads for people: lists, one ticket with its history, figures, and how far the channels are. Nothing is written."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, get_args

from aduan.channel import Cursor, Run, TokenCheck
from aduan.notice import Notice
from aduan.post import Post
from aduan.record import stamp
from aduan.reply import Reply
from aduan.store.channels import DynamoChannelStore
from aduan.store.pages import CursorError, page_cursor, page_position
from aduan.store.table import (
    FORUM,
    STATS_SHARDS,
    Item,
    Table,
    channel_key,
    from_image,
    post_key,
    stats_partition,
    ticket_key,
    to_image,
    values,
)
from aduan.ticket import Event, Status, Ticket, Voice

EVALUATED: Final = 200
"""Most tickets one list request evaluates, found or not: what a request costs does not grow with the table."""
VOICES: Final = 100
"""Most voices shown with one ticket; how many there are is on the ticket. Also what one BatchGetItem may ask for."""
FORUM_TICKETS: Final = 100
"""Most tickets of the forum's list that are shown: far more than one sitting can speak about."""
LEDGER_RUNS: Final = 3_000
"""Most runs of a channel that one question about its coverage reads: two days of a run every minute."""
HISTORY_RUNS: Final = 1_500
"""Most runs that are looked through for those that found something new."""
STATUSES: Final[tuple[Status, ...]] = get_args(Status)

Grouping = Literal["channel", "topic", "department", "month", "status"]

_POSITION: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z#SLM-[0-9A-HJKMNP-TV-Z]{6}")
_OLDEST: Final = "0"
_NEWEST: Final = "~"
_RUN: Final = "RUN#"
_RUN_END: Final = _RUN + _NEWEST
_BATCH_ROUNDS: Final = 4
_SEARCH_PAGES: Final = 20
_SEARCHED_AT_ONCE: Final = 50
_SEARCHED_NEXT: Final = 1_500
"""A complete run is nearly always among the first; 20 pages go three weeks into a failure every minute."""


class UnavailableError(Exception):
    """The table did not hand out all that was asked for, several times in a row."""


@dataclass(frozen=True)
class TicketQuery:
    """Which tickets to list. What is None does not restrict."""

    status: Status | None = None
    department: str | None = None
    topic: str | None = None
    channel: str | None = None
    place: str | None = None
    """Name of a kapanewon or a kalurahan, as the directory spells it."""
    since: datetime | None = None
    """Opened at this moment or later."""
    before: datetime | None = None
    """Opened earlier than this moment."""


@dataclass(frozen=True)
class TicketDetail:
    """One ticket with everything that belongs to it."""

    ticket: Ticket
    events: tuple[Event, ...]
    notices: tuple[Notice, ...]
    voices: tuple[Voice, ...]
    """The first `VOICES` of them."""
    posts: Mapping[str, Post]
    """The voices' posts by key; one that was deleted at its source may be missing."""
    replies: tuple[Reply, ...] = ()
    """What its author was told under the post."""


@dataclass
class Tally:
    """How many tickets were opened, in which status they are now, and how often one had come to the wrong place."""

    tickets: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    misroutes: int = 0
    """How often a department said that a ticket is not its job, counted where the ticket was."""

    def add(self, tickets: int, statuses: Mapping[str, int], misroutes: int = 0) -> None:
        """Add one counter."""
        self.tickets += tickets
        self.statuses.update(statuses)
        self.misroutes += misroutes


@dataclass(frozen=True)
class ChannelState:
    """How far a channel has been read, its last runs, youngest first, and the last look at its token."""

    cursor: Cursor
    runs: tuple[Run, ...]
    token: TokenCheck | None = None


@dataclass(frozen=True)
class Ledger:
    """The runs of an interval, the first complete one after it, and those that found something of it lost."""

    runs: tuple[Run, ...]
    until: datetime
    """Every run that started in the interval before this moment is there; earlier than asked for when cut short."""
    looked_until: datetime | None
    """How far the complete run after it was looked for without finding it; None when it is found, or there is none."""
    first: Run | None
    """The first complete run the ledger remembers at all."""


@dataclass(frozen=True)
class _Page:
    """What one query found, and the `listed` of the last ticket it looked at, unless it came to the end."""

    items: Sequence[Item]
    reached: str | None


@dataclass(frozen=True)
class Reading:
    """What people ask of the table. Every method is a bounded number of queries; none scans."""

    table: Table

    def list_tickets(
        self, query: TicketQuery, limit: int, after: str | None = None
    ) -> tuple[tuple[Ticket, ...], str | None]:
        """List tickets, newest first, with the cursor of the next page; None when there is no more.

        A page may hold fewer than `limit`, even none, and still have a next one: the search stops after
        `EVALUATED` tickets and goes on with the next request. The cursor is a point in the order of time, not in a
        status, so a ticket that moves on between two pages is neither shown twice nor left out.

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
        # Below the youngest point where a query stopped, another status may hold tickets nobody has looked at yet.
        horizon = max((page.reached for page in pages if page.reached is not None), default=_OLDEST)
        # By position, so that a ticket which changes its status between two of the queries comes once.
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
        """The tickets the forum led by the Wakil Bupati is to speak about, and whether there are still more.

        Those that came first on the list, at most `FORUM_TICKETS`: one query and one batch, half a read unit each. A
        ticket that was moved comes back to the list within minutes, unless it was resolved.
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
        tickets = {ticket.code: ticket for ticket in map(Ticket.model_validate, self._batch(keys))}
        in_order = [tickets[code] for key in keys if (code := key["pk"].removeprefix("TICKET#")) in tickets]
        return tuple(ticket for ticket in in_order if ticket.on_forum_list), len(found) > FORUM_TICKETS

    def ticket_detail(self, code: str) -> TicketDetail | None:
        """One consistent query for all that lies under the ticket's key, and one batch for the posts of its voices."""
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
        posts = {post.key: post for post in self._posts([voice.post for voice in voices])}
        voices.sort(key=lambda voice: voice.at)
        return TicketDetail(ticket, tuple(events), tuple(notices), tuple(voices), posts, tuple(replies))

    def count(self, months: Iterable[str], by: Grouping, department: str | None = None) -> dict[str, Tally]:
        """Add up the counters of some months, e.g. ``2026-11`` in WIB, by what `by` names.

        One query per month and shard, however many tickets there are: the counters were written with them.
        """
        tallies: dict[str, Tally] = defaultdict(Tally)
        for month in months:
            for number in range(STATS_SHARDS):
                condition = values(pk=stats_partition(month, number))
                for item in self.table.query("pk = :pk", ExpressionAttributeValues=condition):
                    channel, topic, owner = item["sk"].split("#", 2)
                    if department not in {None, owner}:
                        continue
                    statuses = {
                        name.removeprefix("status_"): int(value)
                        for name, value in item.items()
                        if name.startswith("status_")
                    }
                    if by == "status":
                        for status, tickets in statuses.items():
                            tallies[status].add(tickets, {status: tickets})
                    else:
                        group = {"channel": channel, "topic": topic, "department": owner, "month": month}[by]
                        tallies[group].add(int(item.get("tickets", 0)), statuses, int(item.get("misroutes", 0)))
        return dict(tallies)

    def channel_state(self, channel: str, runs: int = 5) -> ChannelState:
        """Two reads and one query."""
        store = DynamoChannelStore(self.table)
        return ChannelState(store.read(channel), tuple(store.runs(channel, runs)), store.token(channel))

    def channel_cursor(self, channel: str) -> Cursor:
        """How far a channel has been read; version 0 when it never was."""
        return DynamoChannelStore(self.table).read(channel)

    def ledger(self, channel: str, since: datetime, until: datetime) -> Ledger:
        """Read what there is to know about the coverage of an interval, at a bounded cost.

        With more than `LEDGER_RUNS` the interval is cut short at the last run read: ask again from there.
        """
        items = self.table.query(
            "pk = :pk AND sk BETWEEN :low AND :high",
            ExpressionAttributeValues=values(
                pk=channel_key(channel)["pk"], low=_run_position(since), high=_run_position(until) + _NEWEST
            ),
            Limit=LEDGER_RUNS + 1,
        )
        runs = [Run.model_validate(item) for item in items]
        if len(runs) > LEDGER_RUNS:
            runs.pop()
            until = runs[-1].started_at
        later, reached = self._complete_run(channel, _run_position(until), _RUN_END, forward=True)
        first, _ = self._complete_run(channel, _RUN, _RUN_END, forward=True)
        found = (*runs, *([later] if later else []), *self._losses(channel, since, until))
        return Ledger(found, until, reached, first)

    def _losses(self, channel: str, since: datetime, until: datetime) -> list[Run]:
        """Runs that found something of an interval lost, whenever they were: the youngest `LEDGER_RUNS`."""
        items = self.table.query(
            "pk = :pk AND sk BETWEEN :low AND :high",
            ExpressionAttributeValues=values(
                pk=channel_key(channel)["pk"], low=f"LOST#{stamp(since)}", high=f"LOST#{_NEWEST}"
            ),
            ScanIndexForward=False,
            Limit=LEDGER_RUNS,
        )
        runs = [Run.model_validate(item) for item in items]
        # What ended at the very beginning of the interval lies before it.
        return [
            run for run in runs if run.lost_from and run.lost_until and run.lost_from < until and run.lost_until > since
        ]

    def last_complete_run(self, channel: str) -> Run | None:
        """The youngest run that read everything; None when the ledger has none, or none for weeks."""
        return self._complete_run(channel, _RUN, _RUN_END, forward=False)[0]

    def arrivals(self, channel: str, since: datetime) -> tuple[datetime, ...]:
        """When something new was found, youngest first, among the last `HISTORY_RUNS` runs. One query."""
        answer = self.table.client.query(
            TableName=self.table.name,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
            FilterExpression="#new > :nothing",
            ProjectionExpression="started_at",
            ExpressionAttributeNames={"#new": "new"},
            ExpressionAttributeValues=values(
                pk=channel_key(channel)["pk"], low=_run_position(since), high=_RUN_END, nothing=0
            ),
            ScanIndexForward=False,
            Limit=HISTORY_RUNS,
        )
        return tuple(datetime.fromisoformat(from_image(image)["started_at"]) for image in answer["Items"])

    def _complete_run(self, channel: str, low: str, high: str, *, forward: bool) -> tuple[Run | None, datetime | None]:
        """The first complete run of a part of the ledger; without one, how far it was looked for, None for to its end.

        Only what is complete is handed out: a failure costs reading, not sending.
        """
        request: dict[str, Any] = {
            "TableName": self.table.name,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :low AND :high",
            "FilterExpression": "complete = :yes",
            "ExpressionAttributeValues": values(pk=channel_key(channel)["pk"], low=low, high=high, yes=True),
            "ScanIndexForward": forward,
            "Limit": _SEARCHED_AT_ONCE,
        }
        for _ in range(_SEARCH_PAGES):
            answer = self.table.client.query(**request)
            if answer["Items"]:
                return Run.model_validate(from_image(answer["Items"][0])), None
            if "LastEvaluatedKey" not in answer:
                return None, None
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
            request["Limit"] = _SEARCHED_NEXT
        reached = from_image(request["ExclusiveStartKey"])["sk"]
        return None, datetime.fromisoformat(reached.split("#")[1])

    def _pages(self, query: TicketQuery, limit: int, low: str, high: str) -> list[_Page]:
        """One page of the narrowest index there is for the query, or one of each status."""
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
            # One more than asked for tells whether there is more. With a filter nobody knows how far to look.
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

    def _posts(self, keys: Sequence[str]) -> list[Post]:
        """The posts with these keys, at most as many as one batch may ask for."""
        return [Post.model_validate(item) for item in self._batch([post_key(key) for key in keys])]

    def _batch(self, keys: Sequence[Item]) -> list[Item]:
        """The items with these keys, at most as many as one batch may ask for, in any order."""
        asked: Any = [to_image(key) for key in keys]
        items: list[Item] = []
        for _ in range(_BATCH_ROUNDS):
            if not asked:
                return items
            answer = self.table.client.batch_get_item(RequestItems={self.table.name: {"Keys": asked}})
            items += [from_image(image) for image in answer["Responses"].get(self.table.name, [])]
            unprocessed = answer.get("UnprocessedKeys", {})
            asked = unprocessed[self.table.name]["Keys"] if self.table.name in unprocessed else []
        if asked:
            raise UnavailableError(f"{len(asked)} items were not handed out")
        return items


def _run_position(moment: datetime) -> str:
    """Where the runs of the ledger begin that started at this moment or later."""
    return _RUN + stamp(moment)


def _filters(query: TicketQuery, key: str) -> tuple[list[str], dict[str, str]]:
    """Restrictions beyond the index's own key, and the attributes they name with their values."""
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
    """The upper bound that leaves out `position` and nothing before it: positions are all of one length.

    Bounds are inclusive and a query takes one condition on its sort key. A made-up ExclusiveStartKey would name
    the status the ticket had when the cursor was given out.
    """
    return position[:-1] + chr(ord(position[-1]) - 1)


def _position(cursor: str) -> str:
    position = page_position(cursor)
    if not _POSITION.fullmatch(position):
        raise CursorError("not a position")
    return position
