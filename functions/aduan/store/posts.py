"""Posts: kept once, decided once, and found again when they were left behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import ClientError

from aduan.post import Post
from aduan.record import stamp
from aduan.store.table import (
    QUEUE_SHARDS,
    OutdatedError,
    Table,
    attributes,
    condition_failed,
    post_key,
    quarantine_key,
    queue,
    to_image,
    to_item,
    values,
)

if TYPE_CHECKING:
    from aduan.channel import Rejected
    from aduan.triage import Triage

LEFT_BEHIND: Final = timedelta(minutes=5)
"""After this time a post that is still new is driven again: the stream needs a second, a deployment a few minutes."""
QUARANTINE_DAYS: Final = 90
_SAME_VERSION: Final = "(digest = :digest OR attribute_not_exists(digest))"
"""A post of the first deployments has no digest, and but one version: every revision brings one."""


class PostStore(Protocol):
    """What the functions need of the table about posts."""

    def digests(self, posts: Iterable[Post]) -> dict[str, str]:
        """Keys, among those of `posts`, that are stored already, each with the digest of the version stored."""

    def known(self, channel: str, keys: Iterable[str]) -> set[str]:
        """Keys, among those of a channel's posts, that are stored or in quarantine already."""

    def add(self, post: Post) -> bool:
        """Store a new post; False when it is there already."""

    def revise(self, post: Post) -> bool:
        """Store another version of a post, to be decided anew; False when it is there already, or was deleted."""

    def quarantine(self, rejected: Rejected, at: datetime) -> bool:
        """Keep a post that could not be read, with its raw text; False when it is there already."""

    def get(self, key: str) -> Post | None:
        """The post with this ``kind#native id``, or None."""

    def settle(self, post: Post, triage: Triage, expires_at: datetime) -> None:
        """Record that a post is no report; it is deleted some time after `expires_at`.

        Raises:
            OutdatedError: when it was decided or changed meanwhile.
        """

    def erase(self, post: Post, reason: str, at: datetime) -> bool:
        """Remove what a deleted post says and who wrote it; the tombstone stays. False when it is erased already.

        For a post without a ticket; that of a ticket is erased by a `Change`.
        """

    def found_since(
        self, channel: str, since: datetime, after: tuple[datetime, str] | None, limit: int
    ) -> list[tuple[datetime, str]]:
        """When each of a channel's posts was found, and its key; oldest first, behind `after` if given."""

    def left_behind(self, now: datetime) -> Iterator[str]:
        """Keys of posts that are still new although their time has passed, oldest first in each shard."""


