"""The stream repeats, reorders or is poisoned, a deployment is bad, or a decision is cut off in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.directory_loading import load_directory
from aduan.post import Post
from aduan.store.posts import LEFT_BEHIND, DynamoPostStore
from aduan.store.table import post_key, to_image
from aduan.store.tickets import DynamoTicketStore
from classify.decide import decide
from follow_up.redrive import Redrive, Redriven
from infra.templates import load
from notify.senders import NotAcceptedError, OutcomeUnknownError
from tests.builders import NOON, a_post, a_triage
from tests.classifying import (
    ALL,
    CONTEXT,
    FIRE,
    GREETING,
    LAMP,
    TICKETED,
    TOLD,
    UNCLEAR,
    Deployed,
    a_record,
    failures,
    metrics_of,
)
from tests.codes import ticket_code
from tests.in_memory.memory import Killed, Memory
from tests.in_memory.posts import InMemoryPostStore
from tests.in_memory.tickets import InMemoryTicketStore
from tests.sending import MINUTE, Sending
from tests.template.declared import FUNCTIONS, GLOBALS, RESOURCES, events

DIRECTORY = load_directory()
KEPT = timedelta(days=30)
HOUR_SECONDS = 3600
ALARMS = load("infra/alarms.yaml")["Resources"]


# ------------------------------------------------------------------------------------- 19: twice, or a day later


def test_fault_19_a_replayed_batch_changes_nothing(classifier: Deployed) -> None:
    """The same records a day later, doubled and in another order, leave every item as it is."""
    classifier.call(*ALL)
    before = classifier.items()
    classifier.calls.clear()
    assert classifier.call(*reversed(ALL), *ALL) == failures()
    assert classifier.items() == before
    assert set(classifier.calls) == {"GetItem"}


def test_fault_19_a_record_twice_in_one_batch_opens_one_ticket(classifier: Deployed) -> None:
    """The second sees what the first did."""
    assert classifier.call(LAMP, LAMP) == failures()
    assert classifier.kinds() == {"TICKET": 1, "VOICE": 1, "EVENT": 1, "NOTICE": 1}


@given(st.lists(st.booleans(), min_size=2, max_size=8), st.sampled_from(["accept", "refuse", "lose"]))
def test_fault_19_a_notice_delivered_again_is_sent_once(reads: Iterable[bool], answer: str) -> None:
    """Deliveries that read the notice before or after another's claim make one request in all, whatever the answer."""
    sending = Sending()
    refusals = {"refuse": NotAcceptedError("400", retry=False), "lose": OutcomeUnknownError("ReadTimeoutError")}
    sending.mail.behaviour = refusals.get(answer, "accept")
    first = sending.stored()
    outcomes = [sending.deliver(first if old else None) for old in reads]
    assert sending.mail.requests == 1
    assert outcomes[1:] == ["already"] * (len(outcomes) - 1)


def test_fault_19_a_notice_delivered_again_a_day_later_is_not_sent_again() -> None:
    """The whole batch comes again when everything is long done: nothing is sent and nothing written."""
    sending = Sending()
    old = sending.stored()
    assert sending.deliver() == "sent"
    sending.now += timedelta(days=1)
    before, writes = sending.stored(), sending.memory.writes
    assert sending.deliver() == "already"
    assert sending.memory.writes == writes
    assert sending.deliver(old) == "already"
    assert (sending.stored(), sending.mail.requests) == (before, 1)


# --------------------------------------------------------------------------------------------- 20: out of order


def test_fault_20_an_old_image_is_not_believed(classifier: Deployed) -> None:
    """The record says new and something else; what the table says is what is decided on."""
    record = a_record(LAMP.model_copy(update={"text": GREETING.text}))
    assert classifier.module.handler({"Records": [record]}, CONTEXT) == failures()
    triage = classifier.stored(LAMP).triage
    assert triage is not None
    assert (triage.route, triage.department) == ("auto", "dishub")


