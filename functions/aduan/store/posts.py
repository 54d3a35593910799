"""Stores posts: each is kept once, decided once, and found again if it was left behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import ClientError

from aduan.post import LANES, Post
from aduan.record import stamp
from aduan.store.examples import forgetting, sorted_example_key
from aduan.store.post_updates import erasure, lane_counting, triaged_update
from aduan.store.table import (
    QUEUE_SHARDS,
    OutdatedError,
    Table,
    condition_failed,
    post_key,
    quarantine_key,
    queue,
    refused_item,
    to_image,
    to_item,
    values,
)

if TYPE_CHECKING:
    from aduan.channel import Rejected
    from aduan.triage import Triage

LEFT_BEHIND: Final = timedelta(minutes=5)
"""A post that is still new after this time is driven again: the stream needs a second, a deployment a few minutes."""
QUARANTINE_DAYS: Final = 90


class PostStore(Protocol):
    """What the functions need from the table about posts."""

    def digests(self, posts: Iterable[Post]) -> dict[str, str]:
        """Return the keys of those `posts` that are stored already, each with the digest of the stored version.

        The digest of an erased post is empty.
        """

    def known(self, channel: str, keys: Iterable[str]) -> set[str]:
        """Return those of a channel's post `keys` that are stored or in quarantine already."""

    def add(self, post: Post) -> bool:
        """Store a new post. Return False when it is stored already."""

    def revise(self, post: Post) -> bool:
        """Store a new version of a post, to be decided again. Return False when it is stored already, or deleted."""

    def readmit(self, post: Post) -> bool:
        """Take in an erased post that its platform shows again, as new. Return False when it is not erased.

        It keeps its ticket, if it has one, so that it opens no second one.
        """

    def note_missed(self, post: Post, at: datetime | None) -> None:
        """Record since when the platform does not show a post; None when it shows it again."""

    def quarantine(self, rejected: Rejected, at: datetime) -> bool:
        """Keep a post that could not be read, with its raw text. Return False when it is kept already."""

    def get(self, key: str) -> Post | None:
        """Return the post with the key ``kind#native id``; None when there is none."""

    def settle(self, post: Post, triage: Triage, expires_at: datetime | None) -> None:
        """Record a decision that opens no ticket, and count the post in its lane.

        The table deletes the post some time after `expires_at`; None keeps it. The example of what a person said about
        an earlier version is forgotten. A process that dies before the count may miss it, and never doubles it.

        Raises:
            OutdatedError: when the post was decided or changed since it was read.
        """

    def erase(self, post: Post, reason: str, at: datetime) -> bool:
        """Erase the text and author of a deleted post without a ticket; its tombstone stays. A `Change` erases others.

        Return False when the post is erased already, or has a ticket now.
        """

    def found_since(
        self, channel: str, since: datetime, after: tuple[datetime, str] | None, limit: int
    ) -> list[tuple[datetime, str]]:
        """List when each of a channel's posts was found, and its key: oldest first, at most `limit`, after `after`."""

    def left_behind(self, now: datetime) -> Iterator[str]:
        """Yield the keys of posts that are still new `LEFT_BEHIND` after they came; oldest first in each shard."""


