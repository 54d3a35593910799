"""The two stream consumers: which records reach them, and what happens to a record that fails.

The filters are executed on records of a stream that the real stores wrote, with every kind of item there is.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from aduan.channel import Run
from aduan.notice import Notice
from aduan.post import Post
from aduan.store.channels import DynamoChannelStore
from aduan.store.contacts import DynamoContactStore
from aduan.store.notices import DynamoNoticeStore
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table, notice_key, post_key, ticket_key, to_image
from aduan.store.tickets import DynamoTicketStore
from aduan.ticket import Ticket
from tests import moves
from tests.builders import (
    NOON,
    a_channel,
    a_channel_notice,
    a_contact_notice,
    a_notice,
    a_post,
    a_rejected,
    a_ticket,
    a_triage,
    an_event,
)
from tests.codes import ticket_code
from tests.table import create_table
from tests.template.declared import FUNCTIONS, events
from tests.template.filters import matches
from tests.template.recorded import CHATTER
from tests.unit.fakes_notify import a_contact

CONSUMERS = events("DynamoDB")
LAMBDA_MAXIMUM = {"attempts": 10_000, "age": 604_800}
WANTED = {
    "Classify": {"post insert", "post revised"},
    "Notify": {"notice insert", "channel notice insert", "contact notice insert"},
}
"""The records that each consumer must get; it must get no other record."""
KINDS = {
    "post insert",
    "post settled",
    "post revised",
    "post revised again",
    "post decided again",
    "post gone",
    "post of a ticket",
    "post deleted",
    "post expired",
    "quarantine insert",
    "quarantine expired",
    "cursor insert",
    "cursor modify",
    "run insert",
    "run expired",
    "channel notice insert",
    "channel notice claimed",
    "channel notice sent",
    "ticket insert",
    "ticket modify",
    "voice insert",
    "event insert",
    "notice insert",
    "notice claimed",
    "notice sent",
    "notice refused",
    "notice postponed",
    "notice unknown",
    "notice parked",
    "notice reported",
    "notice bounced",
    "stats insert",
    "stats modify",
    "contact insert",
    "contact modify",
    "contact died",
    "contact notice insert",
}

each_consumer = pytest.mark.parametrize("consumer", CONSUMERS)


class Stream:
    """A table's stream, read from its beginning. Each record gets the name of the step that wrote it."""

    def __init__(self, table: Table) -> None:
        self.records: list[tuple[str, dict[str, Any]]] = []
        self._client = boto3.client("dynamodbstreams")
        arn = table.client.describe_table(TableName=table.name)["Table"]["LatestStreamArn"]
        [shard] = self._client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        self._iterator = self._client.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]

    def take(self, name: str | Callable[[dict[str, Any]], str]) -> None:
        """Name the records written since."""
        answer = self._client.get_records(ShardIterator=self._iterator)
        self._iterator = answer["NextShardIterator"]
        for raw in answer["Records"]:
            record: dict[str, Any] = {**raw}
            self.records.append((name if isinstance(name, str) else name(record), record))

    def expire(self, name: str) -> None:
        """Name the removals written since, as DynamoDB marks what its own expiry removed."""
        before = len(self.records)
        self.take(name)
        for _, record in self.records[before:]:
            record["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def names_of_an_opening(post: Post, ticket: Ticket, notices: list[Notice]) -> Callable[[dict[str, Any]], str]:
    """Return a function that names the records of the transaction opening a ticket, by their keys."""
    known = {
        tuple(post_key(post.key).values()): "post of a ticket",
        tuple(ticket_key(ticket.code).values()): "ticket insert",
        **{tuple(notice_key(notice.id).values()): "notice insert" for notice in notices},
    }

    def name(record: dict[str, Any]) -> str:
        pk, sk = (record["dynamodb"]["Keys"][part]["S"] for part in ("pk", "sk"))
        if pk.startswith("STATS#"):
            return f"stats {record['eventName'].lower()}"
        kind = sk.partition("#")[0].lower()
        return known.get((pk, sk), f"{kind} insert")

    return name


@pytest.fixture(name="records", scope="module")
def _records() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Every kind of record, with its name."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        # Before the fixture that empties the environment, because this one lives longer.
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "ap-southeast-1")
        patch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")
        table = create_table()
        stream = Stream(table)
        write_posts(table, stream)
        write_channels(table, stream)
        write_tickets(table, stream)
        write_contacts(table, stream)
        yield stream.records


def delete(table: Table, record: Mapping[str, Any]) -> None:
    """Remove the item of a record."""
    table.client.delete_item(TableName=table.name, Key=record["dynamodb"]["Keys"])


