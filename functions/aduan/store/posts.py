"""Stores posts: each is kept once, decided once, and found again if it was left behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import ClientError

from aduan.context import Context
from aduan.post import Post
from aduan.record import stamp
from aduan.store.examples import forgetting
from aduan.store.item_size import fitted
from aduan.store.lane_counts import lane_counts
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
    from aduan.triage import Route, Triage

LEAST_UNDER: Final = 200
"""Bytes kept of the text that an undecided post stands under, even if they cost a unit: the beginning tells most."""
LEFT_BEHIND: Final = timedelta(minutes=5)
"""A post that is still new after this time is driven again: the stream needs a second, a deployment a few minutes."""
QUARANTINE_DAYS: Final = 90
REVIEW: Final = "REVIEW"
"""Index key of the candidates: a person works through all of them, as one list."""
QUESTION: Final = "QUESTION"
"""Before the channel's id, the index key of a channel's unanswered questions."""
SAME_VERSION: Final = "(digest = :digest OR attribute_not_exists(digest))"
"""A post of the first deployments has no digest. It has only one version, because every revision adds a digest."""


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

    def settle(self, post: Post, triage: Triage, expires_at: datetime) -> None:
        """Record a decision that opens no ticket.

        A candidate for review and a question are listed until somebody decides or answers. Chatter is listed nowhere,
        and the table deletes it some time after `expires_at`.

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
                fitted(post, least=LEAST_UNDER),
                post_key(post.key),
                fetched_at=stamp(post.fetched_at),
                work_queue=queue("POST", post.key),
                act_at=stamp(post.fetched_at + LEFT_BEHIND),
            )
        )

    def revise(self, post: Post) -> bool:
        """Make one conditional update. The old decision stays on the post until the new one is made.

        The context comes again, because it was cut when the version before was decided.
        """
        context = fitted(post, least=LEAST_UNDER).context
        sets, given = ("", {}) if context is None else (", context = :context", {"context": attributes(context)})
        try:
            self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image(post_key(post.key)),
                UpdateExpression=(
                    "SET #text = :text, clipped = :clipped, has_photo = :has_photo, digest = :digest, #state = :new,"
                    f" revised_at = :at, work_queue = :queue, act_at = :act_at{sets}"
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
                    **given,
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
            **(
                {}
                if post.context is None
                else {"context": attributes(fitted(post, least=LEAST_UNDER).context or Context())}
            ),
        }
        names = {name: f":{name.lstrip('#')}" for name in given}
        try:
            self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image(post_key(post.key)),
                UpdateExpression=(
                    f"SET {', '.join(f'{name} = {value}' for name, value in names.items())}"
                    " REMOVE gone_at, gone_reason, revised_at, missed_at, expires_at, sorted_at, sorted_by, answered_at"
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

    def settle(self, post: Post, triage: Triage, expires_at: datetime) -> None:
        """Make one conditional update, which also moves the post from the queue to its lane's list; then count it.

        A process that dies between the two leaves the post uncounted. In one transaction they would cost twice.
        """
        try:
            self._update(triaged_update(self.table, post, triage, expires_at=expires_at), post, post.fetched_at)
        except ClientError as error:
            if condition_failed(error):
                raise OutdatedError(post.key) from None
            raise
        for counting in lane_counts(self.table, post, triage.route, triage.gate):
            self.table.client.update_item(**counting)

    def erase(self, post: Post, reason: str, at: datetime) -> bool:
        """Make one conditional write; another, if the post was decided since it was read.

        Its reasons must go too, and the example, if a person decided.
        """
        for _ in range(2):
            erasing = erasure(self.table, post, reason, at)
            # If a ticket was opened meanwhile, the post must be erased by a change of that ticket.
            erasing["ConditionExpression"] += " AND attribute_not_exists(ticket)"
            if post.triage is None:
                erasing["ConditionExpression"] += " AND attribute_not_exists(triage)"
            if post.sorted_at is None:
                erasing["ConditionExpression"] += " AND attribute_not_exists(sorted_at)"
            try:
                self._update(erasing, post, at)
            except ClientError as error:
                if not condition_failed(error):
                    raise
                stored = self.get(post.key)
                if stored is None or stored.ticket is not None or stored.gone_at is not None:
                    return False
                post = stored
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

    def _update(self, update: dict[str, Any], post: Post, at: datetime) -> None:
        """Make a conditional update, and forget in the same transaction what a person said about the text before."""
        if post.sorted_at is None:
            self.table.client.update_item(**update)
        else:
            self.table.transact([{"Update": update}, forgetting(self.table, post.created_at, post.key, at)])

    def left_behind(self, now: datetime) -> Iterator[str]:
        """Query the sparse index, one shard after the other."""
        for number in range(QUEUE_SHARDS):
            for item in self.table.due_items(f"POST#{number}", now):
                yield item["pk"].removeprefix("POST#")


def erasure(table: Table, post: Post, reason: str, at: datetime) -> dict[str, Any]:
    """Return the update that leaves only a tombstone of a post; for use alone or in a transaction.

    The decision stays without its reasons, which repeat words of the text.
    """
    decision = {} if post.triage is None else {"triage": attributes(post.triage.without_words())}
    also = ", triage = :triage" if decision else ""
    return {
        "TableName": table.name,
        "Key": to_image(post_key(post.key)),
        "UpdateExpression": (
            "SET #text = :nothing, permalink = :nothing, has_photo = :no, #state = :gone, gone_at = :at,"
            f" gone_reason = :reason{also} REMOVE author, context, digest, missed_at, work_queue, act_at"
        ),
        "ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(gone_at)",
        "ExpressionAttributeNames": {"#text": "text", "#state": "state"},
        "ExpressionAttributeValues": values(nothing="", no=False, gone="gone", at=at, reason=reason, **decision),
    }


def unchanged(table: Table, post: Post) -> dict[str, Any]:
    """Return the condition check that refuses a transaction when a post was edited or deleted since it was read."""
    gone = post.state == "gone"  # a tombstone no longer has a digest
    return {
        "TableName": table.name,
        "Key": to_image(post_key(post.key)),
        "ConditionExpression": "#state = :state" if gone else f"#state = :state AND {SAME_VERSION}",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": values(state=post.state, **({} if gone else {"digest": post.digest})),
    }


def triaged_update(  # noqa: PLR0913 # a post, the decision, and what else is written with it
    table: Table,
    post: Post,
    triage: Triage,
    *,
    ticket: str | None = None,
    expires_at: datetime | None = None,
    by: str | None = None,
    at: datetime | None = None,
) -> dict[str, Any]:
    """Return the update that decides about a post; for use alone or in a transaction.

    The post is one that is new, or one in a lane that a person decides about.

    Args:
        table: The table.
        post: The post as it was read. The update is refused if its text or lane is another one since.
        triage: The decision.
        ticket: Code of the ticket it belongs to from now on; None when it has none.
        expires_at: When the table may delete it, if it is chatter.
        by: The person who decided; None for the classifier.
        at: When that was.
    """
    sets: dict[str, object] = {"state": "triaged", "triage": attributes(triage)}
    removed = {"work_queue", "act_at", "expires_at", "sorted_at", "sorted_by"}
    context = fitted(post.model_copy(update={"state": "triaged", "triage": triage, "ticket": ticket})).context
    if context is None:
        removed.add("context")
    elif context != post.context:
        sets["context"] = attributes(context)
    if ticket is not None:
        sets["ticket"] = ticket
    elif triage.route == "drop" and expires_at is not None:
        sets["expires_at"] = int(expires_at.timestamp())
    elif (where := lane_queue(triage.route, post)) is not None:
        sets |= {"work_queue": where, "act_at": post.fetched_at}
    if by is not None:
        sets |= {"sorted_by": by, "sorted_at": at}
    names = {name: f"#{name}" for name in (*sets, *removed)}
    conditions = ["#state = :before", SAME_VERSION]
    if post.answered_at is None:
        # Whoever did not see the answer would leave an answered question on the list.
        conditions.append("attribute_not_exists(answered_at)")
    given = {**sets, "before": post.state, "digest": post.digest}
    if post.state == "triaged" and post.triage is not None:
        conditions += ["#triage.#route = :route", "attribute_not_exists(#ticket)"]
        names |= {"route": "#route", "ticket": "#ticket"}
        given["route"] = post.triage.route
    return {
        "TableName": table.name,
        "Key": to_image(post_key(post.key)),
        "UpdateExpression": (
            f"SET {', '.join(f'#{name} = :{name}' for name in sets)}"
            f" REMOVE {', '.join(f'#{name}' for name in sorted(removed - sets.keys()))}"
        ),
        # Only the version that was read is decided: a newer one that came meanwhile still has to be.
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": {alias: name for name, alias in names.items()},
        "ExpressionAttributeValues": values(**given),
    }


def lane_queue(route: Route, post: Post) -> str | None:
    """Return the partition of the sparse index in which a lane lists the post; None when it is not listed.

    A question that the account has answered is not.
    """
    if route == "question" and post.answered_at is not None:
        return None
    return {"review": REVIEW, "question": f"{QUESTION}#{post.channel}"}.get(route)
