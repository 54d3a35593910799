"""The deployed functions ask a model, or decide without it in time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from aduan.record import month_of
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table, spending_key, to_image, to_item
from aduan.store.table import post_key as key_of
from aduan.triage import DESK, Triage
from classify.classifier import UNSURE_TOPIC
from tests.builders import a_post, a_triage
from tests.deployment import Deployment
from tests.fake_bedrock import MODEL, OFF, ON, SPENT, a_response, codes
from tests.local_http import Answer, Asked, serving

SECONDS = 0.5
CONTEXT = SimpleNamespace(aws_request_id="request-1", get_remaining_time_in_millis=lambda: 240_000)
POST = a_post(
    text="@ibu.kenari KENARI-1 lampu jalan depan pasar mati, nomor saya 0812 3456 7890",
    fetched_at=datetime.now(UTC) - timedelta(minutes=10),
)
UNSURE = a_triage(department=DESK, guess="dishub", runner_up="dpupkp", route="desk", reasons=(UNSURE_TOPIC,))


def saying(response: dict[str, Any]) -> Answer:
    """Bedrock's answer as it is sent."""
    return Answer(200, json.dumps(response).encode(), {"Content-Type": "application/json"})


def slowly(_: Asked) -> Answer:
    """Answer only after the function has stopped waiting."""
    time.sleep(8)
    return saying(a_response())


@dataclass
class Deployed:
    """A function on moto, with one new post that the classifier is unsure of, and a model that can be asked."""

    start: Deployment
    asked: list[Asked] = field(default_factory=list)
    answer: Callable[[Asked], Answer] = field(default=lambda _: saying(a_response()))

    @property
    def table(self) -> Table:
        """Where the post lies."""
        return self.start.table

    def classify(self, **environment: str) -> Any:
        """Invoke `classify` with the post's stream record."""
        module = self.start("Classify", **ON | environment)
        image = to_image(to_item(POST, key_of(POST.key)))
        record = {"dynamodb": {"Keys": to_image(key_of(POST.key)), "NewImage": image, "SequenceNumber": "1"}}
        return module.handler({"Records": [{"eventName": "INSERT", **record}]}, CONTEXT)

    def decided(self) -> Triage:
        """The decision about the post."""
        stored = DynamoPostStore(self.table).get(POST.key)
        assert stored is not None
        assert stored.triage is not None
        return stored.triage

    def spent(self) -> int:
        """What this month has cost."""
        return int((self.table.get(spending_key(month_of(datetime.now(UTC)))) or {"spent": 0})["spent"])


@pytest.fixture
def asking(deployed: Deployment, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    found = Deployed(deployed)

    def answer(request: Asked) -> Answer:
        found.asked.append(request)
        return found.answer(request)

    with mock.patch("classify.decide.classify", return_value=UNSURE), serving(answer) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", url)
        DynamoPostStore(found.table).add(POST)
        yield found


def test_agreement_sends_a_post_on(asking: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """The department gets what would have gone to the desk; the decision says why, and the cost is booked."""
    assert asking.classify() == {"batchItemFailures": []}
    decided = asking.decided()
    assert (decided.route, decided.department) == ("auto", "dishub")
    assert decided.decided_by == f"{UNSURE.decided_by} + bedrock:{MODEL}"
    assert asking.spent() == SPENT
    metrics = json.loads(capsys.readouterr().out)
    assert (metrics["SecondOpinionAsked"], metrics["SecondOpinionFollowed"]) == ([1.0], [1.0])


def test_only_masked_words_leave(asking: Deployed) -> None:
    """The model gets no telephone number or account name, and the log gets no word of the post."""
    asking.classify()
    [request] = asking.asked
    sent = request.body.decode()
    assert "lampu jalan depan pasar mati" in sent
    assert "[telepon]" in sent
    for secret in ("3456", "ibu.kenari", POST.permalink, POST.native_id):
        assert secret not in sent
    assert "KENARI" not in asking.start.log.getvalue()


@pytest.mark.parametrize(
    "answer",
    [
        slowly,
        lambda _: Answer(200, json.dumps(a_response()).encode(), drip=0.1),
        lambda _: Answer(500, b"KENARI-2"),
        lambda _: Answer(403, b'{"message": "KENARI-2"}', {"x-amzn-ErrorType": "AccessDeniedException"}),
        lambda _: Answer(200, b"KENARI-2 no JSON"),
        lambda _: saying({"output": {"message": {"role": "assistant", "content": [{"text": "KENARI-2"}]}}}),
        lambda _: saying(a_response(codes(topic="KENARI-2"))),
    ],
    ids=["slow", "drips", "fault", "no right", "no JSON", "refuses", "no code"],
)
def test_a_model_that_fails_costs_no_post(
    asking: Deployed, answer: Callable[[Asked], Answer], capfd: pytest.CaptureFixture[str]
) -> None:
    """The model is asked once, the classifier's decision is written in time, and the log holds neither text."""
    asking.answer = answer
    began = time.monotonic()
    assert asking.classify(SECOND_OPINION_SECONDS=str(SECONDS)) == {"batchItemFailures": []}
    assert time.monotonic() - began < SECONDS + 4  # the cold start included
    decided = asking.decided()
    assert (decided.route, decided.department) == ("desk", DESK)
    assert decided.reasons == (*UNSURE.reasons, "pendapat kedua: tidak terjawab")
    assert len(asking.asked) == 1
    written = capfd.readouterr()
    assert "KENARI" not in written.out + written.err + asking.start.log.getvalue()


def test_a_post_cannot_choose_its_words(asking: Deployed) -> None:
    """A manipulated model can only name an existing code, and an unexpected one changes nothing."""
    asking.answer = lambda _: saying(a_response(codes(topic="kepolisian", urgency="emergency", note="KENARI-2")))
    asking.classify()
    decided = asking.decided()
    assert (decided.route, decided.department, decided.urgency) == ("desk", DESK, "normal")
    assert "KENARI-2" not in json.dumps(asking.table.client.scan(TableName=asking.table.name)["Items"])


def test_without_a_model_nothing_is_asked_or_written(asking: Deployed) -> None:
    """Without a named model, the decision is exactly the classifier's."""
    asking.classify(**OFF)
    assert asking.decided() == UNSURE
    assert (asking.asked, asking.spent()) == ([], 0)


def test_a_budget_of_nothing_asks_nobody(asking: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """A used-up month sends a metric, and the classifier's decision stands."""
    asking.classify(SECOND_OPINION_MONTHLY_USD="0")
    assert asking.decided() == UNSURE
    assert asking.asked == []
    assert json.loads(capsys.readouterr().out)["SecondOpinionBudgetExhausted"] == [1.0]


def test_what_the_stream_left_behind_is_asked_about_too(asking: Deployed) -> None:
    """`follow_up` comes to the same decision by itself."""
    asking.start("FollowUp", **ON).handler({}, CONTEXT)
    assert (asking.decided().route, asking.decided().department) == ("auto", "dishub")
    assert asking.spent() == SPENT


def test_a_post_that_was_decided_is_not_asked_about_again(asking: Deployed) -> None:
    """A record that comes twice costs one request to the model."""
    for _ in range(2):
        asking.classify()
    assert len(asking.asked) == 1
