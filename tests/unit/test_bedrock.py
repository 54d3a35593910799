"""A model is asked once, within its time and its budget; whatever goes wrong, the decision stands."""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.stub import Stubber

from aduan.directory_loading import load_directory
from aduan.store.table import Table
from aduan.triage import DESK, Triage
from classify.bedrock import MICRO, PATIENCE_SECONDS, WINDOW_SECONDS, SecondOpinion, SecondOpinionSettings
from classify.bedrock import open_second_opinion as opened
from classify.classifier import UNSURE_TOPIC
from classify.second_opinion import Prices, dearest, request_about
from tests.builders import NOON, a_post, a_triage
from tests.fake_bedrock import MODEL, OFF, ON, SPENT, a_response, codes
from tests.in_memory.memory import Memory
from tests.in_memory.spending import InMemorySpendingStore
from tests.local_http import Answer, Asked, serving

DIRECTORY = load_directory()
POST = a_post(text="KENARI-1 lampu jalan depan pasar mati")
UNSURE = a_triage(department=DESK, guess="dishub", route="desk", reasons=(UNSURE_TOPIC,))
MONTH = "2026-11"
BOOKED = dearest(request_about(POST.text, DIRECTORY, MODEL), Prices(1, 5))


def settings_of(**changes: str) -> SecondOpinionSettings:
    """Return settings as the environment gives them."""
    return SecondOpinionSettings.model_validate({name.lower(): value for name, value in (ON | changes).items()})


@dataclass
class FakeClient:
    """A client whose answers are made by a function."""

    answer: Callable[[], Any] = a_response
    requests: list[dict[str, Any]] = field(default_factory=list)

    def converse(self, **request: Any) -> Any:
        """Return the function's answer."""
        self.requests.append(request)
        return self.answer()


@dataclass
class World:
    """One process that asks a model."""

    client: FakeClient = field(default_factory=FakeClient)
    memory: Memory = field(default_factory=Memory)
    counted: Counter[str] = field(default_factory=Counter)
    settings: SecondOpinionSettings = field(default_factory=settings_of)
    now: float = 1000.0

    def __post_init__(self) -> None:
        self.asking = SecondOpinion(
            connect=lambda: self.client,
            spending=InMemorySpendingStore(self.memory),
            directory=DIRECTORY,
            settings=self.settings,
            count=lambda name: self.counted.update([name]),
            clock=lambda: self.now,
        )

    def ask(self, triage: Triage = UNSURE) -> Triage:
        """Ask for a second opinion on the post."""
        return self.asking(POST, triage, NOON)


def raising(error: Exception) -> Callable[[], Any]:
    """Return an answer that raises this error."""

    def answer() -> Any:
        raise error

    return answer


