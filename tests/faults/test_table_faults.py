"""Fault 18: the table throttles, leaves keys unprocessed, or is busy with another transaction."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from moto import mock_aws

from aduan.post import Post
from aduan.store.posts import DynamoPostStore
from aduan.store.table import PAUSE_SECONDS, TRANSACTIONS, Table, open_table
from tests.builders import a_post
from tests.in_memory.posts import InMemoryPostStore
from tests.polling import LEASE, FakeSource, Platform, some_posts
from tests.table import TABLE_NAME, create_table


@pytest.fixture(name="pauses", autouse=True)
def _pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the pauses instead of sleeping."""
    pauses: list[float] = []
    monkeypatch.setattr("aduan.store.table.time.sleep", pauses.append)
    return pauses


def refused(code: str, *reasons: str) -> ClientError:
    """Return the error that the SDK raises."""
    answer: Any = {"Error": {"Code": code}, "CancellationReasons": [{"Code": reason} for reason in reasons]}
    return ClientError(answer, "TransactWriteItems")


@dataclass
class Client:
    """A client that raises each of these errors in turn and then works."""

    faults: list[ClientError]
    calls: int = 0

    def transact_write_items(self, **_: Any) -> None:
        """Raise the next error, or succeed."""
        self.calls += 1
        if self.faults:
            raise self.faults.pop(0)


def test_fault_18_a_transaction_that_met_another_one_is_tried_again_with_growing_pauses(pauses: list[float]) -> None:
    """The transaction is tried a bounded number of times, and no pause is longer than its limit."""
    client = Client([refused("TransactionCanceledException", "TransactionConflict", "None")] * (TRANSACTIONS - 1))
    Table(cast("Any", client), TABLE_NAME).transact([])
    assert client.calls == TRANSACTIONS
    assert len(pauses) == TRANSACTIONS - 1
    assert all(0 <= pause <= PAUSE_SECONDS * number for number, pause in enumerate(pauses, 1))


def test_fault_18_a_conflict_that_lasts_is_raised(pauses: list[float]) -> None:
    """The stream brings the record again; nothing is taken for done."""
    client = Client([refused("TransactionCanceledException", "TransactionConflict")] * 99)
    with pytest.raises(ClientError):
        Table(cast("Any", client), TABLE_NAME).transact([])
    assert client.calls == TRANSACTIONS


@pytest.mark.parametrize(
    "fault",
    [
        refused("TransactionCanceledException", "ConditionalCheckFailed", "None"),
        refused("TransactionCanceledException", "TransactionConflict", "ConditionalCheckFailed"),
        refused("TransactionCanceledException", "ValidationError"),
        refused("ConditionalCheckFailedException"),
    ],
)
def test_fault_18_a_condition_that_does_not_hold_is_not_tried_again(fault: ClientError, pauses: list[float]) -> None:
    """A retry could not make the condition hold."""
    client = Client([fault])
    with pytest.raises(ClientError):
        Table(cast("Any", client), TABLE_NAME).transact([])
    assert (client.calls, pauses) == (1, [])


@pytest.fixture(name="table")
def _table() -> Iterator[Table]:
    with mock_aws():
        yield create_table()


def test_fault_18_unprocessed_keys_are_asked_for_again(
    table: Table, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    """A post that a throttled batch left out is not taken for a new one."""
    posts = [a_post(native_id=str(number)) for number in range(5)]
    for post in posts:
        DynamoPostStore(table).add(post)
    whole: Any = table.client.batch_get_item
    asked: list[int] = []

    def one_at_a_time(RequestItems: Any) -> Any:  # noqa: N803 # the service's name
        [first, *others] = RequestItems[TABLE_NAME]["Keys"]
        asked.append(len(others) + 1)
        answer: Any = whole(RequestItems={TABLE_NAME: {**RequestItems[TABLE_NAME], "Keys": [first]}})
        return {**answer, "UnprocessedKeys": {TABLE_NAME: {"Keys": others}} if others else {}}

    monkeypatch.setattr(table.client, "batch_get_item", one_at_a_time)
    assert DynamoPostStore(table).digests(posts) == {post.key: post.digest for post in posts}
    assert asked == [5, 4, 3, 2, 1]
    assert len(pauses) == 4


@dataclass
class Throttled:
    """Stands for the network behind the SDK: DynamoDB refuses the first requests and accepts later ones."""

    refusals: int
    requests: int = 0

    def send(self, request: Any) -> AWSResponse:
        """Answer one request as DynamoDB would on the wire."""
        self.requests += 1
        refused = self.requests <= self.refusals
        fault = b'{"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}'
        body = io.BytesIO(fault if refused else b"{}")
        raw = SimpleNamespace(stream=lambda **_: iter([body.getvalue()]))
        headers = cast("Any", {"content-type": "application/x-amz-json-1.0"})
        return AWSResponse(request.url, 400 if refused else 200, headers, cast("Any", raw))


ATTEMPTS = 4
"""How often the SDK may try a call to the table, the first attempt included."""


def throttled_table(refusals: int) -> tuple[Table, Throttled]:
    """Return the table as the functions open it, with their limits, on a fake network."""
    table = open_table(boto3.Session(), TABLE_NAME)
    network = Throttled(refusals)
    table.client._endpoint.http_session = network  # type: ignore[attr-defined] # noqa: SLF001 # below all retries
    return table, network


def test_fault_18_a_throttled_write_is_repeated_within_bounds(pauses: list[float]) -> None:
    """The SDK tries a few times with pauses; a throttle that passes costs nothing else."""
    table, network = throttled_table(ATTEMPTS - 1)
    assert DynamoPostStore(table).add(a_post()) is True
    assert (network.requests, len(pauses)) == (ATTEMPTS, ATTEMPTS - 1)
    assert sum(pauses) < 10


def test_fault_18_a_write_that_stays_throttled_is_raised() -> None:
    """The write is neither repeated for ever nor taken for a post that is stored already."""
    table, network = throttled_table(99)
    with pytest.raises(ClientError, match="ProvisionedThroughputExceeded"):
        DynamoPostStore(table).add(a_post())
    assert network.requests == ATTEMPTS


def test_fault_18_what_was_not_stored_is_not_counted_as_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run whose second post is refused fails without moving the cursor, and the next run stores the rest."""
    platform = Platform()
    source = FakeSource({"a": some_posts(1, 2, 3)})
    add = InMemoryPostStore.add

    def throttled(self: InMemoryPostStore, post: Post) -> bool:
        if post.native_id == "2":
            raise refused("ProvisionedThroughputExceededException")
        return add(self, post)

    with monkeypatch.context() as refusing:
        refusing.setattr(InMemoryPostStore, "add", throttled)
        with pytest.raises(ClientError):
            platform.poll(source)
    assert set(platform.memory.posts) == {"instagram#1"}
    assert (platform.cursor.watermark, platform.cursor.marks, platform.memory.runs) == (None, {}, [])
    platform.now += LEASE
    run = platform.poll(source)
    assert run is not None
    assert (run.complete, run.new, run.duplicate) == (True, 2, 1)
