"""The stream of new posts ends in decisions, whatever order, repetition or poison the stream brings."""

import importlib
import io
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from aduan.post import Post
from aduan.settings import SettingsError
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table, from_image, post_key, to_image, to_item
from aduan.ticket import ticket_code
from classify import decide as decisions
from tests.builders import a_post, a_triage
from tests.fake_bedrock import OFF
from tests.in_memory import Killed
from tests.table import TABLE_NAME, create_table

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


def load_handler(monkeypatch: pytest.MonkeyPatch, **environment: str) -> ModuleType:
    """Import the handler as a cold start does, with this environment."""
    for name, value in ({"TABLE_NAME": TABLE_NAME, "CHATTER_RETENTION_DAYS": "30"} | OFF | environment).items():
        monkeypatch.setenv(name, value)
    sys.modules.pop("classify.handler", None)
    return importlib.import_module("classify.handler")


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
    """The answer that names these posts' records."""
    return {"batchItemFailures": [{"itemIdentifier": f"1000{post.native_id}"} for post in posts]}


@dataclass
class Deployed:
    """The function on moto, with new posts that wait."""

    module: ModuleType
    table: Table
    log: io.StringIO
    calls: list[str] = field(default_factory=list)
    """What the function asked of AWS, in order."""
    death: int | None = None
    """The call before which the process dies."""

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
        found = [from_image(image) for image in self.table.client.scan(TableName=TABLE_NAME)["Items"]]
        return sorted(found, key=lambda item: (item["pk"], item["sk"]))

    def kinds(self) -> Counter[str]:
        """How many items of each sort lie under tickets."""
        return Counter(item["sk"].partition("#")[0] for item in self.items() if item["pk"].startswith("TICKET#"))

    def spoil(self, post: Post) -> None:
        """Make a post unreadable in the table; its text is where the kind should be."""
        self.table.client.update_item(
            TableName=TABLE_NAME,
            Key=to_image(post_key(post.key)),
            UpdateExpression="SET #kind = #text",
            ExpressionAttributeNames={"#kind": "kind", "#text": "text"},
        )

    def before_call(self, model: Any, **_: Any) -> None:
        """Count a call, or die."""
        self.calls.append(model.name)
        if len(self.calls) == self.death:
            raise Killed


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    with mock_aws():
        table = create_table()
        for post in ALL:
            DynamoPostStore(table).add(post)
        module = load_handler(monkeypatch)
        log = io.StringIO()
        module.logger.registered_handler.setStream(log)
        found = Deployed(module, table, log)
        module.table.client.meta.events.register("before-call", found.before_call)
        yield found


def metrics_of(output: str) -> dict[str, float]:
    """Metrics that were written."""
    found: dict[str, float] = {}
    for line in filter(None, output.splitlines()):
        written = json.loads(line)
        for group in written.get("_aws", {}).get("CloudWatchMetrics", []):
            found |= {metric["Name"]: sum(written[metric["Name"]]) for metric in group["Metrics"]}
    return found