def a_refusal(status: int, code: str = "Exception") -> ClientError:
    """Return Bedrock's error with this status; its message quotes the request."""
    answer: Any = {"Error": {"Code": code, "Message": POST.text}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Converse")


def test_an_answer_is_followed_and_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    """The request matches Bedrock's own description of the call, and the month is charged for what it used."""
    client = boto3.client("bedrock-runtime")
    world = World()
    monkeypatch.setattr(world.asking, "connect", lambda: client)
    with Stubber(client) as stubber:
        stubber.add_response("converse", a_response(), request_about(POST.text, DIRECTORY, MODEL))
        decided = world.ask()
        stubber.assert_no_pending_responses()
    assert (decided.route, decided.department) == ("auto", "dishub")
    assert world.memory.spent == {("SECOND_OPINIONS", MONTH): SPENT}
    assert world.memory.unsettled == set()
    assert world.counted == {"SecondOpinionAsked": 1, "SecondOpinionFollowed": 1}


def test_what_is_decided_is_not_asked_about() -> None:
    """A settled decision causes no request, no write and no metric."""
    world = World()
    assert world.ask(a_triage()) == a_triage()
    assert (world.client.requests, world.memory.calls, world.counted) == ([], 0, {})


@pytest.mark.parametrize("guesses", [{"guess": "inspektorat"}, {"runner_up": "dp3ap2kb"}])
def test_what_may_be_secret_leaves_the_county_to_nobody(guesses: dict[str, str]) -> None:
    """A text that may be a confidential department's is sent to no model."""
    world, unsure = World(), UNSURE.model_copy(update=guesses)
    assert world.ask(unsure) == unsure
    assert world.client.requests == []


@pytest.mark.parametrize(
    ("error", "spent"),
    [
        (a_refusal(429, "ThrottlingException"), 0),
        (a_refusal(403, "AccessDeniedException"), 0),
        (a_refusal(400, "ValidationException"), 0),
        (a_refusal(404, "ResourceNotFoundException"), 0),
        (a_refusal(408, "ModelTimeoutException"), BOOKED),
        (a_refusal(424, "ModelErrorException"), BOOKED),
        (a_refusal(500, "InternalServerException"), BOOKED),
        (ReadTimeoutError(endpoint_url="https://bedrock"), BOOKED),
        (EndpointConnectionError(endpoint_url="https://bedrock"), BOOKED),
        (RecursionError(POST.text), BOOKED),
    ],
)
def test_a_failure_leaves_the_decision(error: Exception, spent: int, caplog: pytest.LogCaptureFixture) -> None:
    """A failure causes a note and a metric, no word of the post in the log, and a cost if the model may have run."""
    world = World(FakeClient(raising(error)))
    with caplog.at_level(logging.DEBUG):
        decided = world.ask()
    assert (decided.route, decided.department) == ("desk", DESK)
    assert decided.reasons == (*UNSURE.reasons, "pendapat kedua: tidak terjawab")
    assert world.memory.spent == {("SECOND_OPINIONS", MONTH): spent}
    assert world.memory.unsettled == set()
    assert world.counted == {"SecondOpinionAsked": 1, "SecondOpinionFailed": 1}
    assert "KENARI" not in caplog.text


def test_a_client_that_cannot_be_made_leaves_the_decision() -> None:
    """Without credentials, or with an unknown region, the post is still decided."""
    world = World()
    world.asking.connect = raising(ValueError("no region"))
    assert world.ask().route == "desk"
    assert world.counted["SecondOpinionFailed"] == 1


@pytest.mark.parametrize("call", [1, 2])
def test_a_table_that_fails_leaves_the_decision(call: int) -> None:
    """A failed booking or a failed correction of it stops no post."""
    world = World()
    spending = world.asking.spending

    def fail(*_: object) -> bool:
        raise a_refusal(500)

    setattr(spending, "book" if call == 1 else "settle", fail)
    assert world.ask().route == "desk"
    assert len(world.client.requests) == call - 1


@pytest.mark.parametrize(
    "answer",
    [{}, a_response(codes(topic="bupati")), {"output": None, "usage": "much"}, None, "sort", a_response("x" * 10**6)],
)
def test_garbage_leaves_the_decision(answer: Any) -> None:
    """An answer without codes counts as no answer."""
    world = World(FakeClient(lambda: answer))
    assert world.ask().reasons[-1] == "pendapat kedua: tidak terjawab"
    assert world.counted["SecondOpinionUnreadable"] + world.counted["SecondOpinionFailed"] == 1


def test_an_answer_that_does_not_say_what_it_cost_costs_the_most() -> None:
    """The cost stays as booked, and the answer counts."""
    world = World(FakeClient(lambda: a_response(usage={})))
    assert world.ask().route == "auto"
    assert world.memory.spent == {("SECOND_OPINIONS", MONTH): BOOKED}


def test_a_budget_that_is_used_up_asks_nobody() -> None:
    """The classifier's own decision stands without a note, and a metric reports it, until the next month."""
    world = World(settings=settings_of(SECOND_OPINION_MONTHLY_USD=str((BOOKED + SPENT - 1) / MICRO)))
    assert world.ask().route == "auto"
    assert world.ask() == UNSURE
    assert len(world.client.requests) == 1
    assert world.counted["SecondOpinionBudgetExhausted"] == 1
    assert world.memory.spent == {("SECOND_OPINIONS", MONTH): SPENT}
    assert world.asking(POST, UNSURE, NOON.replace(month=12)).route == "auto"


def test_a_slow_model_is_not_waited_for() -> None:
    """When the time is over the decision stands, although the model is still running."""
    ready = threading.Event()
    world = World(FakeClient(ready.wait), settings=settings_of(SECOND_OPINION_SECONDS="0.2"))
    began = time.monotonic()
    decided = world.ask()
    took = time.monotonic() - began
    ready.set()
    assert decided.reasons[-1] == "pendapat kedua: tidak terjawab"
    assert 0.2 <= took < 10
    assert world.memory.spent == {("SECOND_OPINIONS", MONTH): BOOKED}


def test_a_batch_does_not_wait_for_a_slow_model_again_and_again() -> None:
    """Waiting is limited per minute; posts beyond the limit are decided without a model until the next minute."""
    world = World()

    def slowly() -> Any:
        world.now += 4
        return a_response()

    world.client.answer = slowly
    asked = math.ceil(PATIENCE_SECONDS / 4)
    assert [world.ask().route for _ in range(25)] == ["auto"] * asked + ["desk"] * (25 - asked)
    world.now += WINDOW_SECONDS
    assert world.ask().route == "auto"


def test_a_deployment_without_a_model_asks_nobody() -> None:
    """Without a model, no client is made."""
    off = SecondOpinionSettings.model_validate({name.lower(): value for name, value in OFF.items()})
    session = boto3.Session()
    assert opened(session, Table(session.client("dynamodb"), "t"), DIRECTORY, off, lambda _: None) is None


@pytest.mark.parametrize("missing", ["SECOND_OPINION_INPUT_USD", "SECOND_OPINION_OUTPUT_USD"])
def test_a_model_without_a_price_is_refused(missing: str) -> None:
    """Without a price, the model's budget would never be used up."""
    with pytest.raises(ValueError, match=f"{missing} is missing"):
        settings_of(**{missing: "0"})


@pytest.mark.parametrize("drip", [0.0, 0.2])
def test_the_deployed_client_asks_once_and_in_time(monkeypatch: pytest.MonkeyPatch, drip: float) -> None:
    """A service error is not retried, and an answer that trickles in byte by byte is not waited for."""
    asked: list[Asked] = []

    def answer(request: Asked) -> Answer:
        asked.append(request)
        return Answer(200 if drip else 500, json.dumps(a_response()).encode(), drip=drip)

    with serving(answer) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", url)
        session = boto3.Session()
        asking = opened(
            session,
            Table(session.client("dynamodb"), "t"),
            DIRECTORY,
            settings_of(SECOND_OPINION_SECONDS="1"),
            lambda _: None,
        )
        assert asking is not None
        asking.spending = InMemorySpendingStore(Memory())
        began = time.monotonic()
        decided = asking(POST, UNSURE, NOON)
        took = time.monotonic() - began
    assert decided.route == "desk"
    assert took < 3
    assert [request.path for request in asked] == [f"/model/{MODEL.replace(':', '%3A')}/converse"]


def test_the_client_is_made_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cold start makes no client; the first question makes one, and the second uses the same."""
    session = boto3.Session()
    table = Table(session.client("dynamodb"), "t")
    made: list[str] = []
    client = FakeClient()

    def make(service: str, **_: object) -> FakeClient:
        made.append(service)
        return client

    monkeypatch.setattr(session, "client", make)
    asking = opened(session, table, DIRECTORY, settings_of(), lambda _: None)
    assert asking is not None
    assert made == []
    asking.spending = InMemorySpendingStore(Memory())
    for _ in range(2):
        asking(POST, UNSURE, NOON)
    assert made == ["bedrock-runtime"]
    assert len(client.requests) == 2
