"""The lanes of posts that open no ticket by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from botocore.exceptions import ClientError

from aduan.store.table import Table, condition_failed, post_key, to_image, values


class LaneStore(Protocol):
    """What the functions need from the table about candidates and questions."""

    def answered(self, key: str, at: datetime) -> None:
        """Close the question with the key ``kind#native id``, which the account itself answered at a moment.

        A post that is no open question is left as it is.
        """


@dataclass(frozen=True)
class DynamoLaneStore:
    """`LaneStore` on the table."""

    table: Table

    def answered(self, key: str, at: datetime) -> None:
        """Make one conditional update."""
        try:
            self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image(post_key(key)),
                UpdateExpression="SET answered_at = :at REMOVE work_queue, act_at",
                ConditionExpression="begins_with(work_queue, :questions)",
                ExpressionAttributeValues=values(at=at, questions="QUESTION#"),
            )
        except ClientError as error:
            if not condition_failed(error):
                raise