@dataclass(frozen=True)
class DynamoPostStore:
    """`PostStore` on the table."""

    table: Table

    def digests(self, posts: Iterable[Post]) -> dict[str, str]:
        """Make one batch read."""
        found = self.table.digests([post_key(post.key) for post in posts])
        return {key.removeprefix("POST#"): digest for key, digest in found.items()}

    def known(self, channel: str, keys: Iterable[str]) -> set[str]:
        """Make one batch read of the two places where each key may be."""
        places = {key: (post_key(key), quarantine_key(channel, key.partition("#")[2])) for key in keys}
        asked = [place for pair in places.values() for place in pair]
        found = list(self.table.batch(asked, "pk, sk"))
        return {key for key, pair in places.items() if any(place in found for place in pair)}

    def add(self, post: Post) -> bool:
        """Make a conditional put: a post fetched twice is stored once."""
        return self.table.put_new(
            to_item(
                post,
                post_key(post.key),
                fetched_at=stamp(post.fetched_at),
                work_queue=queue("POST", post.key),
                act_at=stamp(post.fetched_at + LEFT_BEHIND),
            )
        )

    def revise(self, post: Post) -> bool:
        """Make one conditional update. The old decision stays on the post until the new one is made."""
        try:
            self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image(post_key(post.key)),
                UpdateExpression=(
                    "SET #text = :text, clipped = :clipped, has_photo = :has_photo, digest = :digest, #state = :new,"
                    " revised_at = :at, work_queue = :queue, act_at = :act_at"
                    " REMOVE expires_at, missed_at, answered_at"
                ),
                ConditionExpression="attribute_exists(pk) AND digest <> :digest AND attribute_not_exists(gone_at)",
                ExpressionAttributeNames={"#text": "text", "#state": "state"},
                ExpressionAttributeValues=values(
                    text=post.text,
                    clipped=post.clipped,
                    has_photo=post.has_photo,
                    digest=post.digest,
                    new="new",
                    at=post.fetched_at,
                    queue=queue("POST", post.key),
                    act_at=post.fetched_at + LEFT_BEHIND,
                ),
            )
        except ClientError as error:
            if condition_failed(error):
                return False
            raise
        return True

    def readmit(self, post: Post) -> bool:
        """Make one conditional update, which also moves the post to its new place among those to be rechecked."""
        given = {
            "#text": post.text,
            "clipped": post.clipped,
            "has_photo": post.has_photo,
            "permalink": post.permalink,
            "digest": post.digest,
            "#state": "new",
            "fetched_at": post.fetched_at,
            "work_queue": queue("POST", post.key),
            "act_at": post.fetched_at + LEFT_BEHIND,
            **({} if post.author is None else {"author": post.author}),
        }
        names = {name: f":{name.lstrip('#')}" for name in given}
        try:
            self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image(post_key(post.key)),
                UpdateExpression=(
                    f"SET {', '.join(f'{name} = {value}' for name, value in names.items())}"
                    " REMOVE gone_at, gone_reason, revised_at, missed_at, expires_at, answered_at"
                ),
                ConditionExpression="attribute_exists(gone_at)",
                ExpressionAttributeNames={"#text": "text", "#state": "state"},
                ExpressionAttributeValues=values(**{name.lstrip("#"): value for name, value in given.items()}),
            )
        except ClientError as error:
            if condition_failed(error):
                return False
            raise
        return True

    def note_missed(self, post: Post, at: datetime | None) -> None:
        """Make one conditional update; an erased post is left as it is."""
        given: Any = {} if at is None else {"ExpressionAttributeValues": values(at=at)}
        try:
            self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image(post_key(post.key)),
                UpdateExpression="REMOVE missed_at" if at is None else "SET missed_at = :at",
                ConditionExpression="attribute_exists(pk) AND attribute_not_exists(gone_at)",
                **given,
            )
        except ClientError as error:
            if not condition_failed(error):
                raise

    def quarantine(self, rejected: Rejected, at: datetime) -> bool:
        """Make a conditional put."""
        key = quarantine_key(rejected.channel, rejected.native_id)
        expires_at = int((at + timedelta(days=QUARANTINE_DAYS)).timestamp())
        return self.table.put_new(to_item(rejected, key, at=stamp(at), expires_at=expires_at))

    def get(self, key: str) -> Post | None:
        """Make a consistent read, because decisions need the present state."""
        item = self.table.get(post_key(key))
        return None if item is None else Post.model_validate(item)

    def settle(self, post: Post, triage: Triage, expires_at: datetime | None) -> None:
        """Make one conditional update, which also moves the post on to its list, and one of the counter.

        The update is part of a transaction when an example has to go with it.
        """
        update = triaged_update(self.table, post, triage, expires_at=expires_at)
        try:
            if post.sorted_at is not None:
                example = forgetting(self.table, sorted_example_key(post), post.revised_at or post.fetched_at)
                self.table.transact([{"Update": update}, example])
            else:
                self.table.client.update_item(**update)
        except ClientError as error:
            if condition_failed(error):
                raise OutdatedError(post.key) from None
            raise
        lane = next((lane for lane in LANES if lane == triage.route), None)
        for counting in lane_counting(self.table, post, lane):
            self.table.client.update_item(**counting)

    def erase(self, post: Post, reason: str, at: datetime) -> bool:
        """Make one conditional update; another, if the post was decided since it was read: its reasons must go too."""
        for _ in range(2):
            erasing = erasure(self.table, post, reason, at)
            # If a ticket was opened meanwhile, the post must be erased by a change of that ticket.
            erasing["ConditionExpression"] += " AND attribute_not_exists(ticket)"
            if post.triage is None:
                erasing["ConditionExpression"] += " AND attribute_not_exists(triage)"
            if post.sorted_at is None:
                erasing["ConditionExpression"] += " AND attribute_not_exists(sorted_at)"
            try:
                if post.sorted_at is None:
                    self.table.client.update_item(**erasing, ReturnValuesOnConditionCheckFailure="ALL_OLD")
                else:
                    example = forgetting(self.table, sorted_example_key(post), at)
                    self.table.transact([{"Update": erasing}, example])
            except ClientError as error:
                if not condition_failed(error):
                    raise
                stored = refused_item(error)
                if not stored or "ticket" in stored or "gone_at" in stored:
                    return False
                post = Post.model_validate(stored)
            else:
                return True
        return False

    def found_since(
        self, channel: str, since: datetime, after: tuple[datetime, str] | None, limit: int
    ) -> list[tuple[datetime, str]]:
        """Make one query of the channel's index. Many posts are found at the same moment; the key tells them apart."""
        start: dict[str, Any] = {}
        if after is not None:
            last = {"channel": channel, "fetched_at": stamp(after[0]), **post_key(after[1])}
            start = {"ExclusiveStartKey": to_image(last)}
            since = min(since, after[0])  # DynamoDB refuses a start key outside the condition
        items = self.table.query(
            "channel = :channel AND fetched_at >= :since",
            IndexName="by_channel",
            ExpressionAttributeValues=values(channel=channel, since=since),
            Limit=limit,
            **start,
        )
        return [(datetime.fromisoformat(item["fetched_at"]), item["pk"].removeprefix("POST#")) for item in items]

    def left_behind(self, now: datetime) -> Iterator[str]:
        """Query the sparse index, one shard after the other."""
        for number in range(QUEUE_SHARDS):
            for item in self.table.due_items(f"POST#{number}", now):
                yield item["pk"].removeprefix("POST#")