@dataclass(frozen=True)
class DynamoPostStore:
    """`PostStore` on the table."""

    table: Table

    def digests(self, posts: Iterable[Post]) -> dict[str, str]:
        """One batch read."""
        found = self.table.digests([post_key(post.key) for post in posts])
        return {key.removeprefix("POST#"): digest for key, digest in found.items()}

    def known(self, channel: str, keys: Iterable[str]) -> set[str]:
        """One batch read, of two places a key."""
        places = {key: (post_key(key), quarantine_key(channel, key.partition("#")[2])) for key in keys}
        asked = [place for pair in places.values() for place in pair]
        found = list(self.table.batch(asked, "pk, sk"))
        return {key for key, pair in places.items() if any(place in found for place in pair)}

    def add(self, post: Post) -> bool:
        """A conditional put: a post fetched twice is stored once."""
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
        """One conditional update. The old decision stays on the post until the new one is made."""
        try:
            self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image(post_key(post.key)),
                UpdateExpression=(
                    "SET #text = :text, clipped = :clipped, has_photo = :has_photo, digest = :digest, #state = :new,"
                    " revised_at = :at, work_queue = :queue, act_at = :act_at REMOVE expires_at"
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

    def quarantine(self, rejected: Rejected, at: datetime) -> bool:
        """A conditional put."""
        key = quarantine_key(rejected.channel, rejected.native_id)
        expires_at = int((at + timedelta(days=QUARANTINE_DAYS)).timestamp())
        return self.table.put_new(to_item(rejected, key, at=stamp(at), expires_at=expires_at))

    def get(self, key: str) -> Post | None:
        """A consistent read: the decision is made on what is true now."""
        item = self.table.get(post_key(key))
        return None if item is None else Post.model_validate(item)

    def settle(self, post: Post, triage: Triage, expires_at: datetime) -> None:
        """One conditional update, which also takes the post off the queue."""
        try:
            self.table.client.update_item(**triaged_update(self.table, post, triage, expires_at=expires_at))
        except ClientError as error:
            if condition_failed(error):
                raise OutdatedError(post.key) from None
            raise

    def erase(self, post: Post, reason: str, at: datetime) -> bool:
        """One conditional update."""
        try:
            erasing = erasure(self.table, post, reason, at)
            # A ticket that was opened meanwhile must be told.
            erasing["ConditionExpression"] += " AND attribute_not_exists(ticket)"
            self.table.client.update_item(**erasing)
        except ClientError as error:
            if condition_failed(error):
                return False
            raise
        return True

    def found_since(
        self, channel: str, since: datetime, after: tuple[datetime, str] | None, limit: int
    ) -> list[tuple[datetime, str]]:
        """One query of the channel's index. Many posts are found at one moment, so the key tells them apart."""
        start: dict[str, Any] = {}
        if after is not None:
            last = {"channel": channel, "fetched_at": stamp(after[0]), **post_key(after[1])}
            start = {"ExclusiveStartKey": to_image(last)}
            since = min(since, after[0])  # a start outside of what is asked for is refused
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
            for item in due_items(self.table, f"POST#{number}", now):
                yield item["pk"].removeprefix("POST#")


def due_items(table: Table, queue_key: str, now: datetime) -> Iterator[dict[str, str]]:
    """Keys of the items on one queue whose time has come."""
    return table.query(
        "work_queue = :queue AND act_at <= :now",
        IndexName="due",
        ExpressionAttributeValues=values(queue=queue_key, now=now),
    )


def erasure(table: Table, post: Post, reason: str, at: datetime) -> dict[str, Any]:
    """The update that leaves only a tombstone of a post; alone, or as part of a transaction."""
    return {
        "TableName": table.name,
        "Key": to_image(post_key(post.key)),
        "UpdateExpression": (
            "SET #text = :nothing, permalink = :nothing, has_photo = :no, #state = :gone, gone_at = :at,"
            " gone_reason = :reason REMOVE author, digest, work_queue, act_at"
        ),
        "ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(gone_at)",
        "ExpressionAttributeNames": {"#text": "text", "#state": "state"},
        "ExpressionAttributeValues": values(nothing="", no=False, gone="gone", at=at, reason=reason),
    }


def unchanged(table: Table, post: Post) -> dict[str, Any]:
    """The part of a transaction that refuses it when a post is not as it was read: edited, or deleted meanwhile."""
    gone = post.state == "gone"  # a tombstone has no digest any more
    return {
        "TableName": table.name,
        "Key": to_image(post_key(post.key)),
        "ConditionExpression": "#state = :state" if gone else f"#state = :state AND {_SAME_VERSION}",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": values(state=post.state, **({} if gone else {"digest": post.digest})),
    }


def triaged_update(
    table: Table, post: Post, triage: Triage, *, ticket: str | None = None, expires_at: datetime | None = None
) -> dict[str, Any]:
    """The update that turns a new post into a decided one; alone, or as part of a transaction."""
    sets = ["#state = :triaged", "triage = :triage"]
    given: dict[str, object] = {"new": "new", "triaged": "triaged", "triage": attributes(triage), "digest": post.digest}
    if ticket is not None:
        sets.append("ticket = :ticket")
        given["ticket"] = ticket
    if expires_at is not None:
        sets.append("expires_at = :expires_at")
        given["expires_at"] = int(expires_at.timestamp())
    return {
        "TableName": table.name,
        "Key": to_image(post_key(post.key)),
        "UpdateExpression": f"SET {', '.join(sets)} REMOVE work_queue, act_at",
        # Only the version that was decided about: one that came in meanwhile is still to be decided.
        "ConditionExpression": f"#state = :new AND {_SAME_VERSION}",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": values(**given),
    }