def write_posts(table: Table, stream: Stream) -> None:
    """Store, decide, delete and expire posts; one of them cannot be read."""
    posts = DynamoPostStore(table)
    for native_id in ("1", "2"):
        posts.add(a_post(native_id=native_id))
    stream.take("post insert")
    for native_id in ("1", "2"):
        posts.settle(a_post(native_id=native_id), CHATTER, NOON)
    stream.take("post settled")
    posts.revise(a_post(native_id="1", text="another text"))
    stream.take("post revised")
    posts.revise(a_post(native_id="1", text="and another before it was decided"))
    stream.take("post revised again")
    posts.settle(a_post(native_id="1", text="and another before it was decided"), CHATTER, NOON)
    stream.take("post decided again")
    posts.erase(a_post(native_id="1"), "gone at the source", NOON)
    stream.take("post gone")
    table.client.delete_item(TableName=table.name, Key=to_image(post_key("instagram#1")))
    stream.take("post deleted")
    table.client.delete_item(TableName=table.name, Key=to_image(post_key("instagram#2")))
    stream.expire("post expired")
    posts.quarantine(a_rejected(), NOON)
    stream.take("quarantine insert")
    delete(table, stream.records[-1][1])
    stream.expire("quarantine expired")


def write_channels(table: Table, stream: Stream) -> None:
    """Lease, release and account for a channel, and notify its owner."""
    channels = DynamoChannelStore(table)
    leased = channels.lease(channels.read(a_channel().id), "run-1", NOON, NOON + timedelta(minutes=1))
    stream.take("cursor insert")
    channels.release(leased, "run-1")
    stream.take("cursor modify")
    run = Run(channel=a_channel().id, run_id="run-1", started_at=NOON, finished_at=NOON, read_from=NOON, complete=True)
    channels.record(run)
    stream.take("run insert")
    delete(table, stream.records[-1][1])
    stream.expire("run expired")
    notices = DynamoNoticeStore(table)
    notices.add(a_channel_notice())
    stream.take("channel notice insert")
    claimed = notices.claim(a_channel_notice(), "one", NOON, "kanal@diskominfo.example", "diskominfo")
    stream.take("channel notice claimed")
    notices.sent(claimed, "message-1", NOON)
    stream.take("channel notice sent")


def write_tickets(table: Table, stream: Stream) -> None:
    """Open tickets with everything that belongs to them, and bring each notice to a different end."""
    notices = DynamoNoticeStore(table)
    for native_id, end in (
        ("a", "sent"), ("b", "refused"), ("c", "postponed"), ("d", "unknown"), ("e", "parked"), ("f", "parked"),
        ("g", "reported"), ("h", "bounced"), ("i", "sent"), ("j", "sent"),
    ):  # fmt: skip
        post = a_post(native_id=native_id)
        ticket = a_ticket(code=ticket_code(post.key), post=post.key)
        told = [a_notice(ticket=ticket.code, medium=medium) for medium in ("email", "sms")]
        DynamoPostStore(table).add(post)
        stream.take("post insert")
        DynamoTicketStore(table).write(moves.opened(post, a_triage(), ticket, told, [an_event(ticket=ticket.code)]))
        stream.take(names_of_an_opening(post, ticket, told))
        claimed = notices.claim(told[0], "one", NOON, "lampu@dishub.example", "dishub")
        stream.take("notice claimed")
        {
            "sent": lambda notice: notices.sent(notice, "message-1", NOON),
            "refused": lambda notice: notices.refused(notice, "no such mailbox"),
            "postponed": lambda notice: notices.postponed(notice, "too many", NOON + timedelta(minutes=5)),
            "unknown": lambda notice: notices.unknown(notice, "the reply was lost"),
            "parked": lambda notice: notices.park(notice, "nobody knows"),
            "reported": lambda notice: notices.record(notice, notice.model_copy(update={"state": "sent"})),
            "bounced": lambda notice: notices.record(
                notice, notice.model_copy(update={"state": "pending", "act_at": NOON})
            ),
        }[end](claimed)
        stream.take(f"notice {end}")
    table.client.update_item(
        TableName=table.name,
        Key=to_image(ticket_key(ticket_code("instagram#a"))),
        UpdateExpression="SET version = :two",
        ExpressionAttributeValues={":two": {"N": "2"}},
    )
    stream.take("ticket modify")


def write_contacts(table: Table, stream: Stream) -> None:
    """Write and replace a contact, and let its address die."""
    contacts = DynamoContactStore(table)
    contacts.put(a_contact("dlh"))
    stream.take("contact insert")
    contacts.put(a_contact("dlh", phone=False))
    stream.take("contact modify")
    assert contacts.died(a_contact("dlh"), a_contact_notice(about="dlh"))
    stream.take(lambda record: "contact died" if record["eventName"] == "MODIFY" else "contact notice insert")


def patterns(consumer: str) -> list[dict[str, Any]]:
    """The filter patterns of a consumer; a record that matches one of them is delivered."""
    filters = CONSUMERS[consumer]["FilterCriteria"]["Filters"]
    return [json.loads(each["Pattern"]) for each in filters]


