"""Stores the lanes of posts without a ticket: their lists, people's decisions about them, and how many each has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError

from aduan.post import LANES, Post
from aduan.store.examples import keeping, sorted_example_key
from aduan.store.post_updates import lane_counting, sorted_update
from aduan.store.table import (
    REVIEW,
    OutdatedError,
    Table,
    condition_failed,
    post_key,
    questions_queue,
    to_image,
    values,
)

if TYPE_CHECKING:
    from aduan.lanes import Sorting
    from aduan.post import Lane


class LaneStore(Protocol):
    """What the functions need from the table about candidates and questions. `PostStore.settle` writes them."""

    def candidates(self) -> list[Post]:
        """List the posts about which a person must decide whether they are reports, the first found first."""

    def questions(self, channel: str) -> list[Post]:
        """List a channel's questions without an answer, the oldest first."""

    def answered(self, key: str, at: datetime) -> None:
        """Record that the account itself answered the post ``kind#native id`` at a moment.

        This closes a question. It is also recorded for a candidate and for a post that is undecided, which may become
        questions. Any other post is left as it is, and so is one that was edited since.
        """

    def sort(self, post: Post, sorting: Sorting) -> None:
        """Move a candidate or a question to the questions or to the chatter, and keep the example.

        `TicketStore.write` moves one to a ticket.

        Raises:
            OutdatedError: when the post was edited, deleted or sorted since it was read. Nothing is written.
        """

    def counts(self, months: Iterable[str]) -> dict[str, Counter[str]]:
        """Return how many posts each lane has, by channel, of those that were found in some months like ``2026-11``.

        A deleted post stays counted in the lane in which it was.
        """


@dataclass(frozen=True)
class DynamoLaneStore:
    """`LaneStore` on the table."""

    table: Table

    def candidates(self) -> list[Post]:
        """Query the sparse index, and read the posts by batches."""
        return self._listed(REVIEW, "review")

    def questions(self, channel: str) -> list[Post]:
        """Query the sparse index, and read the posts by batches."""
        return self._listed(questions_queue(channel), "question")

    def answered(self, key: str, at: datetime) -> None:
        """Make a consistent read, and write only what is not known yet: a quiet poll writes nothing."""
        item = self.table.get(post_key(key))
        if item is None:
            return
        post = Post.model_validate(item)
        open_ = post.state == "new" or post.lane in {"question", "review"}
        if not open_ or post.answered_at is not None or (post.revised_at is not None and at < post.revised_at):
            return
        closes = " REMOVE work_queue, act_at" if post.lane == "question" else ""
        queued = "attribute_not_exists(work_queue)"
        given = values(at=at, state=post.state)
        if "work_queue" in item:
            queued = "work_queue = :queue"
            given |= values(queue=item["work_queue"])
        try:
            self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image(post_key(key)),
                UpdateExpression=f"SET answered_at = :at{closes}",
                ConditionExpression=f"#state = :state AND {queued}",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues=given,
            )
        except ClientError as error:
            # It was decided or sorted meanwhile: the next poll reads the answer again.
            if not condition_failed(error):
                raise

    def sort(self, post: Post, sorting: Sorting) -> None:
        """Make one transaction of post, example and counter."""
        lane = next((lane for lane in LANES if lane == sorting.to), None)
        counting = [{"Update": update} for update in lane_counting(self.table, post, lane)]
        try:
            self.table.transact(
                [
                    {"Update": sorted_update(self.table, post, sorting)},
                    keeping(self.table, sorted_example_key(post), sorting.example),
                    *counting,
                ]
            )
        except ClientError as error:
            if condition_failed(error):
                raise OutdatedError(post.key) from None
            raise

    def counts(self, months: Iterable[str]) -> dict[str, Counter[str]]:
        """Make one query for each month."""
        found: dict[str, Counter[str]] = {}
        for month in months:
            for item in self.table.query("pk = :pk", ExpressionAttributeValues=values(pk=f"LANES#{month}")):
                counted = {lane: int(item[lane]) for lane in LANES if lane in item}
                found.setdefault(item["sk"], Counter()).update(counted)
        return found

    def _listed(self, queue: str, lane: Lane) -> list[Post]:
        """Read the posts on a list, without those that left it since the index was written."""
        found = self.table.query("work_queue = :queue", IndexName="due", ExpressionAttributeValues=values(queue=queue))
        keys = [{"pk": item["pk"], "sk": item["sk"]} for item in found]
        posts = {post.key: post for post in map(Post.model_validate, self.table.batch(keys))}
        in_order = [posts[key["pk"].removeprefix("POST#")] for key in keys if key["pk"].removeprefix("POST#") in posts]
        return [post for post in in_order if post.lane == lane and (lane == "review" or post.answered_at is None)]