def test_fault_20_an_old_image_of_a_decided_post_changes_nothing(classifier: Deployed) -> None:
    """A post that a person settled meanwhile stays settled, though its record still says new."""
    by_hand = a_triage(is_report=False, route="drop", decided_by="admin-1")
    DynamoPostStore(classifier.table).settle(LAMP, by_hand, LAMP.created_at)
    before = classifier.items()
    assert classifier.call(LAMP) == failures()
    assert classifier.items() == before


def test_fault_20_no_image_reaches_what_decides(classifier: Deployed) -> None:
    """Whatever a record shows, only the key of its item is handed on."""
    given_on: list[Any] = []
    for name in ("INSERT", "MODIFY"):
        classifier.module.handle_each(
            [a_record(LAMP, OldImage={"text": {"S": "x"}}) | {"eventName": name}], given_on.append
        )
    assert given_on == [post_key(LAMP.key)] * 2


TEXTS = (str(LAMP.text), str(FIRE.text), str(GREETING.text), str(UNCLEAR.text))
steps = st.one_of(st.just("record"), st.sampled_from(TEXTS), st.tuples(st.just("meanwhile"), st.sampled_from(TEXTS)))


@given(st.lists(steps, max_size=10))
def test_fault_20_records_and_edits_in_any_order_end_in_the_last_version(plan: list[str | tuple[str, str]]) -> None:
    """With MODIFY before INSERT or an edit between read and write, the last text is decided, in at most one ticket."""
    memory = Memory()
    posts, tickets = InMemoryPostStore(memory), InMemoryTicketStore(memory)
    post = a_post(text=TEXTS[0])
    posts.add(post)

    def edit(text: str) -> None:
        posts.revise(a_post(text=text, fetched_at=NOON + 2 * MINUTE))

    class Overtaken(InMemoryPostStore):
        """A store in which another version of the post comes in between the read and the write."""

        def __init__(self, text: str) -> None:
            super().__init__(memory)
            self.text = text

        def get(self, key: str) -> Post | None:
            found = super().get(key)
            edit(self.text)
            return found

    def record(store: InMemoryPostStore) -> None:
        decide(
            post.key, posts=store, tickets=tickets, directory=DIRECTORY, now=NOON, chatter_for=KEPT, code_of=ticket_code
        )

    last = TEXTS[0]
    for step in (*plan, "record"):
        if step == "record":
            record(posts)
        else:
            last = step if isinstance(step, str) else step[1]
            edit(last) if isinstance(step, str) else record(Overtaken(last))
    stored = memory.posts[post.key]
    assert (stored.state, stored.text) == ("triaged", last)
    alone = InMemoryPostStore(Memory())
    alone.add(a_post(text=last))
    decide(
        post.key,
        posts=alone,
        tickets=InMemoryTicketStore(alone.memory),
        directory=DIRECTORY,
        now=NOON,
        chatter_for=KEPT,
        code_of=ticket_code,
    )
    assert stored.triage == alone.memory.posts[post.key].triage
    assert len(memory.tickets) <= 1
    assert stored.ticket in {None, *memory.tickets}


# ---------------------------------------------------------------------------------------------- 21: partial batch


@pytest.mark.parametrize("poison", range(len(ALL)))
def test_fault_21_what_comes_again_after_a_failed_record_has_no_effect(classifier: Deployed, poison: int) -> None:
    """Lambda goes on from the record that was reported: it is done now, the later ones are read and left alone."""
    classifier.spoil(ALL[poison])
    assert classifier.call(*ALL) == failures(ALL[poison])
    others = {post.key: classifier.stored(post) for post in ALL if post != ALL[poison]}
    mend(classifier, ALL[poison])
    classifier.calls.clear()
    assert classifier.call(*ALL[poison:]) == failures()
    assert {post.key: classifier.stored(post) for post in ALL if post != ALL[poison]} == others
    writes = [call for call in classifier.calls if call != "GetItem"]
    assert writes == (["TransactWriteItems"] if ALL[poison] in TICKETED else ["UpdateItem", "UpdateItem"])
    assert classifier.kinds() == TOLD