def delivered(consumer: str, record: Mapping[str, Any]) -> bool:
    """Tell whether a consumer gets a record."""
    return any(matches(pattern, record) for pattern in patterns(consumer))


def test_there_are_two_stream_consumers() -> None:
    """Exactly two functions read the stream: it serves two without throttling, and a third would slow both."""
    assert sorted(consumer.partition(".")[0] for consumer in CONSUMERS) == ["Classify", "Notify"]
    for properties in CONSUMERS.values():
        assert properties["Stream"] == {"Fn::GetAtt": ["Storage", "Outputs.StreamArn"]}


@each_consumer
def test_nothing_written_while_a_deployment_runs_is_missed(consumer: str) -> None:
    """Each consumer starts reading at the oldest record."""
    assert CONSUMERS[consumer]["StartingPosition"] == "TRIM_HORIZON"
    assert CONSUMERS[consumer].get("Enabled", True) is True


@each_consumer
def test_one_bad_record_delays_the_others_by_little(consumer: str) -> None:
    """A failed batch is halved, and only failed records are retried, for a bounded number of times and hours."""
    properties = CONSUMERS[consumer]
    assert properties["BisectBatchOnFunctionError"] is True
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert 1 <= properties["MaximumRetryAttempts"] < LAMBDA_MAXIMUM["attempts"]
    assert 3600 <= properties["MaximumRecordAgeInSeconds"] < 24 * 3600, "the stream itself forgets after a day"
    assert properties["MaximumRecordAgeInSeconds"] < LAMBDA_MAXIMUM["age"]


@each_consumer
def test_what_is_given_up_is_kept_whole(consumer: str) -> None:
    """A bucket gets each abandoned record itself; a queue would get only its former place in the stream."""
    target = CONSUMERS[consumer]["DestinationConfig"]["OnFailure"]
    assert target == {"Type": "S3", "Destination": {"Fn::GetAtt": ["FailedRecords", "Arn"]}}


@each_consumer
def test_every_record_of_a_batch_has_its_time(consumer: str) -> None:
    """A full batch leaves each of its records two seconds of the function's time, twice what one takes."""
    function = consumer.partition(".")[0]
    assert FUNCTIONS[function]["Timeout"] / CONSUMERS[consumer]["BatchSize"] >= 2


@each_consumer
def test_a_consumer_filters(consumer: str) -> None:
    """There is a filter, and every pattern is one that this test can execute."""
    assert patterns(consumer)
    for pattern in patterns(consumer):
        matches(pattern, {})


def test_every_kind_of_record_is_tried(records: list[tuple[str, dict[str, Any]]]) -> None:
    """The records cover everything the product writes, and an expiry looks like DynamoDB's."""
    assert {name for name, _ in records} == KINDS
    operations = Counter(record["eventName"] for _, record in records)
    assert set(operations) == {"INSERT", "MODIFY", "REMOVE"}
    assert all("userIdentity" in record for name, record in records if name.endswith("expired"))


@each_consumer
def test_a_consumer_gets_exactly_what_is_its_own(consumer: str, records: list[tuple[str, dict[str, Any]]]) -> None:
    """Classify gets every new post and version, Notify every new notice, and neither anything else."""
    wanted = WANTED[consumer.partition(".")[0]]
    for name, record in records:
        assert delivered(consumer, record) is (name in wanted), name


def test_no_record_goes_to_both(records: list[tuple[str, dict[str, Any]]]) -> None:
    """The filters are disjoint, so that no record is paid for or processed twice."""
    for name, record in records:
        assert sum(delivered(consumer, record) for consumer in CONSUMERS) <= 1, name


def test_no_key_can_carry_a_record_to_the_wrong_consumer() -> None:
    """A filter is not fooled by a name inside a key that begins like another item's key."""
    keys = [
        ("POST#NOTICE#1", "POST", "Classify"),
        ("QUARANTINE#POST#", "POST#1", None),
        ("TICKET#POST#1", "VOICE#POST#NOTICE#1", None),
        ("TICKET#SLM-000000", "NOTICE#POST#email", "Notify"),
        ("CHANNEL#POST:x", "NOTICE#permission#POST", "Notify"),
        ("CHANNEL#instagram:NOTICE", "CURSOR", None),
        ("STATS#2026-11#0", "NOTICES#a#b", None),
        ("DEPARTMENT#NOTICE#", "CONTACT", None),
    ]
    for pk, sk, wanted in keys:
        record = {"eventName": "INSERT", "dynamodb": {"Keys": {"pk": {"S": pk}, "sk": {"S": sk}}}}
        got = [consumer.partition(".")[0] for consumer in CONSUMERS if delivered(consumer, record)]
        assert got == ([wanted] if wanted else []), (pk, sk)
