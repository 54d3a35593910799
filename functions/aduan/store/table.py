"""The layout of the one table: keys and index attributes, and a few ways to write that are safe to repeat."""

from __future__ import annotations

import json
import random
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config
from botocore.exceptions import ClientError

from aduan.notice import NoticeId
from aduan.record import SCHEMA_VERSION, Record, stamp

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import KeysAndAttributesTypeDef

    from aduan.notice import ContactId
    from aduan.triage import Urgency

Item = dict[str, Any]
"""An item as plain Python values."""
Image = Mapping[str, Any]
"""An item as DynamoDB's API and its stream represent it: every value with its type."""
R = TypeVar("R", bound=Record)

QUEUE_SHARDS: Final = 4
"""Each queue of unfinished work is spread over this many index keys; `follow_up` queries each of them."""
NOTICE_QUEUES: Final[Mapping[Urgency, str]] = {
    "emergency": "EMERGENCY",
    "suspected": "EMERGENCY",
    "urgent": "URGENT",
    "normal": "NOTICE",
}
"""Names of the queues of notices, by urgency, in the order in which `follow_up` handles them."""
FORUM: Final = "FORUM"
"""Index key of the tickets that wait for the forum led by the Wakil Bupati. They are few, and read as one list."""
STATS_SHARDS: Final = 8
"""A month's counters are spread over this many partitions, so that two transactions rarely touch the same item."""
EXAMPLE_SHARDS: Final = 4
"""A month's examples are spread over this many partitions."""

_BATCH_GET: Final = 100
"""Most keys in one BatchGetItem."""
TRANSACTIONS: Final = 4
"""How often a transaction is tried that conflicts with another."""
PAUSE_SECONDS: Final = 0.2
"""Longest pause before a repeated request; between the tries of a transaction it grows."""
_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


class OutdatedError(Exception):
    """What was read is no longer true, because something was written meanwhile. Nothing was written; read again."""


def post_key(key: str) -> Item:
    """Return the key of a post, from ``kind#native id``."""
    return {"pk": f"POST#{key}", "sk": "POST"}


def quarantine_key(channel: str, native_id: str) -> Item:
    """Return the key of a post that could not be read. It lies apart, so that a repaired reader can fetch it again."""
    return {"pk": f"QUARANTINE#{channel}", "sk": f"POST#{native_id}"}


def ticket_key(code: str) -> Item:
    """Return the key of a ticket."""
    return {"pk": f"TICKET#{code}", "sk": "TICKET"}


def notice_key(notice: NoticeId) -> Item:
    """Return the key of a notice."""
    return {"pk": f"{notice.partition}#{notice.subject}", "sk": f"NOTICE#{notice.key}"}


def notice_id(key: Item) -> NoticeId:
    """Return which notice has this key."""
    partition, _, subject = key["pk"].partition("#")
    return NoticeId(partition, subject, key["sk"].removeprefix("NOTICE#"))


def channel_key(channel: str, sort: str = "CURSOR") -> Item:
    """Return the key of a channel's cursor, or of another item of that channel."""
    return {"pk": f"CHANNEL#{channel}", "sk": sort}


def contact_key(contact: ContactId) -> Item:
    """Return the key of a contact."""
    return {"pk": f"DEPARTMENT#{contact}", "sk": "CONTACT"}


def author_key(author: str, sort: str) -> Item:
    """Return the key of something that is known about an author's pseudonym for a few days."""
    return {"pk": f"AUTHOR#{author}", "sk": sort}


def shard(name: str, shards: int) -> int:
    """Return the number of the shard for a name; the same name always falls into the same shard."""
    return zlib.crc32(name.encode()) % shards


def queue(what: str, name: str) -> str:
    """Return the index key under which `follow_up` finds unfinished work: ``POST#2``."""
    return f"{what}#{shard(name, QUEUE_SHARDS)}"


def lanes_partition(month: str) -> str:
    """Return the partition that counts a month's posts by channel and lane: ``LANES#2026-11``."""
    return f"LANES#{month}"


def stats_partition(month: str, number: int) -> str:
    """Return the partition of one shard of a month's counters; `month` is ``2026-11`` in WIB."""
    return f"STATS#{month}#{number}"


def example_partition(month: str, number: int) -> str:
    """Return the partition of one shard of a month's examples; `month` is ``2026-11`` in WIB."""
    return f"EXAMPLE#{month}#{number}"


def spending_key(month: str, what: str = "SECOND_OPINIONS") -> Item:
    """Return the key of a month's spending on one purpose."""
    return {"pk": f"SPENDING#{month}", "sk": what}


def sending_key(department: str, sort: str) -> Item:
    """Return the key of what was sent to a department lately, apart from its contact, which no sender may write."""
    return {"pk": f"SENDING#{department}", "sk": sort}


def attributes(record: Record) -> Item:
    """Return a record's attributes as the table holds them: without empty ones, with decimals instead of floats."""
    plain: Item = json.loads(record.model_dump_json(exclude_none=True), parse_float=Decimal)
    return plain


def to_item(record: Record, key: Item, **extra: Any) -> Item:
    """Make an item of a record: its key, its attributes, the schema version, and `extra`."""
    return {**attributes(record), **key, **extra, "schema_version": SCHEMA_VERSION}


def to_image(item: Mapping[str, Any]) -> dict[str, Any]:
    """Give every value of an item its DynamoDB type."""
    return {name: _serialize(value) for name, value in item.items()}