def mend(classifier: Deployed, post: Post) -> None:
    """Make a post readable again."""
    classifier.table.client.update_item(
        TableName=classifier.table.name,
        Key=to_image(post_key(post.key)),
        UpdateExpression="SET #kind = :kind",
        ExpressionAttributeNames={"#kind": "kind"},
        ExpressionAttributeValues={":kind": {"S": post.kind}},
    )


# --------------------------------------------------------------------------------------------- 22: poison record


@pytest.mark.parametrize("poison", range(len(ALL)))
def test_fault_22_one_poison_record_is_reported_alone(
    classifier: Deployed, poison: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """Wherever it stands in the batch, the others are decided, and nothing of its text reaches the log."""
    classifier.spoil(ALL[poison])
    assert classifier.call(*ALL) == failures(ALL[poison])
    for post in ALL[:poison] + ALL[poison + 1 :]:
        assert classifier.stored(post).state == "triaged"
    written = capfd.readouterr()
    log = written.out + written.err + classifier.log.getvalue()
    assert "ValidationError" in log
    assert "KENARI" not in log
    assert metrics_of(written.out)["TriageFailed"] == 1


def test_fault_22_what_the_stream_gave_up_stays_new_until_it_can_be_decided(classifier: Deployed) -> None:
    """`follow_up` meets it at every run, brings the others home all the same, and decides it once it is mended."""
    classifier.spoil(LAMP)
    for _ in range(3):
        done = follow_up(classifier, lambda key: decided(classifier, key))
        assert [type(fault).__name__ for fault in done.faults] == ["ValidationError"]
    assert {classifier.stored(post).state for post in ALL[1:]} == {"triaged"}
    mend(classifier, LAMP)
    assert classifier.stored(LAMP).state == "new"
    assert follow_up(classifier, lambda key: decided(classifier, key)).outcomes == {"post_auto": 1}


def follow_up(classifier: Deployed, decider: Callable[[str], str]) -> Redriven:
    """One run over the posts that were left behind."""
    unused: Any = None
    redrive = Redrive(decide=decider, follow=str, delivery=unused)
    now = max(post.fetched_at for post in ALL) + LEFT_BEHIND
    return redrive.run(DynamoPostStore(classifier.table).left_behind(now), [], [], lambda: True)


def decided(classifier: Deployed, key: str) -> str:
    """Decide as `follow_up` does."""
    table = classifier.table
    stores: Any = {"posts": DynamoPostStore(table), "tickets": DynamoTicketStore(table)}
    return decide(key, **stores, directory=DIRECTORY, now=NOON, chatter_for=KEPT, code_of=ticket_code)


def test_fault_22_a_record_that_is_given_up_is_kept_and_heard_of() -> None:
    """The stream's record goes to a bucket; `follow_up`'s failure on it goes to a queue with an alarm."""
    for properties in events("DynamoDB").values():
        assert properties["BisectBatchOnFunctionError"] is True
        assert 0 < properties["MaximumRetryAttempts"] <= 10
        target = properties["DestinationConfig"]["OnFailure"]
        assert target == {"Type": "S3", "Destination": {"Fn::GetAtt": ["FailedRecords", "Arn"]}}
    failed = {"Fn::GetAtt": ["FailedInvocations", "Arn"]}
    config = FUNCTIONS["FollowUp"].get("EventInvokeConfig") or GLOBALS["EventInvokeConfig"]
    assert config["DestinationConfig"]["OnFailure"]["Destination"] == failed
    name = RESOURCES["Alarms"]["Properties"]["Parameters"]["FailedInvocations"]
    assert name == {"Fn::GetAtt": ["FailedInvocations", "QueueName"]}
    assert ALARMS["InvocationFailed"]["Properties"]["Dimensions"] == [
        {"Name": "QueueName", "Value": {"Ref": "FailedInvocations"}}
    ]


# ---------------------------------------------------------------------------------------------- 23: bad deployment


def test_fault_23_a_batch_that_fails_whole_is_reported_and_can_come_again(
    classifier: Deployed, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A bad deployment loses nothing: every record is named, nothing is quoted, and the good code decides them all."""

    def fail(key: str, **_: Any) -> str:
        raise RuntimeError(f"cannot decide about {classifier.stored(a_post(native_id=key.partition('#')[2])).text}")

    with monkeypatch.context() as bad:
        bad.setattr(classifier.module, "decide", fail)
        assert classifier.call(*ALL) == failures(*ALL)
    written = capfd.readouterr()
    assert "KENARI" not in written.out + written.err + classifier.log.getvalue()
    assert metrics_of(written.out)["TriageFailed"] == 4
    assert classifier.call(*ALL) == failures()
    assert classifier.kinds()["TICKET"] == TOLD["TICKET"]


def test_fault_23_a_bad_deployment_is_heard_of_long_before_a_record_is_given_up() -> None:
    """The age of the stream's oldest record raises an alarm within ten minutes; six hours are left to roll back."""
    for name, properties in events("DynamoDB").items():
        assert properties["MaximumRecordAgeInSeconds"] >= 6 * HOUR_SECONDS
        [alarm] = [
            resource["Properties"]
            for resource in ALARMS.values()
            if resource["Type"] == "AWS::CloudWatch::Alarm"
            and resource["Properties"]["MetricName"] == "IteratorAge"
            and resource["Properties"]["Dimensions"][0]["Value"] == {"Ref": name.partition(".")[0]}
        ]
        assert alarm["Threshold"] < 10 * 60 * 1000


def test_fault_23_what_a_bad_deployment_let_the_stream_drop_is_decided_after_it(classifier: Deployed) -> None:
    """Every record was given up, and `follow_up` failed as well: after the rollback it alone decides them all."""

    def fail(key: str) -> str:
        raise RuntimeError(key)

    assert len(follow_up(classifier, fail).faults) == len(ALL)
    assert {classifier.stored(post).state for post in ALL} == {"new"}
    assert follow_up(classifier, lambda key: decided(classifier, key)).outcomes.total() == len(ALL)
    assert classifier.kinds() == TOLD


# -------------------------------------------------------------------- 25: between a decision and what follows from it


def test_fault_25_a_decision_and_its_notice_are_one_write(classifier: Deployed) -> None:
    """Triage, ticket, event, notices and counter are one transaction; chatter is one update, and one of a counter.

    The first read of a process is that of the gate in force.
    """
    classifier.call(LAMP)
    assert classifier.calls == ["GetItem", "GetItem", "TransactWriteItems"]
    classifier.calls.clear()
    classifier.call(GREETING)
    assert classifier.calls == ["GetItem", "UpdateItem", "UpdateItem"]


@pytest.mark.filterwarnings("ignore:No application metrics to publish")  # a real death flushes none
def test_fault_25_a_process_killed_at_any_call_leaves_all_or_nothing(classifier: Deployed) -> None:
    """Dying before any call to the table and coming again decides every post exactly once."""
    for death in range(1, 2 * len(ALL) + 1):
        classifier.calls.clear()
        classifier.death = death
        with pytest.raises(Killed):
            classifier.call(*ALL, *ALL)
        decided = [post for post in ALL if classifier.stored(post).state == "triaged"]
        kinds = classifier.kinds()
        assert kinds["TICKET"] == kinds["VOICE"] == kinds["EVENT"] == sum(post in TICKETED for post in decided)
    classifier.death = None
    assert classifier.call(*ALL) == failures()
    assert classifier.kinds() == TOLD
    counted = [item for item in classifier.items() if item["pk"].startswith("STATS#")]
    assert sum(item["tickets"] for item in counted) == TOLD["TICKET"]
