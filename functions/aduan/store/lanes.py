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
_TRIES: Final = 3
"""A post that is answered is decided at most once meanwhile; an edit at the same second makes the third try."""
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
        """Note when the account answered the post ``kind#native id``, which closes a question.

        It is noted also for a candidate, which stays one, and for a post that is not decided yet: one poll may read a
        question together with its answer, and an answer is told only once. Return False for any other post, for one
        that is answered already, and for one that was edited after that answer.
        """


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
        """Make one read, and one conditional update; both again when the post was decided in between."""
        for _ in range(_TRIES):
            item = self.table.get(post_key(key))
            post = None if item is None else Post.model_validate(item)
            if post is None or not post.takes_answer(at):
                return False
            closes = " REMOVE work_queue, act_at" if post.lane == "question" else ""
            route = "attribute_not_exists(triage)" if post.triage is None else "triage.#route = :route"
            try:
                self.table.client.update_item(
                    TableName=self.table.name,
                    Key=to_image(post_key(key)),
                    UpdateExpression=f"SET answered_at = :at{closes}",
                    ConditionExpression=f"#state = :state AND {route} AND attribute_not_exists(ticket)",
                    ExpressionAttributeNames={"#state": "state", **({"#route": "route"} if post.triage else {})},
                    ExpressionAttributeValues=values(
                        at=at, state=post.state, **({"route": post.triage.route} if post.triage else {})
                    ),
                )
            except ClientError as error:
                if not condition_failed(error):
                    raise
            else:
                return True
        return False

    def _listed(self, queue: str, lane: str) -> list[Post]:
        keys: list[dict[str, str]] = []
        for item in self.table.due_items(queue, _EVER):
            keys.append({"pk": item["pk"], "sk": item["sk"]})
            if len(keys) == MOST_LISTED:
                break
        posts = [Post.model_validate(item) for item in self.table.batch(keys)]
        # The index is a moment behind the table.
        waiting = [post for post in posts if post.lane == lane and (lane == "review" or post.answered_at is None)]
        return sorted(waiting, key=lambda post: (post.fetched_at, post.key))
