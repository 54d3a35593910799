"""The deployed `classify` on moto, with posts that wait for their decision."""

from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import ModuleType, SimpleNamespace
from typing import Any

from aduan.post import Post
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table, post_key, to_image, to_item
from tests.builders import a_post
from tests.deployment import Deployment
from tests.in_memory.memory import Killed
from tests.table import TABLE_NAME, everything

CONTEXT = SimpleNamespace(aws_request_id="request-1")
LAMP = a_post(native_id="1", text="KENARI-1 min, lampu jalan depan pasar Condongcatur mati, tolong diperbaiki")
FIRE = a_post(
    native_id="2",
    text="KENARI-2 tolong min kebakaran di Gamping, api besar di rumah warga",
    created_at=datetime.now(UTC),  # an emergency is one for six hours
)
GREETING = a_post(native_id="3", text="Selamat pagi min, semoga sehat selalu KENARI-3")
UNCLEAR = a_post(native_id="4", text="KENARI-4 min iki piye to jan ora karuan tenan, tolong")
ALL = (LAMP, FIRE, GREETING, UNCLEAR)
TICKETED = (LAMP, FIRE)
"""Those that are surely reports: the greeting is dropped, and a person looks at what is unclear."""
TOLD = {"TICKET": 2, "VOICE": 2, "EVENT": 2, "NOTICE": 3}
"""What there is for all of them: two tickets, and of the fire an SMS besides the mail."""


def a_record(post: Post, **changes: Any) -> dict[str, Any]:
    """The stream record of a post's INSERT, made as the store makes the item."""
    image = to_image(to_item(post, post_key(post.key), work_queue="POST#0", act_at="2026-11-03T05:06:00.000000Z"))
    stream = {
        "Keys": to_image(post_key(post.key)),
        "NewImage": image,
        "SequenceNumber": f"1000{post.native_id}",
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    return {
        "eventID": f"event-{post.native_id}",
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": stream | changes,
    }


def failures(*posts: Post) -> dict[str, Any]:
    """The function's return value that reports these posts' records as failed."""
    return {"batchItemFailures": [{"itemIdentifier": f"1000{post.native_id}"} for post in posts]}


@dataclass
class Deployed:
    """The function on moto, with new posts that wait for their decision."""

    module: ModuleType
    table: Table
    log: io.StringIO
    calls: list[str] = field(default_factory=list)
    """The calls that the function made to AWS, in order."""
    death: int | None = None
    """The number of the call before which the process dies; None when it lives."""

    def call(self, *posts: Post) -> Any:
        """Invoke the function with the records of these posts."""
        return self.module.handler({"Records": [a_record(post) for post in posts]}, CONTEXT)

    def stored(self, post: Post) -> Post:
        """The post as it lies in the table."""
        found = DynamoPostStore(self.table).get(post.key)
        assert found is not None
        return found

    def items(self) -> list[dict[str, Any]]:
        """Everything in the table."""
        found = everything(self.table)
        return sorted(found, key=lambda item: (item["pk"], item["sk"]))

    def kinds(self) -> Counter[str]:
        """Count the items of each kind that lie under tickets."""
        return Counter(item["sk"].partition("#")[0] for item in self.items() if item["pk"].startswith("TICKET#"))

    def spoil(self, post: Post) -> None:
        """Make a post unreadable in the table: its text takes the place of its kind."""
        self.table.client.update_item(
            TableName=TABLE_NAME,
            Key=to_image(post_key(post.key)),
            UpdateExpression="SET #kind = #text",
            ExpressionAttributeNames={"#kind": "kind", "#text": "text"},
        )

    def before_call(self, model: Any, **_: Any) -> None:
        """Record a call, or die in its place."""
        self.calls.append(model.name)
        if len(self.calls) == self.death:
            raise Killed


def classifying(deployed: Deployment) -> Deployed:
    """The function on moto, with `ALL` in the table."""
    for post in ALL:
        DynamoPostStore(deployed.table).add(post)
    found = Deployed(deployed("Classify"), deployed.table, deployed.log)
    found.module.table.client.meta.events.register("before-call", found.before_call)
    return found


def metrics_of(output: str) -> dict[str, float]:
    """The metrics in the function's output, by name."""
    found: dict[str, float] = {}
    for line in filter(None, output.splitlines()):
        written = json.loads(line)
        for group in written.get("_aws", {}).get("CloudWatchMetrics", []):
            found |= {metric["Name"]: sum(written[metric["Name"]]) for metric in group["Metrics"]}
    return found