def test_a_batch_of_new_posts_is_decided(deployed: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """Reports have tickets and notices, chatter has an end date, and each decision is counted."""
    assert deployed.call(*ALL) == failures()
    routes = [triage.route for post in ALL if (triage := deployed.stored(post).triage)]
    assert routes == ["auto", "auto", "drop", "desk"]
    assert deployed.kinds() == {"TICKET": 3, "VOICE": 3, "EVENT": 3, "NOTICE": 4}
    [chatter] = [item for item in deployed.items() if item["pk"] == f"POST#{GREETING.key}"]
    assert "expires_at" in chatter
    metrics = metrics_of(capsys.readouterr().out)
    assert {name: metrics[name] for name in ("TriageAuto", "TriageDrop", "TriageDesk")} == {
        "TriageAuto": 2,
        "TriageDrop": 1,
        "TriageDesk": 1,
    }


def test_a_decision_is_one_read_and_one_write(deployed: Deployed) -> None:
    """Triage, ticket, event, notices and counter are one transaction; chatter is one update."""
    deployed.call(LAMP)
    assert deployed.calls == ["GetItem", "TransactWriteItems"]
    deployed.calls.clear()
    deployed.call(GREETING)
    assert deployed.calls == ["GetItem", "UpdateItem"]


def test_a_replayed_batch_changes_nothing(deployed: Deployed) -> None:
    """The same records a day later, doubled and in another order, leave every item as it is."""
    deployed.call(*ALL)
    before = deployed.items()
    deployed.calls.clear()
    assert deployed.call(*reversed(ALL), *ALL) == failures()
    assert deployed.items() == before
    assert set(deployed.calls) == {"GetItem"}


def test_a_record_twice_in_one_batch_opens_one_ticket(deployed: Deployed) -> None:
    """The second sees what the first did."""
    assert deployed.call(LAMP, LAMP) == failures()
    assert deployed.kinds() == {"TICKET": 1, "VOICE": 1, "EVENT": 1, "NOTICE": 1}


def test_an_old_image_is_not_believed(deployed: Deployed) -> None:
    """The record says new and something else; what the table says is what is decided on."""
    record = a_record(LAMP.model_copy(update={"text": GREETING.text}))
    assert deployed.module.handler({"Records": [record]}, CONTEXT) == failures()
    triage = deployed.stored(LAMP).triage
    assert triage is not None
    assert (triage.route, triage.department) == ("auto", "dishub")


def test_an_old_image_of_a_decided_post_changes_nothing(deployed: Deployed) -> None:
    """A post that a person settled meanwhile stays settled, though its record still says new."""
    by_hand = a_triage(is_report=False, route="drop", decided_by="admin-1")
    DynamoPostStore(deployed.table).settle(LAMP, by_hand, LAMP.created_at)
    before = deployed.items()
    assert deployed.call(LAMP) == failures()
    assert deployed.items() == before


def test_a_record_without_its_post_is_done(deployed: Deployed) -> None:
    """What was deleted at the source before it was decided is not tried again."""
    assert deployed.call(a_post(native_id="404")) == failures()
    assert deployed.kinds() == {}


@pytest.mark.parametrize("poison", range(len(ALL)))
def test_one_poison_record_is_reported_alone(
    deployed: Deployed, poison: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """Wherever it stands in the batch, the others are decided, and nothing of its text reaches the log."""
    deployed.spoil(ALL[poison])
    assert deployed.call(*ALL) == failures(ALL[poison])
    for post in ALL[:poison] + ALL[poison + 1 :]:
        assert deployed.stored(post).state == "triaged"
    written = capfd.readouterr()
    log = written.out + written.err + deployed.log.getvalue()
    assert "ValidationError" in log
    assert "KENARI" not in log
    assert metrics_of(written.out)["TriageFailed"] == 1


def test_a_batch_that_fails_whole_is_reported_and_can_come_again(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A bad deployment loses nothing: every record is named, nothing is quoted, and the good code decides them all."""

    def fail(key: str, **_: Any) -> str:
        raise RuntimeError(f"cannot decide about {deployed.stored(a_post(native_id=key.partition('#')[2])).text}")

    with monkeypatch.context() as bad:
        bad.setattr(deployed.module, "decide", fail)
        assert deployed.call(*ALL) == failures(*ALL)
    written = capfd.readouterr()
    assert "KENARI" not in written.out + written.err + deployed.log.getvalue()
    assert metrics_of(written.out)["TriageFailed"] == 4
    assert deployed.call(*ALL) == failures()
    assert deployed.kinds()["TICKET"] == 3


@pytest.mark.parametrize(
    ("code", "reasons"),
    [
        ("TransactionCanceledException", ["TransactionConflict", "None", "None", "None", "None", "None"]),
        ("TransactionCanceledException", ["None", "None", "None", "None", "None", "ThrottlingError"]),
        ("ProvisionedThroughputExceededException", []),
        ("InternalServerError", []),
    ],
)
def test_a_table_that_refuses_is_no_decision(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch, code: str, reasons: list[str]
) -> None:
    """A conflict, a throttle and a fault are not taken for "already decided": the record comes again and succeeds."""

    def refuse(**_: Any) -> None:
        answer: Any = {"Error": {"Code": code}, "CancellationReasons": [{"Code": reason} for reason in reasons]}
        raise ClientError(answer, "TransactWriteItems")

    with monkeypatch.context() as refused:
        refused.setattr(deployed.module.table.client, "transact_write_items", refuse)
        assert deployed.call(LAMP, GREETING) == failures(LAMP)
    assert deployed.stored(LAMP).state == "new"
    assert deployed.call(LAMP, GREETING) == failures()
    assert deployed.stored(LAMP).ticket == ticket_code(LAMP.key)


def test_a_classifier_that_fails_loses_nothing(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything goes to the desk, and no word of it into the log."""

    def fail(text: str, *_: object, **__: object) -> None:
        raise ValueError(text)

    monkeypatch.setattr(decisions, "classify", fail)
    assert deployed.call(*ALL) == failures()
    routes = [triage.route for post in ALL if (triage := deployed.stored(post).triage)]
    assert routes == ["desk"] * 4
    assert "KENARI" not in deployed.log.getvalue()


@pytest.mark.filterwarnings("ignore:No application metrics to publish")  # a real death flushes none
def test_a_process_killed_at_any_call_leaves_all_or_nothing(deployed: Deployed) -> None:
    """Dying before any call to the table and coming again decides every post exactly once."""
    for death in range(1, 2 * len(ALL) + 1):
        deployed.calls.clear()
        deployed.death = death
        with pytest.raises(Killed):
            deployed.call(*ALL, *ALL)
        decided = [post for post in ALL if deployed.stored(post).state == "triaged"]
        kinds = deployed.kinds()
        assert kinds["TICKET"] == kinds["VOICE"] == kinds["EVENT"] == sum(post != GREETING for post in decided)
    deployed.death = None
    assert deployed.call(*ALL) == failures()
    assert deployed.kinds() == {"TICKET": 3, "VOICE": 3, "EVENT": 3, "NOTICE": 4}
    counted = [item for item in deployed.items() if item["pk"].startswith("STATS#")]
    assert sum(item["tickets"] for item in counted) == 3


def test_the_log_names_posts_and_outcomes_only(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """Keys and outcomes are logged; texts and links are not."""
    deployed.call(*ALL)
    written = capfd.readouterr()
    log = written.out + written.err + deployed.log.getvalue()
    assert '"post":"instagram#1"' in log
    assert '"outcome":"auto"' in log
    for secret in ("KENARI", "lampu", "instagram.com"):
        assert secret not in log


@pytest.mark.parametrize(("name", "value"), [("TABLE_NAME", ""), ("CHATTER_RETENTION_DAYS", "0")])
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """The function does not start with a setting that cannot be meant, and says which."""
    with pytest.raises(SettingsError, match=name):
        load_handler(monkeypatch, **{name: value})