def from_image(image: Image) -> Item:
    """Return the plain values of a stream image or of an item in an answer."""
    return {name: _deserialize(value) for name, value in image.items()}


def values(**named: Any) -> dict[str, Any]:
    """Make expression values with types: ``values(now=…)`` gives ``{":now": …}``. Moments become sortable text."""
    return {
        f":{name}": _serialize(stamp(value) if isinstance(value, datetime) else value) for name, value in named.items()
    }


def condition_failed(error: ClientError) -> bool:
    """Tell whether a write was refused because its condition did not hold, alone or within a transaction."""
    code = error.response["Error"]["Code"]
    if code == "TransactionCanceledException":
        return "ConditionalCheckFailed" in cancellation_codes(error)
    return code == "ConditionalCheckFailedException"


def refused_item(error: ClientError) -> Item:
    """Return the item that made a write fail; the write asks for it by ``ReturnValuesOnConditionCheckFailure``."""
    answer: Mapping[str, Any] = error.response
    return from_image(answer.get("Item", {}))


def cancellation_codes(error: ClientError) -> list[str]:
    """Return why each part of a cancelled transaction was refused, in order; ``"None"`` for a part that was not."""
    return [str(reason.get("Code")) for reason in error.response.get("CancellationReasons", [])]


QUICK: Final = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 4})
"""Settings for calls that AWS answers in milliseconds. The SDK's own limits of a minute would outlast the functions."""


def open_table(session: boto3.Session, name: str) -> Table:
    """Connect to the table."""
    return Table(session.client("dynamodb", config=QUICK), name)


@dataclass(frozen=True)
class Table:
    """The table's name and the client that reaches it."""

    client: DynamoDBClient
    name: str

    def get(self, key: Item, *, consistent: bool = True) -> Item | None:
        """Read one item; None when there is none."""
        answer = self.client.get_item(TableName=self.name, Key=to_image(key), ConsistentRead=consistent)
        return from_image(answer["Item"]) if "Item" in answer else None

    def put_new(self, item: Item) -> bool:
        """Put an item unless its key exists; tell whether it was new."""
        try:
            self.client.put_item(
                TableName=self.name, Item=to_image(item), ConditionExpression="attribute_not_exists(pk)"
            )
        except ClientError as error:
            if condition_failed(error):
                return False
            raise
        return True

    def digests(self, keys: Sequence[Item]) -> dict[str, str]:
        """Return the partition keys of those of `keys` that are in the table, each with its item's digest."""
        return {item["pk"]: item.get("digest", "") for item in self.batch(keys, "pk, digest")}

    def batch(self, keys: Sequence[Item], wanted: str | None = None) -> Iterator[Item]:
        """Yield those of the items under `keys` that exist, whole or with the attributes `wanted`.

        They are read in batches of 100, at half a read unit each. The loop ends, because DynamoDB returns at least one
        item each time, or raises.
        """
        # DynamoDB refuses a request with the same key twice, and two versions of a post have one key.
        different = list({(key["pk"], key["sk"]): key for key in keys}.values())
        for start in range(0, len(different), _BATCH_GET):
            request: KeysAndAttributesTypeDef = {
                "Keys": [to_image(key) for key in different[start : start + _BATCH_GET]]
            }
            if wanted is not None:
                request["ProjectionExpression"] = wanted
            while request["Keys"]:
                answer = self.client.batch_get_item(RequestItems={self.name: request})
                yield from map(from_image, answer["Responses"].get(self.name, []))
                unprocessed = answer.get("UnprocessedKeys", {})
                if unprocessed:
                    time.sleep(random.uniform(0, PAUSE_SECONDS))  # noqa: S311 # no secret depends on it
                request["Keys"] = list(unprocessed[self.name]["Keys"]) if self.name in unprocessed else []

    def transact(self, parts: Sequence[Any]) -> None:
        """Write all parts or none. The write is tried again when it conflicts with another transaction.

        Raises:
            ClientError: when a condition does not hold, or the conflict lasts.
        """
        for attempt in range(1, TRANSACTIONS + 1):
            try:
                self.client.transact_write_items(TransactItems=parts)
            except ClientError as error:
                reasons = set(cancellation_codes(error)) - {"None"}
                if reasons != {"TransactionConflict"} or attempt == TRANSACTIONS:
                    raise
                time.sleep(random.uniform(0, PAUSE_SECONDS * attempt))  # noqa: S311 # no secret depends on it
            else:
                return

    def query(self, condition: str, **request: Any) -> Iterator[Item]:
        """Yield the items of one query, following its pages; ``Limit`` bounds how many are yielded in all."""
        wanted = request.pop("Limit", None)
        while True:
            if wanted is not None:
                request["Limit"] = wanted
            answer = self.client.query(TableName=self.name, KeyConditionExpression=condition, **request)
            for image in answer["Items"]:
                yield from_image(image)
            if wanted is not None:
                wanted -= len(answer["Items"])
            if "LastEvaluatedKey" not in answer or wanted == 0:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def due_items(self, queue_key: str, now: datetime) -> Iterator[Item]:
        """Yield the keys of the items on one queue whose time has come, oldest first."""
        return self.query(
            "work_queue = :queue AND act_at <= :now",
            IndexName="due",
            ExpressionAttributeValues=values(queue=queue_key, now=now),
        )
