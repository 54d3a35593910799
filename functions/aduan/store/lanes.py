"""The posts that wait for a person: candidates, which may be reports, and questions to the account.

A post is put into its lane by `PostStore.settle`. It leaves it when a person decides, when its ticket is opened, when
it is edited or deleted, and a question also when the account answers it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from botocore.exceptions import ClientError

from aduan.post import Post
from aduan.store.examples import keeping
from aduan.store.lane_counts import lane_counts
from aduan.store.posts import QUESTION, REVIEW, triaged_update
from aduan.store.table import OutdatedError, Table, condition_failed, post_key, to_image, values

if TYPE_CHECKING:
    from aduan.example import Example
    from aduan.triage import Triage

MOST_LISTED: Final = 1_000
"""Most posts that are listed of one lane, the oldest. More would not fit into an answer, and nobody reads so many."""
_EVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


class LaneStore(Protocol):
    """What the functions need from the table about the posts that wait for a person."""

    def candidates(self) -> list[Post]:
        """List the posts that may be reports and that nobody has decided about, the first found first."""

    def questions(self, channel: str) -> list[Post]:
        """List a channel's unanswered questions, the first found first."""

    def sort(self, post: Post, triage: Triage, example: Example, chatter_for: timedelta) -> None:
        """Move a post to the lane that a person chose, and keep what the person said as an example.

        The table deletes what is chatter, some time after `chatter_for`.

        Raises:
            OutdatedError: when its text or lane changed since it was read. Nothing is written.
        """

    def answered(self, key: str, at: datetime) -> bool:
        """Close the question ``kind#native id``, which the account has answered. Return False when it is not open."""


@dataclass(frozen=True)
class DynamoLaneStore:
    """`LaneStore` on the table."""

    table: Table

    def candidates(self) -> list[Post]:
        """Query the sparse index, and read the posts in batches."""
        return self._listed(REVIEW, "review")

    def questions(self, channel: str) -> list[Post]:
        """Query the sparse index, and read the posts in batches."""
        return self._listed(f"{QUESTION}#{channel}", "question")

    def sort(self, post: Post, triage: Triage, example: Example, chatter_for: timedelta) -> None:
        """Make one transaction of the post, the example and the counter."""
        expires_at, by = example.at + chatter_for, example.by
        update = triaged_update(self.table, post, triage, expires_at=expires_at, by=by, at=example.at)
        parts = [{"Update": update}, keeping(self.table, post.created_at, example)]
        parts += [{"Update": counting} for counting in lane_counts(self.table, post, triage.route)]
        try:
            self.table.transact(parts)
        except ClientError as error:
            if condition_failed(error):
                raise OutdatedError(post.key) from None
            raise

    def answered(self, key: str, at: datetime) -> bool:
        """Make one conditional update."""
        try:
            self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image(post_key(key)),
                UpdateExpression="SET answered_at = :at REMOVE work_queue, act_at",
                ConditionExpression="begins_with(work_queue, :question)",
                ExpressionAttributeValues=values(at=at, question=QUESTION),
            )
        except ClientError as error:
            if condition_failed(error):
                return False
            raise
        return True

    def _listed(self, queue: str, lane: str) -> list[Post]:
        keys: list[dict[str, str]] = []
        for item in self.table.due_items(queue, _EVER):
            keys.append({"pk": item["pk"], "sk": item["sk"]})
            if len(keys) == MOST_LISTED:
                break
        posts = [Post.model_validate(item) for item in self.table.batch(keys)]
        # The index is a moment behind the table.
        waiting = [post for post in posts if post.lane == lane and post.answered_at is None]
        return sorted(waiting, key=lambda post: (post.fetched_at, post.key))
